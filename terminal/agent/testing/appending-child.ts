import { getOrThrow } from '#shared/result/result.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';

/**
 * Appends sales until it is killed. Writes each order number to standard output only after its append returned:
 * what the parent has read was acknowledged. Arguments: data folder, first order number.
 */
const dataDir = process.argv[2] ?? '';
const { journal } = openTestJournal(dataDir);
for (let index = Number(process.argv[3] ?? '0'); ; index += 1) {
  getOrThrow(journal.append([openedFact(index), cashFact(index)]));
  process.stdout.write(`${index}\n`);
}
