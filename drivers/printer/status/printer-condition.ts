import { escpos } from '#drivers/printer/encode/escpos-bytes.ts';

/** Whether a printer could print now, read by DLE EOT. */
export type Condition = 'ready' | 'paper-out' | 'cover-open' | 'error' | 'silent';

export interface Reading {
  readonly condition: Condition;
  readonly paperNearEnd: boolean;
  readonly drawerPinHigh: boolean | null;
}

/** Sends one real-time question; null when it was not answered. */
export type AskStatus = (question: ArrayLike<number>) => Promise<number | null>;

const silentReading: Reading = { condition: 'silent', paperNearEnd: false, drawerPinHigh: null };

/** Up to four questions, the first of them asked twice before the printer is called silent. */
export async function readCondition(askStatus: AskStatus): Promise<Reading> {
  const printer =
    (await askStatus(escpos.statusPrinter)) ?? (await askStatus(escpos.statusPrinter));
  if (printer === null) return silentReading;
  const paper = await askStatus(escpos.statusPaper);
  if (paper === null) return silentReading;
  const sensors = {
    paperNearEnd: (paper & 0x0c) !== 0,
    drawerPinHigh: (printer & 0x04) !== 0,
  };
  if ((paper & 0x60) !== 0) return { condition: 'paper-out', ...sensors };
  if ((printer & 0x08) === 0) return { condition: 'ready', ...sensors };
  return { condition: causeOf(await askStatus(escpos.statusOffline)), ...sensors };
}

/**
 * The four bytes of an automatic status (GS a), Epson's bit tables: byte 1 bit 2 drawer, 3 offline,
 * 5 cover; byte 2 bit 2 mechanics, 3 cutter, 5 beyond repair; byte 3 bits 0 and 1 near the end, 2
 * and 3 at the end of the roll. Clones leave byte 2 undefined: it counts only for a printer that
 * says it is offline.
 */
export function readingOfAutoStatus(bytes: readonly number[]): Reading {
  const [printer = 0, fault = 0, paper = 0] = bytes;
  const sensors = {
    paperNearEnd: (paper & 0x03) !== 0,
    drawerPinHigh: (printer & 0x04) !== 0,
  };
  if ((paper & 0x0c) !== 0) return { condition: 'paper-out', ...sensors };
  if ((printer & 0x08) === 0) return { condition: 'ready', ...sensors };
  if ((printer & 0x20) !== 0) return { condition: 'cover-open', ...sensors };
  return { condition: (fault & 0x2c) === 0 ? 'ready' : 'error', ...sensors };
}

/** DLE EOT 2: bit 2 cover, bit 5 paper end, bit 6 error; bit 3 (feed button held) is left to pass. */
function causeOf(cause: number | null): Condition {
  if (cause === null) return 'silent';
  if ((cause & 0x04) !== 0) return 'cover-open';
  if ((cause & 0x20) !== 0) return 'paper-out';
  return (cause & 0x40) !== 0 ? 'error' : 'ready';
}
