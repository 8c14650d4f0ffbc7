import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getOrThrow } from '#shared/result/result.ts';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { lastEntry } from '#terminal/agent/journal/entry-rows.ts';
import { openJournal, type Journal } from '#terminal/agent/journal/journal.ts';
import { journalFileName, openStore } from '#terminal/agent/journal/open-store.ts';
import { headWitnessFileName } from '#terminal/agent/store/head-witness.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';
import { countSales } from '../count-sales.ts';
import { counted, type Counts, type Tier, type TierOutcome, type TierRun } from '../tier.ts';

/** In memory where there is such a folder: each try writes a whole till. */
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
/** A third lies in the main file, the rest in the log alone. */
const salesInFile = 4;
const salesInLog = 8;
const sales = salesInFile + salesInLog;
const frameHeadBytes = 24;
const logHeadBytes = 32;

export const logDamage: Tier = {
  title: 'The write-ahead log with one bit flipped, or truncated',
  unit: 'damaged logs',
  fullCount: 6_000,
  missing: () => undefined,
  run: (run) => Promise.resolve(damageEach(killedTill(), run)),
  note: (counts) => {
    const of = (name: string): string => counted(counts, name);
    return (
      `A till with ${sales} sales was killed with ${salesInLog} of them in a log of ${of('logBytes')} bytes. Damaged were every bit of the ` +
      `log’s header and of each frame’s header, bits spread over all pages, bits of the witness, and truncations spread over its ` +
      `length. ${of('whole')} times nothing was missing. ${of('told')} times SQLite dropped sales and reported nothing wrong; the ` +
      `till noticed at start-up, named the lost numbers and began a new epoch. ${of('refused')} times it did not open ` +
      `and said why. It never silently sold on with a shortened journal.`
    );
  },
  found:
    'One flipped bit in the middle of the log made SQLite drop every later sale; hash chain and page check were sound, and ' +
    'the till sold on. Fixed: a witness beside the journal (`journal.head`) now records how far it had come.',
};

/** The files of a till that was killed. */
export type TillFiles = ReadonlyMap<string, Buffer>;
const logName = `${journalFileName}-wal`;

export function killedTill(): TillFiles {
  const folder = mkdtempSync(path.join(scratch, 'greentill-log-'));
  try {
    const first = openTestJournal(folder).journal;
    sell(first, { from: 0, count: salesInFile });
    first.close();
    const { journal } = openTestJournal(folder);
    sell(journal, { from: salesInFile, count: salesInLog });
    const names = [journalFileName, logName, headWitnessFileName];
    const files = new Map(names.map((name) => [name, readFileSync(path.join(folder, name))]));
    journal.close();
    return files;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sell(journal: Journal, sale: { readonly from: number; readonly count: number }): void {
  for (let index = sale.from; index < sale.from + sale.count; index += 1)
    getOrThrow(journal.append([openedFact(index), cashFact(index)]));
}

type Damage =
  | { readonly type: 'bit'; readonly file: string; readonly bit: number }
  | { readonly type: 'tear'; readonly bytes: number };

/** At most `count` damages, evenly spread over all that are worth a try. */
export function planDamages(files: TillFiles, count: number): readonly Damage[] {
  const log = files.get(logName)!;
  const pageBytes = log.readUInt32BE(8);
  const heads: Damage[] = [];
  for (let at = 0; at < logHeadBytes * 8; at += 1) heads.push(bit(logName, at));
  for (let frame = logHeadBytes; frame < log.length; frame += frameHeadBytes + pageBytes)
    for (let at = 0; at < frameHeadBytes * 8; at += 1) heads.push(bit(logName, frame * 8 + at));
  const rest = Math.max(100, fullPlan - heads.length);
  const all = [
    ...heads,
    ...spread(log.length * 8, Math.floor(rest * 0.6)).map((at) => bit(logName, at)),
    ...spread(files.get(headWitnessFileName)!.length * 8, Math.floor(rest * 0.1)).map((at) =>
      bit(headWitnessFileName, at),
    ),
    ...spread(log.length, Math.ceil(rest * 0.3)).map((bytes) => ({ type: 'tear', bytes }) as const),
  ];
  return spread(all.length, Math.min(count, all.length)).map((index) => all[index]!);
}
const fullPlan = 6_000;
const bit = (file: string, at: number): Damage => ({ type: 'bit', file, bit: at });
const spread = (size: number, tries: number): readonly number[] =>
  Array.from({ length: tries }, (_, index) => Math.floor((index * size) / tries));

export function damageEach(files: TillFiles, { count, say }: TierRun): TierOutcome {
  const faults: string[] = [];
  const counts: Record<string, number> = { logBytes: files.get(logName)!.length };
  let [tried, lost, doubled] = [0, 0, 0];
  for (const damage of planDamages(files, count)) {
    const found = openDamaged(damaged(files, damage));
    tried += 1;
    counts[found.type] = (counts[found.type] ?? 0) + 1;
    if (found.type === 'silent') lost += found.missingCount;
    doubled += found.doubledCount;
    faults.push(...found.faults.map((fault) => `${JSON.stringify(damage)}: ${fault}`));
    if (tried % sayEvery === 0) say(`  ${tried} damaged logs, lost without a word: ${lost}`);
  }
  return { tried, acknowledged: sales, lost, doubled, faults, counts: counts satisfies Counts };
}
const sayEvery = 500;

function damaged(files: TillFiles, damage: Damage): TillFiles {
  if (damage.type === 'tear')
    return new Map([...files, [logName, files.get(logName)!.subarray(0, damage.bytes)]]);
  const bytes = Buffer.from(files.get(damage.file)!);
  bytes[damage.bit >> 3]! ^= 1 << (damage.bit & 7);
  return new Map([...files, [damage.file, bytes]]);
}

interface Found {
  /** `silent`: it sells on and says nothing of the sales that are gone. That must never be. */
  readonly type: 'whole' | 'told' | 'refused' | 'silent';
  readonly missingCount: number;
  readonly doubledCount: number;
  readonly faults: readonly string[];
}

/** Opens it as the till does, and sells once more. */
function openDamaged(files: TillFiles): Found {
  const folder = mkdtempSync(path.join(scratch, 'greentill-log-'));
  const answer = (type: Found['type'], rest: Partial<Found> = {}): Found => ({
    type,
    missingCount: 0,
    doubledCount: 0,
    faults: [],
    ...rest,
  });
  try {
    for (const [name, bytes] of files) writeFileSync(path.join(folder, name), bytes);
    const store = openStore(folder);
    if (!store.ok) return answer('refused');
    const ports = { clock: systemClock, random: systemRandom };
    const journal = openJournal({ store: store.value, ...ports, appVersion: 'test' });
    if (!journal.ok) {
      store.value.close();
      return answer('refused');
    }
    const found = countSales(journal.value.read);
    const missingCount = sales - found.salesCount;
    const till = journal.value;
    const last = lastEntry(till.read);
    const isTold =
      till.trouble() === 'store-entries-lost' && last?.type === 'store.opened' && last.seq === 1;
    const sold = till.append([openedFact(sales + 1), cashFact(sales + 1)]);
    const faults = [...found.faults];
    if (!sold.ok) faults.push(`the next sale is refused: ${sold.error.type}`);
    if (missingCount === 0 && till.trouble() !== undefined) faults.push('a false alarm');
    if (isTold && till.head().epoch !== last.epoch) faults.push('the new epoch is left again');
    till.close();
    const type = missingCount === 0 ? 'whole' : isTold ? 'told' : 'silent';
    return answer(type, { missingCount, doubledCount: found.doubledCount, faults });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return answer('silent', { missingCount: sales, faults: [`the till threw: ${why}`] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
