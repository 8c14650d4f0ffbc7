import { assert } from '#shared/result/assert.ts';

/** Every ESC/POS sequence this product sends, by its name in Epson's command reference. */
export const escpos = {
  /** ESC @: clears the print buffer and all modes, not the receive buffer. */
  initialize: [0x1b, 0x40],
  /** FS &: two-byte characters on. */
  chineseOn: [0x1c, 0x26],
  /** FS S 0 0: no extra space around hanzi; clones have some by default, and columns would drift. */
  chineseSpacingNone: [0x1c, 0x53, 0x00, 0x00],
  lineFeed: [0x0a],
  /** ESC E */
  boldOn: [0x1b, 0x45, 0x01],
  boldOff: [0x1b, 0x45, 0x00],
  /** ESC a, only at the beginning of a line. */
  alignLeft: [0x1b, 0x61, 0x00],
  alignCenter: [0x1b, 0x61, 0x01],
  alignRight: [0x1b, 0x61, 0x02],
  /** ESC M: font A, font B (9 x 17 dots, ASCII). */
  fontNormal: [0x1b, 0x4d, 0x00],
  fontSmall: [0x1b, 0x4d, 0x01],
  /** GS !: high nibble width, low nibble height. */
  sizeNormal: [0x1d, 0x21, 0x00],
  sizeTall: [0x1d, 0x21, 0x01],
  sizeWide: [0x1d, 0x21, 0x10],
  sizeDouble: [0x1d, 0x21, 0x11],
  /**
   * FS W 0, FS ! n: the same sizes for hanzi alone, on printers whose GS ! leaves them small; bit 2
   * width, 3 height.
   */
  hanziNormal: [0x1c, 0x57, 0x00, 0x1c, 0x21, 0x00],
  hanziTall: [0x1c, 0x57, 0x00, 0x1c, 0x21, 0x08],
  hanziWide: [0x1c, 0x57, 0x00, 0x1c, 0x21, 0x04],
  /** FS ! 12, FS W 1: some clones know only the second. */
  hanziDouble: [0x1c, 0x21, 0x0c, 0x1c, 0x57, 0x01],
  /** GS V 66 0: feeds to the cutter, cuts leaving one point. */
  cutPartial: [0x1d, 0x56, 0x42, 0x00],
  /** GS V 65 0: feeds to the cutter, cuts the whole way. */
  cutFull: [0x1d, 0x56, 0x41, 0x00],
  /** GS r 1: paper sensor, answered in sequence: a fence. */
  fence: [0x1d, 0x72, 0x01],
  /** GS g 2, counter 178: strokes of the cutter since it was made. Answered `5F` digits `00`. */
  cutCounter: [0x1d, 0x67, 0x32, 0x00, 0xb2, 0x00],
  /** GS a 15: status is sent by itself when drawer, line, error or paper change, and once at once. */
  autoStatusOn: [0x1d, 0x61, 0x0f],
  autoStatusOff: [0x1d, 0x61, 0x00],
  /** GS I 67, 68: name of the model, serial number. Answered `5F` text `00`. */
  modelName: [0x1d, 0x49, 0x43],
  serialNumber: [0x1d, 0x49, 0x44],
  /** DLE EOT n: real-time status; 1 printer, 2 offline cause, 3 error, 4 roll. */
  statusPrinter: [0x10, 0x04, 0x01],
  statusOffline: [0x10, 0x04, 0x02],
  statusError: [0x10, 0x04, 0x03],
  statusPaper: [0x10, 0x04, 0x04],
  /** DLE DC4 8: clears both buffers in real time. Answered `37 25 00`. */
  clearBuffers: [0x10, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08],
  /** ESC p 0 25 250: drawer on pin 2, 50 ms on, 500 ms off. */
  drawerKick: [0x1b, 0x70, 0x00, 0x19, 0xfa],
  /** DLE DC4 1 0 1: the same in real time, 100 ms, ahead of data that waits for paper. */
  drawerKickNow: [0x10, 0x14, 0x01, 0x00, 0x01],
} as const satisfies Record<string, readonly number[]>;

/** ESC d n: prints the line and feeds; `lines` 1..20. */
export const feedLines = (lines: number): readonly number[] => [0x1b, 0x64, lines];

const idBase = 95;
const idDigits = 4;
const idFirstCharacter = 0x20;
export const processIdMax = idBase ** idDigits - 1;

/** GS ( H 48: answered `37 22 d1 d2 d3 d4 00` when what came before is printed. `processId` 0..81450624. */
export function processIdCommand(processId: number): readonly number[] {
  assert(
    Number.isInteger(processId) && processId >= 0 && processId <= processIdMax,
    () => `process id ${processId}`,
  );
  const digits: number[] = [];
  for (let rest = processId, place = 0; place < idDigits; place += 1) {
    digits.unshift(idFirstCharacter + (rest % idBase));
    rest = (rest - (rest % idBase)) / idBase;
  }
  return [0x1d, 0x28, 0x48, 0x06, 0x00, 0x30, 0x30, ...digits];
}

/** The number after the four characters of an answer; null when they are not ours. */
export function processIdOf(digits: readonly number[]): number | null {
  if (digits.length !== idDigits) return null;
  let id = 0;
  for (const digit of digits) {
    const value = digit - idFirstCharacter;
    if (value < 0 || value >= idBase) return null;
    id = id * idBase + value;
  }
  return id;
}

/**
 * The first bytes on every new connection. If the last one broke inside the header of a command, its missing length
 * bytes become zero; a question asked instead would be taken for a length and swallow the next receipts.
 */
export const headerPad = new Uint8Array(16);

const flushNulCount = 8_192;

/**
 * Ends a command that was cut off in the middle of its data: enough empty bytes to fill any image of ours, then
 * ESC @. For printers without DLE DC4 8; what is in their buffer is printed.
 */
export function nulFlush(): Uint8Array {
  const bytes = new Uint8Array(flushNulCount + escpos.initialize.length);
  bytes.set(escpos.initialize, flushNulCount);
  return bytes;
}
