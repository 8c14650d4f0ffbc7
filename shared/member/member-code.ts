import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { bigEndian, bigIntOf, idFromUlidBytes, ulidBytes } from '#shared/ids/ulid-bytes.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { memberCodePrefix } from '#shared/tender/recognise-code.ts';

/**
 * The member code, bearer form: what a member's phone shows, signed by the platform, good for one payment.
 *
 * | bytes | field | |
 * |-------|-------|-|
 * | 0     | version          | 1 |
 * | 1     | issuer key       | 0..255 |
 * | 2     | member           | the 16 bytes of its ULID |
 * | 18    | certificate      | the 16 bytes of its ULID; the unit of single use and of revocation |
 * | 34    | cap per payment  | whole yuan, 0..65535 |
 * | 36    | cap per window   | whole yuan, 0..65535 |
 * | 38    | not after        | seconds since 1970 |
 * | 42    | scope            | 0 = any shop |
 * | 43    | signature        | Ed25519 over {@link signedDomain} and bytes 0..42; 64 bytes |
 *
 * On the screen it is digits only, because keyboards, input methods and layouts leave digits alone:
 * "99", the 107 bytes as a 258-digit number, and two check digits (the number modulo 97): 262 digits.
 */
export interface MemberCodeFields {
  readonly keyId: number;
  readonly memberId: MemberId;
  readonly certificateId: CertificateId;
  readonly paymentCapYuan: number;
  readonly windowCapYuan: number;
  readonly notAfterSeconds: number;
  /** 0 = any shop. */
  readonly scope: number;
}

export interface DecodedMemberCode {
  readonly fields: MemberCodeFields;
  /** What the platform signed. */
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
}

export interface MemberCodeMalformed {
  readonly type: 'member-code-malformed';
  readonly why: 'prefix' | 'length' | 'check' | 'range' | 'version';
}

export const memberCodeVersion = 1;
export const memberCodeBytes = 107;
export const memberCodeDigits = 262;

const signedDomain = 'greentill/member-code/1\n';
const signatureAt = 43;
const numberDigits = 258;
const checkModulus = 97n;

/** Makes the digits of a code. `sign` returns the 64-byte Ed25519 signature of the platform over the bytes it gets. */
export function encodeMemberCode(
  fields: MemberCodeFields,
  sign: (bytes: Uint8Array) => Uint8Array,
): string {
  const body = bodyBytes(fields);
  const signature = sign(withDomain(body));
  assert(signature.length === 64, () => `Ed25519 signs in 64 bytes, got ${signature.length}`);
  const number = bigIntOf(concat(body, signature));
  const check = String(number % checkModulus).padStart(2, '0');
  return memberCodePrefix + String(number).padStart(numberDigits, '0') + check;
}

/** Reads the digits back. It proves nothing about who made them: see `verifyMemberCode`. */
export function decodeMemberCode(digits: string): Result<DecodedMemberCode, MemberCodeMalformed> {
  const malformed = (why: MemberCodeMalformed['why']) =>
    err({ type: 'member-code-malformed' as const, why });
  if (!digits.startsWith(memberCodePrefix)) return malformed('prefix');
  if (digits.length !== memberCodeDigits || !/^[0-9]+$/.test(digits)) return malformed('length');
  const number = BigInt(digits.slice(2, 2 + numberDigits));
  if (number % checkModulus !== BigInt(digits.slice(2 + numberDigits))) return malformed('check');
  if (number >= 1n << BigInt(8 * memberCodeBytes)) return malformed('range');
  const bytes = bigEndian(number, memberCodeBytes);
  if (bytes[0] !== memberCodeVersion) return malformed('version');
  const body = bytes.slice(0, signatureAt);
  return ok({
    fields: fieldsOf(body),
    signedBytes: withDomain(body),
    signature: bytes.slice(signatureAt),
  });
}

function bodyBytes(fields: MemberCodeFields): Uint8Array {
  return concat(
    sized(memberCodeVersion, 1),
    sized(fields.keyId, 1),
    ulidBytes(fields.memberId),
    ulidBytes(fields.certificateId),
    sized(fields.paymentCapYuan, 2),
    sized(fields.windowCapYuan, 2),
    sized(fields.notAfterSeconds, 4),
    sized(fields.scope, 1),
  );
}

function sized(value: number, count: number): Uint8Array {
  assert(Number.isSafeInteger(value) && value >= 0, () => `not a field of a code: ${value}`);
  return bigEndian(BigInt(value), count);
}

function fieldsOf(body: Uint8Array): MemberCodeFields {
  const number = (from: number, to: number) => Number(bigIntOf(body.slice(from, to)));
  return {
    keyId: number(1, 2),
    memberId: idFromUlidBytes('mbr', body.slice(2, 18)),
    certificateId: idFromUlidBytes('crt', body.slice(18, 34)),
    paymentCapYuan: number(34, 36),
    windowCapYuan: number(36, 38),
    notAfterSeconds: number(38, 42),
    scope: number(42, 43),
  };
}

/** The domain keeps a signature from meaning anything else than a member code of this version. */
const withDomain = (body: Uint8Array): Uint8Array =>
  concat(
    Uint8Array.from(signedDomain.split(''), (char) => char.charCodeAt(0)),
    body,
  );

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
