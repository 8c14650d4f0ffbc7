import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { Clock } from '#shared/time/clock.ts';

/** Where a trouble comes from; each source has at most one at a time. */
export type TroubleSource =
  /** The cloud does not accept who this till says it is. */
  | 'identity'
  /** The newest configuration could not be taken: the one before stays in force. */
  | 'config'
  /** A page of the goods catalogue could not be taken: the goods before stay. */
  | 'catalogue'
  /** The shop's receipt template cannot be read: receipts look as delivered. Known from the start of the program. */
  | 'receipt-template'
  /** The cloud refuses what the journal has next: it waits. */
  | 'journal'
  /** The disk failed a write: the journal was read back, or waits until it can be. */
  | 'store'
  /** The last full check of the file found damage. */
  | 'store-check'
  | 'store-backup'
  /** Little room is left on the disk. */
  | 'disk'
  | 'clock';

/** Something that is wrong with the till as a whole, not with one order. */
export interface Trouble {
  readonly code: ErrorCode;
  /** Wall milliseconds. */
  readonly sinceMs: number;
}

/** What is wrong now. Nothing here is kept on disk: after a restart the next exchange says it again. */
export interface Troubles {
  /** Each code once, the oldest first. */
  readonly list: () => readonly Trouble[];
  /** `undefined`: this source is well again. */
  readonly note: (source: TroubleSource, code: ErrorCode | undefined) => void;
  readonly onChange: (listener: (source: TroubleSource) => void) => void;
}

export function createTroubles({ clock }: { readonly clock: Clock }): Troubles {
  const current = new Map<TroubleSource, Trouble>();
  const listeners: ((source: TroubleSource) => void)[] = [];
  return {
    list: () => {
      const all = [...current.values()].toSorted((a, b) => a.sinceMs - b.sinceMs);
      return all.filter(({ code }, index) => all.findIndex((one) => one.code === code) === index);
    },
    note: (source, code) => {
      if (current.get(source)?.code === code) return;
      if (code === undefined) current.delete(source);
      else current.set(source, { code, sinceMs: clock.nowMs() });
      for (const listener of listeners) listener(source);
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}
