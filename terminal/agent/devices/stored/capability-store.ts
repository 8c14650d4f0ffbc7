import { parseCapabilities, type ProfileStore } from '#drivers/printer/watch/profile-store.ts';
import { createPrinterMemory } from '#terminal/agent/devices/stored/printer-memory.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';

/** What each printer was found to answer, in the till's own file: a printer is probed once in its life. */
export function createCapabilityStore(journal: Journal): ProfileStore {
  const { recall, keep } = createPrinterMemory(journal, 'printer-capabilities');
  return { load: (identity) => parseCapabilities(recall(identity)), save: keep };
}
