import type { ParsedCommand } from '#drivers/simulator/escpos/escpos-command.ts';
import {
  at,
  fixed,
  ignored,
  needMore,
  unknown,
  whole,
  wordAt,
  type ParseStep,
} from '#drivers/simulator/escpos/parse-step.ts';

/** GS v 0. */
export function parseRaster(bytes: Uint8Array): ParseStep {
  if (bytes.length < 8) return needMore;
  if (at(bytes, 2) !== 0x30) return unknown(bytes, 3);
  const widthBytes = wordAt(bytes, 4);
  const rows = wordAt(bytes, 6);
  const length = 8 + widthBytes * rows;
  return fixed(bytes, length, () => ({
    type: 'raster',
    widthBytes,
    rows,
    bytes: bytes.slice(8, length),
  }));
}

/** ESC *: modes 0 and 1 have 8 dots per column and 32 and 33 have 24; 0 and 32 are twice as wide. */
export function parseInlineImage(bytes: Uint8Array): ParseStep {
  if (bytes.length < 5) return needMore;
  const mode = at(bytes, 2);
  const isTall = mode === 32 || mode === 33;
  if (!isTall && mode !== 0 && mode !== 1) return unknown(bytes, 5);
  const length = 5 + wordAt(bytes, 3) * (isTall ? 3 : 1);
  return fixed(bytes, length, () => {
    const data = bytes.slice(5, length);
    const tall = isTall ? data : stretched(data);
    return { type: 'inline-image', columns: mode % 32 === 0 ? doubled(tall) : tall };
  });
}

/** Eight dots become twenty-four: each is three dots high. */
function stretched(columns: Uint8Array): Uint8Array {
  const tall = new Uint8Array(columns.length * 3);
  for (let dot = 0; dot < columns.length * 24; dot += 1) {
    const column = (dot / 24) | 0;
    const row = dot % 24;
    if (((at(columns, column) << ((row / 3) | 0)) & 0x80) === 0) continue;
    tall[column * 3 + (row >> 3)] = at(tall, column * 3 + (row >> 3)) | (0x80 >> (row & 7));
  }
  return tall;
}

function doubled(columns: Uint8Array): Uint8Array {
  const wide = new Uint8Array(columns.length * 2);
  for (let start = 0; start < columns.length; start += 3) {
    wide.set(columns.subarray(start, start + 3), start * 2);
    wide.set(columns.subarray(start, start + 3), start * 2 + 3);
  }
  return wide;
}

/** GS k: function A ends its data with NUL, function B says how many bytes there are. */
export function parseBarcode(bytes: Uint8Array): ParseStep {
  if (bytes.length < 4) return needMore;
  const system = at(bytes, 2);
  if (system <= 6) {
    const end = bytes.indexOf(0, 3);
    if (end < 0) return bytes.length > barcodeBytesMax ? unknown(bytes, 3) : needMore;
    const data = bytes.slice(3, end);
    return whole({ type: 'barcode', system: system + 0x41, data }, end + 1);
  }
  if (system < 0x41 || system > 0x4f) return unknown(bytes, 3);
  const length = 4 + at(bytes, 3);
  return fixed(bytes, length, () => ({ type: 'barcode', system, data: bytes.slice(4, length) }));
}

const barcodeBytesMax = 259;

/** GS ( with its letter, and a length of two bytes. */
export function parseGsParenthesis(bytes: Uint8Array): ParseStep {
  if (bytes.length < 5) return needMore;
  const length = 5 + wordAt(bytes, 3);
  if (bytes.length < length) return needMore;
  const body = bytes.subarray(5, length);
  const command = parenthesisCommand(at(bytes, 2), body);
  return command === null ? unknown(bytes, length) : whole(command, length);
}

/** GS 8 L: as GS ( L, with a length of four bytes. */
export function parseGsEight(bytes: Uint8Array): ParseStep {
  if (bytes.length < 7) return needMore;
  const length = 7 + wordAt(bytes, 3) + wordAt(bytes, 5) * 65_536;
  if (at(bytes, 2) !== 0x4c) return unknown(bytes, 3);
  if (bytes.length < length) return needMore;
  const command = imageCommand(bytes.subarray(7, length));
  return command === null ? unknown(bytes, length) : whole(command, length);
}

function parenthesisCommand(letter: number, body: Uint8Array): ParsedCommand | null {
  switch (letter) {
    // GS ( D: DLE DC4 on and off. The listener of this printer leaves it on.
    case 0x44:
      return at(body, 0) === 0x14 && body.length % 2 === 1 ? ignored : null;
    case 0x48:
      return body.length === 6 && at(body, 0) === 0x30
        ? { type: 'process-id', digits: [...body.subarray(2)] }
        : null;
    case 0x4c:
      return imageCommand(body);
    case 0x6b:
      return at(body, 0) === 0x31 ? qrCommand(body) : null;
    default:
      return null;
  }
}

/** Functions 64 list, 66 delete, 67 store, 69 print: images under a key in non-volatile memory. */
function imageCommand(body: Uint8Array): ParsedCommand | null {
  if (at(body, 0) !== 0x30) return null;
  const keyAt = at(body, 1) === 0x43 ? 3 : 2;
  const key = Buffer.from(body.subarray(keyAt, keyAt + 2)).toString('latin1');
  switch (at(body, 1)) {
    case 0x40:
      return body.length === 4 && key === 'KC' ? { type: 'image-keys-question' } : null;
    case 0x42:
      return body.length === 4 ? { type: 'image-delete', key } : null;
    case 0x43: {
      const widthBytes = (wordAt(body, 6) + 7) >> 3;
      const rows = wordAt(body, 8);
      const fits = body.length === 11 + widthBytes * rows;
      const isPlain = at(body, 2) === 0x30 && at(body, 5) === 1 && at(body, 10) === 0x31;
      if (!fits || !isPlain) return null;
      return { type: 'image-store', key, widthBytes, rows, bytes: body.slice(11) };
    }
    case 0x45:
      return body.length === 6 ? { type: 'image-print', key } : null;
    default:
      return null;
  }
}

function qrCommand(body: Uint8Array): ParsedCommand | null {
  const value = at(body, 2);
  switch (at(body, 1)) {
    case 0x41:
      return value === 0x32 ? ignored : null;
    case 0x43:
      return value >= 1 && value <= 16 ? { type: 'qr-module', dots: value } : null;
    case 0x45: {
      const level = (['L', 'M', 'Q', 'H'] as const)[value - 0x30];
      return level === undefined ? null : { type: 'qr-level', level };
    }
    case 0x50:
      return { type: 'qr-store', text: Buffer.from(body.subarray(3)).toString('utf8') };
    case 0x51:
      return { type: 'qr-print' };
    default:
      return null;
  }
}
