import { parseStoredLogo } from '#drivers/printer/encode/stored-logo.ts';
import type { LogoStore } from '#drivers/printer/watch/logo-keeper.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { getMeta, setMeta } from '#terminal/agent/journal/meta.ts';

/** Printers that are remembered; the one whose logo changed longest ago is forgotten first. */
const printersMax = 32;

/** Which logo each printer keeps in its own memory, in the till's file. Forgotten, it is sent and stored once more. */
export function createLogoStore(journal: Journal): LogoStore {
  const read = (): readonly (readonly [string, unknown])[] => {
    try {
      const value: unknown = JSON.parse(getMeta(journal.read, 'printer-logos') ?? '{}');
      return typeof value === 'object' && value !== null ? Object.entries(value) : [];
    } catch {
      return [];
    }
  };
  return {
    load: (identity) => parseStoredLogo(read().find(([key]) => key === identity)?.[1]),
    save: (identity, held) => {
      const others = read().filter(([key]) => key !== identity);
      const all = held === null ? others : [...others, [identity, held] as const];
      const kept = Object.fromEntries(all.slice(-printersMax));
      // A disk that refuses costs one more transfer after the next start, nothing else.
      journal.append([], (tx) => setMeta(tx, 'printer-logos', JSON.stringify(kept)));
    },
  };
}
