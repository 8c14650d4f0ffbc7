import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const sampleEveryMs = 2_000;

export interface MemoryWatch {
  /** Most that the database's processes and this one held at once, in MB; shared pages count once. */
  readonly peakMb: { readonly database: number; readonly own: number };
  stop(): void;
}

/** Watches the processes of the server whose folder this is, by /proc (Linux). */
export function watchMemory(serverFolder: string): MemoryWatch {
  const peakMb = { database: 0, own: 0 };
  const sample = () => {
    peakMb.database = Math.max(peakMb.database, serverMb(serverFolder));
    peakMb.own = Math.max(peakMb.own, Math.round(process.memoryUsage().rss / 2 ** 20));
  };
  const timer = setInterval(sample, sampleEveryMs);
  return { peakMb, stop: () => clearInterval(timer) };
}

/** A tick of the kernel's clocks in /proc/PID/stat: USER_HZ, 100 a second on every Linux. */
const tickMs = 10;

/** Processor time of the server over a folder so far, with its processes that ended; milliseconds. */
export function serverProcessorMs(folder: string): number {
  const [postmaster] = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n');
  let ticks = 0;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // Behind the name, which may hold anything: state, parent, ...; 11 and 12 are its own time,
      // 13 and 14 its children's.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const own = Number(fields[11]) + Number(fields[12]);
      if (pid === postmaster) ticks += own + Number(fields[13]) + Number(fields[14]);
      else if (fields[1] === postmaster) ticks += own;
    } catch {
      // It ended while we looked, and is among the children of the first one now.
    }
  }
  return ticks * tickMs;
}

function serverMb(folder: string): number {
  const [postmaster] = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n');
  let kb = 0;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      if (pid !== postmaster && !status.includes(`\nPPid:\t${postmaster}\n`)) continue;
      // Proportional: a page that n processes share counts 1/n in each.
      kb += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
    } catch {
      // It ended while we looked.
    }
  }
  return Math.round(kb / 1_024);
}
