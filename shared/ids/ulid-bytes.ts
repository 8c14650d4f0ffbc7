import type { IdOf, IdPrefix } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID is 128 bits. */
export const ulidBytesCount = 16;

/** The 16 bytes of an id, without its kind: for codes where every digit counts. */
export function ulidBytes(id: IdOf[IdPrefix]): Uint8Array {
  let value = 0n;
  for (const char of id.slice(4)) {
    const digit = crockford.indexOf(char);
    assert(digit >= 0, () => `not an id: ${id}`);
    value = (value << 5n) | BigInt(digit);
  }
  return bigEndian(value, ulidBytesCount);
}

/** The id of the kind `prefix` that {@link ulidBytes} made these 16 bytes from. Every 16 bytes are a valid id. */
export function idFromUlidBytes<P extends IdPrefix>(prefix: P, bytes: Uint8Array): IdOf[P] {
  assert(bytes.length === ulidBytesCount, () => `a ULID has 16 bytes, got ${bytes.length}`);
  let value = bigIntOf(bytes);
  let text = '';
  for (let index = 0; index < 26; index += 1) {
    text = crockford[Number(value & 31n)]! + text;
    value >>= 5n;
  }
  return `${prefix}_${text}` as IdOf[P];
}

/** The unsigned big-endian number that `bytes` spell. */
export function bigIntOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** `value` as `count` bytes, big-endian. Throws when it does not fit. */
export function bigEndian(value: bigint, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let rest = value;
  for (let index = count - 1; index >= 0; index -= 1) {
    bytes[index] = Number(rest & 255n);
    rest >>= 8n;
  }
  assert(rest === 0n && value >= 0n, () => `${value} does not fit ${count} bytes`);
  return bytes;
}
