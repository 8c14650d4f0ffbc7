import type { TakeHead } from '#drivers/ecr/frame-reader.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/**
 * The link that bank terminals have spoken for forty years: `02` [length] data `03` LRC, answered by `06` or `15`.
 * Read byte by byte: an acknowledgement often comes glued to the next request (`06 02 …`).
 */
export interface StxEtxFraming {
  /**
   * What the check byte covers. `data-to-etx`: XOR of data and `03` (Transbank). `base-7f`: the same, begun with 7F
   * (ECR17, Italy). `length-to-etx`: XOR of length, data and `03` (bank MIS dialects).
   */
  readonly lrc: 'data-to-etx' | 'base-7f' | 'length-to-etx';
  /** `bcd2`: two bytes of binary coded decimal, e.g. `01 23` for 123 bytes; then the data may hold any byte. */
  readonly length: 'none' | 'bcd2';
  /** 1..9999; longer data is refused in both directions. */
  readonly dataBytesMax: number;
}

export type StxEtxEvent =
  | { readonly type: 'ack' }
  | { readonly type: 'nak' }
  | { readonly type: 'frame'; readonly data: Uint8Array };

export const stx = 0x02;
export const etx = 0x03;
export const ack = 0x06;
export const nak = 0x15;

export type StxEtxEncodeError =
  { readonly type: 'frame-empty' } | { readonly type: 'frame-too-long' } | FrameControlByte;
/** Without a length the data must not hold a byte below 20. */
interface FrameControlByte {
  readonly type: 'frame-control-byte';
}

export function encodeStxEtx(
  data: Uint8Array,
  framing: StxEtxFraming,
): Result<Uint8Array, StxEtxEncodeError> {
  if (data.length === 0) return err({ type: 'frame-empty' });
  if (data.length > framing.dataBytesMax) return err({ type: 'frame-too-long' });
  if (framing.length === 'none' && data.some(isControl)) return err({ type: 'frame-control-byte' });
  const length = framing.length === 'bcd2' ? bcd2Of(data.length) : [];
  return ok(Uint8Array.from([stx, ...length, ...data, etx, lrcOf(data, framing)]));
}

/** The check byte of these data. */
export function lrcOf(data: Uint8Array, framing: StxEtxFraming): number {
  const base = framing.lrc === 'base-7f' ? 0x7f : 0;
  const length = framing.lrc === 'length-to-etx' ? bcd2Of(data.length) : [];
  return [...length, ...data, etx].reduce((sum, byte) => sum ^ byte, base);
}

/** Makes the reader of one framing. Single bytes (`06`, `15`) count only outside of frames. */
export function takeStxEtx(framing: StxEtxFraming): TakeHead<StxEtxEvent> {
  const takeFrame = framing.length === 'bcd2' ? takeByLength : takeByEtx;
  return (bytes, suspect) => {
    if (bytes[0] === stx) return takeFrame(bytes, framing);
    if (!suspect && bytes[0] === ack) {
      return { type: 'taken', value: { type: 'ack' }, byteCount: 1 };
    }
    if (!suspect && bytes[0] === nak) {
      return { type: 'taken', value: { type: 'nak' }, byteCount: 1 };
    }
    return { type: 'skip' };
  };
}

type TakeFrame = (bytes: Uint8Array, framing: StxEtxFraming) => ReturnType<TakeHead<StxEtxEvent>>;

const takeByEtx: TakeFrame = (bytes, framing) => {
  const limit = Math.min(bytes.length, framing.dataBytesMax + 2);
  let end = 1;
  while (end < limit && !isControl(bytes[end]!)) end += 1;
  if (end === limit) {
    const full = limit === framing.dataBytesMax + 2;
    return full ? { type: 'bad', byteCount: limit } : { type: 'more' };
  }
  if (bytes[end] !== etx || end === 1) return { type: 'bad', byteCount: end };
  return finish(bytes, { start: 1, end }, framing);
};

const takeByLength: TakeFrame = (bytes, framing) => {
  if (bytes.length < 3) return { type: 'more' };
  const size = sizeOf(bytes[1]!, bytes[2]!);
  if (size === null || size === 0 || size > framing.dataBytesMax) {
    return { type: 'bad', byteCount: 3 };
  }
  const end = 3 + size;
  if (bytes.length <= end) return { type: 'more' };
  if (bytes[end] !== etx) return { type: 'bad', byteCount: end + 1 };
  return finish(bytes, { start: 3, end }, framing);
};

function finish(
  bytes: Uint8Array,
  data: { readonly start: number; readonly end: number },
  framing: StxEtxFraming,
): ReturnType<TakeFrame> {
  const lrc = bytes[data.end + 1];
  if (lrc === undefined) return { type: 'more' };
  const byteCount = data.end + 2;
  const inside = bytes.slice(data.start, data.end);
  if (lrcOf(inside, framing) !== lrc) return { type: 'bad', byteCount };
  return { type: 'taken', value: { type: 'frame', data: inside }, byteCount };
}

const isControl = (byte: number): boolean => byte < 0x20;

function bcd2Of(count: number): number[] {
  const digits = String(count).padStart(4, '0');
  return [Number(`0x${digits.slice(0, 2)}`), Number(`0x${digits.slice(2)}`)];
}

/** null when a half byte is no digit. */
function sizeOf(high: number, low: number): number | null {
  const digits = [high, low].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return /^\d{4}$/.test(digits) ? Number(digits) : null;
}
