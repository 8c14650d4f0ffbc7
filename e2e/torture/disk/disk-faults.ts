import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';
import { orderIdOf } from '#terminal/agent/testing/facts.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';
import { readRecord } from './record.ts';
import { buildShim, shimEnvironment, shimMissing } from './shim.ts';
import { counted, type Tier, type TierOutcome, type TierRun } from '../tier.ts';

export const diskFaults: Tier = {
  title: 'Every write, truncation and sync of a run fails once, with EIO and with ENOSPC',
  unit: 'faults',
  fullCount: 750,
  missing: shimMissing,
  run: (run) => Promise.resolve(failEach(run)),
  note: (counts) => {
    const of = (name: string): string => counted(counts, name);
    return (
      `${of('calls')} system calls, from an empty folder to the end of a run of ${sales} sales. ${of('refused')} sales were refused ` +
      `and are absent, ${of('unknown')} were answered as unknown. ${of('closed')} times the till did not open and said why ` +
      `(${of('notBegun')} of them at the first entry of its new journal), and opened the next time.`
    );
  },
  found:
    'The till threw when the disk failed at the very first entry of a new journal. Fixed: that is now an error with a code ' +
    '(`store-not-begun`), and the desktop app says why the till cannot open.',
};

const child = path.join(import.meta.dirname, 'faulted-child.ts');
const sales = 30;
const entriesPerSale = 2;
const errnos = [constants.errno.EIO, constants.errno.ENOSPC] as const;
/** Runs of one process: each starts in a folder of its own. */
const faultsPerProcess = 40;

/** `count` faults, evenly over (call 1, EIO), (call 1, ENOSPC), (call 2, EIO) … to the last call of a run. */
function failEach({ count, say }: TierRun): TierOutcome {
  const folder = mkdtempSync(path.join(tmpdir(), 'greentill-faults-'));
  const faults: string[] = [];
  let [tried, lost, doubled, sold, refused, unknown, closed, notBegun] = [0, 0, 0, 0, 0, 0, 0, 0];
  try {
    const library = buildShim(folder);
    const calls = countCalls(folder, library);
    const places = Math.min(count, calls * errnos.length);
    const all = Array.from({ length: places }, (_, at) => {
      const place = Math.floor((at * calls * errnos.length) / places);
      return `${1 + Math.floor(place / errnos.length)}-${errnos[place % errnos.length]!}`;
    });
    for (let from = 0; from < all.length; from += faultsPerProcess) {
      const group = all.slice(from, from + faultsPerProcess);
      const text = sellUnder({ library, folder, faults: group });
      for (const fault of group) {
        const heard = hear(text, fault);
        const dataDir = path.join(folder, 'tills', fault);
        const found = judge(dataDir, heard);
        tried += 1;
        lost += found.lost;
        doubled += found.doubled;
        sold += heard.sold.length;
        refused += heard.refused.length;
        unknown += heard.unknown.length;
        closed += heard.isClosed ? 1 : 0;
        notBegun += heard.isNotBegun ? 1 : 0;
        faults.push(...found.faults.map((what) => `call and errno ${fault}: ${what}`));
        rmSync(dataDir, { recursive: true, force: true });
      }
      say(`  ${tried} faults`);
    }
    const counts = { calls, refused, unknown, closed, notBegun };
    return { tried, acknowledged: sold, lost, doubled, faults, counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many calls may fail in a run without a fault. */
function countCalls(folder: string, library: string): number {
  sellUnder({ library, folder, faults: ['0-0'] });
  const ops = readRecord(readFileSync(path.join(folder, 'record')));
  return ops.filter(({ type }) => type === 'write' || type === 'truncate' || type === 'sync')
    .length;
}

function sellUnder(options: {
  readonly library: string;
  readonly folder: string;
  readonly faults: readonly string[];
}): string {
  const { library, folder } = options;
  const record = path.join(folder, 'record');
  const tills = path.join(folder, 'tills');
  rmSync(record, { force: true });
  mkdirSync(tills, { recursive: true });
  const env = shimEnvironment({ library, folder: tills, record });
  const args = [child, tills, String(sales), ...options.faults];
  return spawnSync(process.execPath, args, { env, encoding: 'utf8' }).stdout;
}

interface Heard {
  readonly sold: readonly number[];
  readonly refused: readonly number[];
  readonly unknown: readonly number[];
  /** The journal did not open, and nothing was sold. */
  readonly isClosed: boolean;
  readonly isNotBegun: boolean;
  /** It fell over instead of answering. */
  readonly hasThrown: boolean;
  readonly wasRun: boolean;
}

/** What the till of one fault said. */
function hear(text: string, fault: string): Heard {
  const told = text.split(/^fault /m).find((part) => part.startsWith(`${fault}\n`)) ?? '';
  const lines = told.split('\n').slice(1, -1);
  const of = (word: string): readonly number[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [Number(line.split(' ')[1])] : []));
  return {
    sold: of('sold'),
    refused: of('refused'),
    unknown: of('unknown'),
    wasRun: told !== '',
    isClosed: lines[0]?.startsWith('closed') === true,
    isNotBegun: lines[0] === 'closed store-not-begun' || lines[0] === 'closed store-full',
    hasThrown: lines.some((line) => line.startsWith('threw')),
  };
}

/** Opens what the fault left on a good disk. */
function judge(
  dataDir: string,
  heard: Heard,
): { readonly lost: number; readonly doubled: number; readonly faults: readonly string[] } {
  const faults: string[] = [];
  if (!heard.wasRun) faults.push('the till fell over before this fault');
  const answered = heard.sold.length + heard.refused.length + heard.unknown.length;
  if (heard.hasThrown) faults.push('the till threw instead of answering');
  if (answered < sales && !heard.isClosed)
    faults.push(`the till fell over after ${answered} sales`);
  const { journal } = openTestJournal(dataDir);
  const chain = checkChain(journal.read);
  if (chain.fault) faults.push(`the chain is broken: ${JSON.stringify(chain.fault)}`);
  const bodies = [...walkEntries(journal.read)].map(({ body }) => body);
  journal.close();
  const times = (index: number): number =>
    bodies.filter((body) => body.includes(orderIdOf(index))).length;
  const ghosts = heard.refused.filter((index) => times(index) > 0);
  if (ghosts.length > 0) faults.push(`refused and there all the same: ${ghosts.join(' ')}`);
  return {
    faults,
    lost: heard.sold.filter((index) => times(index) < entriesPerSale).length,
    doubled: heard.sold.filter((index) => times(index) > entriesPerSale).length,
  };
}
