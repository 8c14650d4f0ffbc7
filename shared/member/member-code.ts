import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { idFromUlidBytes, ulidBytes } from '#shared/ids/ulid-bytes.ts';
import {
  bytesOfDigits,
  concat,
  digitsOf,
  digitsOfForm,
  numberAt,
  sized,
  withDomain,
  type CodeForm,
  type MemberCodeMalformed,
} from '#shared/member/code-digits.ts';
import { assert } from '#shared/result/assert.ts';
import { ok, type Result } from '#shared/result/result.ts';

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
 * On the screen it is 262 digits (code-digits.ts): "99", the 107 bytes as a 258-digit number, two check digits.
 * A phone that can sign shows the stronger form instead: two-layer-code.ts.
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

export const memberCodeVersion = 1;
export const memberCodeBytes = 107;
const form: CodeForm = { version: memberCodeVersion, bytes: memberCodeBytes, numberDigits: 258 };
export const memberCodeDigits = digitsOfForm(form);

const signedDomain = 'greentill/member-code/1\n';
const signatureAt = 43;

/** Makes the digits of a code. `sign` returns the 64-byte Ed25519 signature of the platform over the bytes it gets. */
export function encodeMemberCode(
  fields: MemberCodeFields,
  sign: (bytes: Uint8Array) => Uint8Array,
): string {
  const body = bodyBytes(fields);
  const signature = sign(withDomain(signedDomain, body));
  assert(signature.length === 64, () => `Ed25519 signs in 64 bytes, got ${signature.length}`);
  return digitsOf(concat(body, signature), form);
}

/** Reads the digits back. It proves nothing about who made them: see `verifyMemberCode`. */
export function decodeMemberCode(digits: string): Result<DecodedMemberCode, MemberCodeMalformed> {
  const read = bytesOfDigits(digits, form);
  if (!read.ok) return read;
  const body = read.value.slice(0, signatureAt);
  return ok({
    fields: fieldsOf(body),
    signedBytes: withDomain(signedDomain, body),
    signature: read.value.slice(signatureAt),
  });
}

const bodyBytes = (fields: MemberCodeFields): Uint8Array =>
  concat(
    sized(memberCodeVersion, 1),
    sized(fields.keyId, 1),
    ulidBytes(fields.memberId),
    ulidBytes(fields.certificateId),
    sized(fields.paymentCapYuan, 2),
    sized(fields.windowCapYuan, 2),
    sized(fields.notAfterSeconds, 4),
    sized(fields.scope, 1),
  );

const fieldsOf = (body: Uint8Array): MemberCodeFields => ({
  keyId: numberAt(body, 1, 2),
  memberId: idFromUlidBytes('mbr', body.slice(2, 18)),
  certificateId: idFromUlidBytes('crt', body.slice(18, 34)),
  paymentCapYuan: numberAt(body, 34, 36),
  windowCapYuan: numberAt(body, 36, 38),
  notAfterSeconds: numberAt(body, 38, 42),
  scope: numberAt(body, 42, 43),
});
