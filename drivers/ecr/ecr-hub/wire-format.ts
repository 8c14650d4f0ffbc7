/**
 * The part of the protobuf wire format that box POS messages need: strings, booleans and messages within messages.
 * Unknown fields are skipped, as the format demands. Source: https://protobuf.dev/programming-guides/encoding/
 */
export type WireField = readonly [fieldNumber: number, value: string | readonly WireField[]];

export interface WireMessage {
  /** Length-delimited fields; the last of a number counts. */
  readonly chunks: ReadonlyMap<number, Uint8Array>;
  readonly varints: ReadonlyMap<number, number>;
}

/** A message with more fields than this is refused. */
export const wireFieldsMax = 256;

/** Fields in the order given; empty strings are left out, as proto3 does. */
export function encodeWire(fields: readonly WireField[]): Uint8Array {
  const bytes: number[] = [];
  for (const [fieldNumber, value] of fields) {
    if (value === '') continue;
    const chunk = typeof value === 'string' ? new TextEncoder().encode(value) : encodeWire(value);
    pushVarint(bytes, fieldNumber * 8 + lengthDelimited);
    pushVarint(bytes, chunk.length);
    for (const byte of chunk) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** null when the bytes are no message. */
export function decodeWire(bytes: Uint8Array): WireMessage | null {
  const chunks = new Map<number, Uint8Array>();
  const varints = new Map<number, number>();
  let at = 0;
  for (let fields = 0; at < bytes.length; fields += 1) {
    const tag = readVarint(bytes, at);
    if (tag === null || fields >= wireFieldsMax) return null;
    const fieldNumber = Math.floor(tag.value / 8);
    if (fieldNumber < 1) return null;
    const body = readBody(bytes, tag.end, tag.value % 8);
    if (body === null) return null;
    if (body.chunk !== null) chunks.set(fieldNumber, body.chunk);
    if (body.varint !== null) varints.set(fieldNumber, body.varint);
    at = body.end;
  }
  return { chunks, varints };
}

/** The text of a field; '' when it is absent, null when it is not UTF-8. */
export function wireText(message: WireMessage, fieldNumber: number): string | null {
  const chunk = message.chunks.get(fieldNumber);
  if (chunk === undefined) return '';
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(chunk);
  } catch {
    return null;
  }
}

const lengthDelimited = 2;
const varintBytesMax = 10;

interface Body {
  readonly end: number;
  readonly chunk: Uint8Array | null;
  readonly varint: number | null;
}

function readBody(bytes: Uint8Array, start: number, wireType: number): Body | null {
  const skipped = (byteCount: number): Body | null =>
    start + byteCount <= bytes.length
      ? { end: start + byteCount, chunk: null, varint: null }
      : null;
  switch (wireType) {
    case 0: {
      const varint = readVarint(bytes, start);
      return varint === null ? null : { end: varint.end, chunk: null, varint: varint.value };
    }
    case 1:
      return skipped(8);
    case lengthDelimited: {
      const size = readVarint(bytes, start);
      if (size === null || size.end + size.value > bytes.length) return null;
      const end = size.end + size.value;
      return { end, chunk: bytes.slice(size.end, end), varint: null };
    }
    case 5:
      return skipped(4);
    default:
      return null;
  }
}

/** Values beyond 2^53 lose their low bits: no field that we read is so large. */
function readVarint(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let count = 0; count < varintBytesMax; count += 1) {
    const byte = bytes[start + count];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * count);
    if (byte < 0x80) return { value, end: start + count + 1 };
  }
  return null;
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
}
