import { processIdOf } from '#drivers/printer/encode/escpos-bytes.ts';

/**
 * Sorts the bytes a printer sends, one at a time; answers of several kinds share the line (Epson, "Identification of
 * transmitted status", same table in Citizen's manual):
 *
 * | bits 7..0            | meaning                                                        |
 * | 0xx1xx10             | answer to DLE EOT                                              |
 * | 0xx1xx00             | first of four ASB bytes; the others are 0xx0xxxx               |
 * | 0xx0xxxx             | answer to GS r, and to GS I 1..3                               |
 * | 11, 13               | XON, XOFF; may stand between ASB bytes                         |
 * | 37 … 00              | block: process id, buffers cleared, keys of stored images      |
 * | 5F … 00              | block: counters (GS g 2), names (GS I 65..69)                  |
 *
 * Inside a block nothing else is looked for. A block that breaks its form, or is longer than any answer, is dropped
 * and the sorting starts again with the byte that broke it.
 */
export type DemuxState =
  | { readonly type: 'idle' }
  | { readonly type: 'block'; readonly bytes: readonly number[] }
  | { readonly type: 'asb'; readonly bytes: readonly number[] };

export type PrinterEvent =
  /** Which of the four questions it answers is known to the asker only. */
  | { readonly type: 'real-time-status'; readonly byte: number }
  | { readonly type: 'auto-status'; readonly bytes: readonly number[] }
  | { readonly type: 'fence'; readonly byte: number }
  | { readonly type: 'flow'; readonly send: boolean }
  | { readonly type: 'process-id'; readonly processId: number }
  | { readonly type: 'buffers-cleared' }
  /** Keys of stored images, two characters each; `more` blocks follow when asked for (ACK). */
  | { readonly type: 'image-keys'; readonly keys: string; readonly more: boolean }
  /** A counter in digits, or a name: which, is known to the asker only. */
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'garbage'; readonly byte: number };

/** The number in the answer to a counter's question; null when it is a name. */
export const counterOf = (event: PrinterEvent): number | null =>
  event.type === 'text' && /^\d{1,10}$/.test(event.text) ? Number(event.text) : null;

export interface DemuxStep {
  readonly state: DemuxState;
  readonly events: readonly PrinterEvent[];
}

export const demuxStart: DemuxState = { type: 'idle' };

export const blockBytesMax = 96;
const xon = 0x11;
const xoff = 0x13;
const blockHeaders = new Set([0x37, 0x5f]);
const asbLength = 4;
/** `37 22` + four characters + `00`: a NUL cannot come earlier, the characters are 20..7E. */
const processIdMark = 0x22;
const processIdLength = 6;
const clearedMark = 0x25;
const imageKeysMark = 0x72;
const lastBlock = 0x40;
const moreBlocks = 0x41;

export function demux(state: DemuxState, chunk: Uint8Array): DemuxStep {
  const events: PrinterEvent[] = [];
  let now = state;
  for (const byte of chunk) now = takeByte(now, byte, events);
  return { state: now, events };
}

function takeByte(state: DemuxState, byte: number, events: PrinterEvent[]): DemuxState {
  switch (state.type) {
    case 'block':
      return takeBlockByte(state.bytes, byte, events);
    case 'asb':
      if (byte === xon || byte === xoff) {
        events.push({ type: 'flow', send: byte === xon });
        return state;
      }
      if ((byte & 0x90) !== 0) {
        for (const lost of state.bytes) events.push({ type: 'garbage', byte: lost });
        return takeByte(demuxStart, byte, events);
      }
      if (state.bytes.length + 1 < asbLength) {
        return { type: 'asb', bytes: [...state.bytes, byte] };
      }
      events.push({ type: 'auto-status', bytes: [...state.bytes, byte] });
      return demuxStart;
    case 'idle':
      return classify(byte, events);
  }
}

function classify(byte: number, events: PrinterEvent[]): DemuxState {
  if (byte === xon || byte === xoff) events.push({ type: 'flow', send: byte === xon });
  else if (blockHeaders.has(byte)) return { type: 'block', bytes: [byte] };
  else if ((byte & 0x93) === 0x12) events.push({ type: 'real-time-status', byte });
  else if ((byte & 0x93) === 0x10) return { type: 'asb', bytes: [byte] };
  else if ((byte & 0x90) === 0x00) events.push({ type: 'fence', byte });
  else events.push({ type: 'garbage', byte });
  return demuxStart;
}

function takeBlockByte(bytes: readonly number[], byte: number, events: PrinterEvent[]): DemuxState {
  if (byte === 0x00) {
    events.push(blockEvent(bytes));
    return demuxStart;
  }
  const full = bytes[1] === processIdMark && bytes.length >= processIdLength;
  if (byte < 0x20 || byte > 0x7e || full || bytes.length >= blockBytesMax) {
    events.push({ type: 'garbage', byte: bytes[0] ?? byte });
    return takeByte(demuxStart, byte, events);
  }
  return { type: 'block', bytes: [...bytes, byte] };
}

function blockEvent(bytes: readonly number[]): PrinterEvent {
  const garbage: PrinterEvent = { type: 'garbage', byte: bytes[0] ?? 0 };
  const body = bytes.slice(1);
  if (bytes[0] === 0x5f) return { type: 'text', text: String.fromCharCode(...body) };
  if (body[0] === clearedMark && body.length === 1) return { type: 'buffers-cleared' };
  if (body[0] === imageKeysMark) return imageKeysOf(body.slice(1)) ?? garbage;
  if (body[0] !== processIdMark) return garbage;
  const processId = processIdOf(body.slice(1));
  return processId === null ? garbage : { type: 'process-id', processId };
}

function imageKeysOf([status, ...keys]: readonly number[]): PrinterEvent | null {
  const isWhole = keys.length % 2 === 0 && (status === lastBlock || status === moreBlocks);
  const text = String.fromCharCode(...keys);
  return isWhole ? { type: 'image-keys', keys: text, more: status === moreBlocks } : null;
}
