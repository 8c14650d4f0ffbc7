import type { Journal } from '#terminal/agent/journal/journal.ts';
import { getMeta, setMeta } from '#terminal/agent/journal/meta.ts';

/** Printers that are remembered; the one of which something was kept longest ago is forgotten first. */
const printersMax = 32;

/** What the till's own file remembers of each printer, by the printer's identity. */
export interface PrinterMemory {
  /** As it was kept, or by an older version: to be parsed. undefined: nothing is known. */
  readonly recall: (identity: string) => unknown;
  /** null: there is nothing to remember. A disk that refuses costs one more asking, nothing else. */
  readonly keep: (identity: string, value: object | null) => void;
}

export function createPrinterMemory(
  journal: Journal,
  key: 'printer-capabilities' | 'printer-logos',
): PrinterMemory {
  const read = (): readonly (readonly [string, unknown])[] => {
    try {
      const value: unknown = JSON.parse(getMeta(journal.read, key) ?? '{}');
      return typeof value === 'object' && value !== null ? Object.entries(value) : [];
    } catch {
      return [];
    }
  };
  return {
    recall: (identity) => read().find(([each]) => each === identity)?.[1],
    keep: (identity, value) => {
      const others = read().filter(([each]) => each !== identity);
      const all = value === null ? others : [...others, [identity, value] as const];
      const kept = Object.fromEntries(all.slice(-printersMax));
      journal.append([], (tx) => setMeta(tx, key, JSON.stringify(kept)));
    },
  };
}
