import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The clock of /proc ticks 100 times a second on every Linux. */
const msPerTick = 10;

/** Source: proc(5), /proc/pid/stat from field 3 on; the name in brackets before it may hold blanks. */
function statOf(processId: number | string | undefined): readonly string[] {
  const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Milliseconds of processor that a process has used, user and system (fields 14 and 15); NaN when it is gone. */
export function processWorkMs(processId: number | undefined): number {
  try {
    const fields = statOf(processId);
    return (Number(fields[11]) + Number(fields[12])) * msPerTick;
  } catch {
    return Number.NaN;
  }
}

/** Of a server over `dataFolder`, of its children that live and of those that it has buried (fields 16 and 17). */
export function treeWorkMs(dataFolder: string): number {
  try {
    const [server = ''] = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
    const own = statOf(server).slice(11, 15);
    const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim();
    const live = children.split(' ').map((child) => processWorkMs(Number(child)));
    const buriedAndOwnMs = own.reduce((sum, ticks) => sum + Number(ticks) * msPerTick, 0);
    return live.reduce((sum, each) => sum + (Number.isNaN(each) ? 0 : each), buriedAndOwnMs);
  } catch {
    return Number.NaN;
  }
}
