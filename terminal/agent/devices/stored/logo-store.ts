import { parseStoredLogo } from '#drivers/printer/encode/stored-logo.ts';
import type { LogoStore } from '#drivers/printer/watch/logo-keeper.ts';
import { createPrinterMemory } from '#terminal/agent/devices/stored/printer-memory.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';

/** Which logo each printer keeps in its own memory, in the till's file. Forgotten, it is sent and stored once more. */
export function createLogoStore(journal: Journal): LogoStore {
  const { recall, keep } = createPrinterMemory(journal, 'printer-logos');
  return { load: (identity) => parseStoredLogo(recall(identity)), save: keep };
}
