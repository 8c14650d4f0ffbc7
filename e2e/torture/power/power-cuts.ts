import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';
import { countSales, type SalesCount } from '../count-sales.ts';
import { createDraw, type Draw } from '../draw.ts';
import { createLossyDisk, fates } from './lossy-disk.ts';
import { readRecord, type DiskOp } from '../disk/record.ts';
import { buildShim, shimEnvironment, shimMissing } from '../disk/shim.ts';
import { counted, type Tier, type TierOutcome, type TierRun } from '../tier.ts';

const child = path.join(import.meta.dirname, 'selling-child.ts');
/** The recorded run: opened so often, and enough sales each time for the log to be moved into the file many times. */
const opens = 3;
const salesPerOpen = 150;
/** The sale in flight may be there though nobody was told. */
const inFlightMax = 1;
/** In memory where there is such a folder: each cut writes a whole disk. */
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export const powerCuts: Tier = {
  title: 'Simulated power cuts: unsynced writes are lost, partly lost, or torn',
  unit: 'cuts',
  fullCount: 1_000,
  missing: shimMissing,
  run: (run) => Promise.resolve(judgeCuts(recordSelling(), run)),
  note: (counts) => {
    const of = (name: string): string => counted(counts, name);
    return (
      `One recorded run of ${of('sales')} sales over ${opens} openings of the file: ${of('operations')} operations, ${of('syncs')} syncs. ` +
      `${of('inFlight')} times the unacknowledged sale in flight had survived as well. No cut was mistaken for a damaged journal.`
    );
  },
  found: 'nothing so far.',
};

/** One run of the real journal, from an empty folder, with every operation on its files. */
export function recordSelling(): readonly DiskOp[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'greentill-shim-'));
  try {
    const dataDir = path.join(folder, 'till');
    const record = path.join(folder, 'record');
    mkdirSync(dataDir);
    const env = shimEnvironment({ library: buildShim(folder), folder: dataDir, record });
    const args = [child, dataDir, String(opens), String(salesPerOpen)];
    const ended = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    if (ended.status !== 0) throw new Error(`the selling till ended: ${ended.stderr}`);
    return readRecord(readFileSync(record));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Cuts the power at `count` moments of a recorded run and opens what is left with the real store. */
export function judgeCuts(ops: readonly DiskOp[], { count, seed, say }: TierRun): TierOutcome {
  const draw = createDraw(`cuts/${seed}`);
  const moments = Array.from({ length: count }, (_, index) => ({
    index,
    at: Math.floor(draw(`at/${index}`) * (ops.length + 1)),
  })).toSorted((a, b) => a.at - b.at);
  const disk = createLossyDisk();
  const faults: string[] = [];
  let [done, told, lost, doubled, inFlight, tried] = [0, 0, 0, 0, 0, 0];
  for (const { index, at } of moments) {
    for (; done < at; done += 1) {
      const op = ops[done]!;
      disk.apply(op);
      if (op.type === 'told') told += salesTold(op.text);
    }
    const fate = fates[index % fates.length]!;
    const found = openAfterCut(disk.filesAfterCut(fate, under(draw, index)));
    tried += 1;
    lost += Math.max(0, told - found.salesCount);
    doubled += found.doubledCount;
    if (found.salesCount > told) inFlight += 1;
    if (found.salesCount > told + inFlightMax) faults.push(`cut ${index}: sales out of nowhere`);
    faults.push(...found.faults.map((fault) => `cut ${index} (${fate}, at ${at}): ${fault}`));
    if (tried % sayEveryCuts === 0) say(`  ${tried} cuts, lost ${lost}, doubled ${doubled}`);
  }
  const syncs = ops.filter(({ type }) => type === 'sync').length;
  const sales = opens * salesPerOpen;
  const counts = { sales, operations: ops.length, syncs, inFlight };
  return { tried, acknowledged: sales, lost, doubled, faults, counts };
}

const sayEveryCuts = 100;
const under =
  (draw: Draw, index: number): Draw =>
  (name) =>
    draw(`${index}/${name}`);

const salesTold = (text: string): number =>
  text.split('\n').filter((line) => /^\d+$/.test(line)).length;

/** Opens the store on what a cut left, counts, and sells once more: a till that can only be looked at is no till. */
function openAfterCut(files: ReadonlyMap<string, Buffer>): SalesCount {
  const folder = mkdtempSync(path.join(scratch, 'greentill-cut-'));
  try {
    for (const [name, bytes] of files) writeFileSync(path.join(folder, name), bytes);
    const { journal } = openTestJournal(folder);
    const seen = countSales(journal.read);
    const trouble = journal.trouble();
    const found =
      trouble === undefined
        ? seen
        : { ...seen, faults: [...seen.faults, `a plain power cut was taken for ${trouble}`] };
    getOrThrow(journal.append([openedFact(found.salesCount), cashFact(found.salesCount)]));
    const after = countSales(journal.read);
    journal.close();
    const goesOn = after.salesCount === found.salesCount + 1;
    return goesOn ? found : { ...found, faults: [...found.faults, 'the next sale is not there'] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { salesCount: 0, doubledCount: 0, faults: [`the store does not open: ${why}`] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
