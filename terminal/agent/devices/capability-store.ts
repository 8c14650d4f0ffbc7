import { parseCapabilities, type ProfileStore } from '#drivers/printer/watch/profile-store.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { getMeta, setMeta } from '#terminal/agent/journal/meta.ts';

/** Printers that are remembered; the one that was probed longest ago is forgotten first. */
const printersMax = 32;

/** What each printer was found to answer, in the till's own file: a printer is probed once in its life. */
export function createCapabilityStore(journal: Journal): ProfileStore {
  const read = (): readonly (readonly [string, unknown])[] => {
    try {
      const value: unknown = JSON.parse(getMeta(journal.read, 'printer-capabilities') ?? '{}');
      return typeof value === 'object' && value !== null ? Object.entries(value) : [];
    } catch {
      return [];
    }
  };
  return {
    load: (identity) => parseCapabilities(read().find(([key]) => key === identity)?.[1]),
    save: (identity, capabilities) => {
      const others = read().filter(([key]) => key !== identity);
      const kept = Object.fromEntries([...others, [identity, capabilities]].slice(-printersMax));
      // A disk that refuses costs one probe at the next start, nothing else.
      journal.append([], (tx) => setMeta(tx, 'printer-capabilities', JSON.stringify(kept)));
    },
  };
}
