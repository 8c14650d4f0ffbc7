import { bigEndian, bigIntOf } from '#shared/ids/ulid-bytes.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { memberCodePrefix } from '#shared/tender/recognise-code.ts';

/**
 * How the bytes of a member code become digits, because keyboards, input methods and layouts leave digits alone: "99",
 * the bytes as one big-endian number padded with zeros, and two check digits (the number modulo 97).
 */
export interface CodeForm {
  readonly version: number;
  readonly bytes: number;
  /** Digits of the number: enough for every value of so many bytes. */
  readonly numberDigits: number;
}

export interface MemberCodeMalformed {
  readonly type: 'member-code-malformed';
  readonly why: 'prefix' | 'length' | 'check' | 'range' | 'version';
}

const checkModulus = 97n;
const checkDigits = 2;

export const digitsOfForm = ({ numberDigits }: CodeForm): number =>
  memberCodePrefix.length + numberDigits + checkDigits;

export function digitsOf(bytes: Uint8Array, form: CodeForm): string {
  assert(bytes.length === form.bytes, () => `${bytes.length} bytes for a form of ${form.bytes}`);
  const number = bigIntOf(bytes);
  const check = String(number % checkModulus).padStart(checkDigits, '0');
  return memberCodePrefix + String(number).padStart(form.numberDigits, '0') + check;
}

/**
 * The bytes of a form's digits. One value has one spelling. Errors, in this order: prefix, length,
 * check, range, version.
 */
export function bytesOfDigits(
  digits: string,
  form: CodeForm,
): Result<Uint8Array, MemberCodeMalformed> {
  const malformed = (why: MemberCodeMalformed['why']) =>
    err({ type: 'member-code-malformed' as const, why });
  const numberEnd = memberCodePrefix.length + form.numberDigits;
  if (!digits.startsWith(memberCodePrefix)) return malformed('prefix');
  if (digits.length !== digitsOfForm(form) || !/^[0-9]+$/.test(digits)) return malformed('length');
  const number = BigInt(digits.slice(memberCodePrefix.length, numberEnd));
  if (number % checkModulus !== BigInt(digits.slice(numberEnd))) return malformed('check');
  if (number >= 1n << BigInt(8 * form.bytes)) return malformed('range');
  const bytes = bigEndian(number, form.bytes);
  return bytes[0] === form.version ? ok(bytes) : malformed('version');
}

/** A number as a field of a code. */
export function sized(value: number, count: number): Uint8Array {
  assert(Number.isSafeInteger(value) && value >= 0, () => `not a field of a code: ${value}`);
  return bigEndian(BigInt(value), count);
}

export const numberAt = (bytes: Uint8Array, from: number, to: number): number =>
  Number(bigIntOf(bytes.slice(from, to)));

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** The domain keeps a signature from meaning anything else than what it was made for. ASCII. */
export const withDomain = (domain: string, body: Uint8Array): Uint8Array =>
  concat(
    Uint8Array.from(domain.split(''), (char) => char.charCodeAt(0)),
    body,
  );
