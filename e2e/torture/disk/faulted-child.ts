import { openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { openJournal } from '#terminal/agent/journal/journal.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';

/**
 * Sells under the shim, each time in a new folder with another failing call. Arguments: the folder
 * of all, how many sales to try each time, and the faults as "call-errno". Tells "fault 12-5", then
 * for each sale what the journal answered: "sold 3", "refused 3", or "unknown 3" when the journal
 * said that it cannot know; "closed …" when it did not open.
 */
const [, , folder = '', sales = '1', ...faults] = process.argv;
const tell = (text: string): void => void writeSync(1, `${text}\n`);

/** The shim hears the name; there is no such file. */
function arm(fault: string): void {
  try {
    openSync(path.join(folder, `shim-fail-${fault}`), 'r');
  } catch {
    // As it must be.
  }
}

function sell(dataDir: string): void {
  const store = openStore(dataDir);
  if (!store.ok) return tell(`closed ${store.error.code}`);
  try {
    const ports = { clock: systemClock, random: systemRandom };
    const journal = openJournal({ store: store.value, ...ports, appVersion: 'test' });
    if (!journal.ok) return tell(`closed ${journal.error.code}`);
    for (let index = 0; index < Number(sales); index += 1) {
      const kept = journal.value.append([openedFact(index), cashFact(index)]);
      if (kept.ok) tell(`sold ${index}`);
      else tell(`${kept.error.type === 'store-halted' ? 'unknown' : 'refused'} ${index}`);
    }
  } catch (error) {
    tell(`threw: ${error instanceof Error ? error.message : 'unknown'}`);
  } finally {
    store.value.close();
  }
}

for (const fault of faults) {
  tell(`fault ${fault}`);
  arm(fault);
  sell(path.join(folder, fault));
  arm('0-0');
}
