import { writeSync } from 'node:fs';
import { getOrThrow } from '#shared/result/result.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';

/**
 * Sells under the shim: arguments are the data folder, how often to open it, and how many sales
 * each time. Each number is written to standard output only after its append returned; "opened"
 * when the journal was open.
 */
const [, , dataDir = '', opens = '1', sales = '1'] = process.argv;
const tell = (text: string): void => void writeSync(1, `${text}\n`);
let index = 0;
for (let open = 0; open < Number(opens); open += 1) {
  const { journal } = openTestJournal(dataDir);
  tell('opened');
  for (let sold = 0; sold < Number(sales); sold += 1) {
    getOrThrow(journal.append([openedFact(index), cashFact(index)]));
    tell(String(index));
    index += 1;
  }
  journal.close();
}
