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
import { base64Url, fromBase64Url } from '#shared/member/base64-url.ts';
import type { MemberCodeFields } from '#shared/member/member-code.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/**
 * The member code in two layers: the platform says whose phone this is, the phone says when it showed the code.
 *
 * | bytes | field | |
 * |-------|-------|-|
 * | 0     | version            | 2 |
 * | 1     | issuer key         | 0..255 |
 * | 2     | member             | the 16 bytes of its ULID |
 * | 18    | certificate        | the 16 bytes of its ULID; the unit of revocation |
 * | 34    | phone's public key | Ed25519, 32 raw bytes |
 * | 66    | cap per payment    | whole yuan, 0..65535 |
 * | 68    | cap per window     | whole yuan, 0..65535 |
 * | 70    | not after          | seconds since 1970; at most a day after the phone was last online |
 * | 74    | scope              | 0 = any shop |
 * | 75    | platform's signature | Ed25519 over "greentill/member-certificate/2\n" and bytes 0..74; 64 bytes |
 * | 139   | time               | seconds since 1970 by the phone, renewed every 30 s |
 * | 143   | counter            | 1..65535, grows with every code that the phone shows |
 * | 145   | phone's signature  | Ed25519 over "greentill/member-moment/2\n" and bytes 0..144; 64 bytes |
 *
 * Bytes 0..138 are the certificate, which the phone fetches while it is online. Together 209 bytes: 508 digits
 * (code-digits.ts). Source of the split: transit codes of 交通一卡通, GM/T 0003.
 */
export interface MemberCertificateFields extends MemberCodeFields {
  /** The phone's key: 32 raw bytes, base64url. */
  readonly devicePublicKey: string;
}

/** What the phone says about one showing of its code. */
export interface CodeMoment {
  /** Seconds since 1970, by the phone's clock. */
  readonly timeSeconds: number;
  readonly counter: number;
}

export interface DecodedCertificate {
  readonly fields: MemberCertificateFields;
  /** What the platform signed. */
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
}

export interface DecodedTwoLayerCode {
  readonly certificate: DecodedCertificate;
  readonly moment: CodeMoment;
  /** What the phone signed. */
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
}

export const twoLayerVersion = 2;
export const certificateBytes = 139;
export const twoLayerBytes = 209;
const form: CodeForm = { version: twoLayerVersion, bytes: twoLayerBytes, numberDigits: 504 };
export const twoLayerDigits = digitsOfForm(form);

export const certificateDomain = 'greentill/member-certificate/2\n';
export const momentDomain = 'greentill/member-moment/2\n';
const platformSignatureAt = 75;
const phoneSignatureAt = 145;
const signatureBytes = 64;

/** Makes a certificate. `sign` is the platform's Ed25519 signature over the bytes it gets. */
export function encodeCertificate(
  fields: MemberCertificateFields,
  sign: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const key = fromBase64Url(fields.devicePublicKey);
  assert(key?.length === 32, () => 'an Ed25519 public key has 32 bytes');
  const body = concat(
    sized(twoLayerVersion, 1),
    sized(fields.keyId, 1),
    ulidBytes(fields.memberId),
    ulidBytes(fields.certificateId),
    key,
    sized(fields.paymentCapYuan, 2),
    sized(fields.windowCapYuan, 2),
    sized(fields.notAfterSeconds, 4),
    sized(fields.scope, 1),
  );
  return concat(body, signed(sign, withDomain(certificateDomain, body)));
}

/** Makes the digits that a phone shows now. `sign` is the phone's Ed25519 signature over the bytes it gets. */
export function encodeTwoLayerCode(
  shown: CodeMoment & { readonly certificate: Uint8Array },
  sign: (bytes: Uint8Array) => Uint8Array,
): string {
  const { certificate, timeSeconds, counter } = shown;
  assert(certificate.length === certificateBytes, () => `${certificate.length} certificate bytes`);
  const body = concat(certificate, sized(timeSeconds, 4), sized(counter, 2));
  return digitsOf(concat(body, signed(sign, withDomain(momentDomain, body))), form);
}

/** Reads a certificate. It proves nothing about who made it. */
export function decodeCertificate(
  bytes: Uint8Array,
): Result<DecodedCertificate, MemberCodeMalformed> {
  if (bytes.length !== certificateBytes)
    return err({ type: 'member-code-malformed', why: 'length' });
  if (bytes[0] !== twoLayerVersion) return err({ type: 'member-code-malformed', why: 'version' });
  const body = bytes.slice(0, platformSignatureAt);
  return ok({
    fields: {
      keyId: numberAt(body, 1, 2),
      memberId: idFromUlidBytes('mbr', body.slice(2, 18)),
      certificateId: idFromUlidBytes('crt', body.slice(18, 34)),
      devicePublicKey: base64Url(body.slice(34, 66)),
      paymentCapYuan: numberAt(body, 66, 68),
      windowCapYuan: numberAt(body, 68, 70),
      notAfterSeconds: numberAt(body, 70, 74),
      scope: numberAt(body, 74, 75),
    },
    signedBytes: withDomain(certificateDomain, body),
    signature: bytes.slice(platformSignatureAt),
  });
}

/** Reads the digits back. It proves nothing about who made them: see `genuineMemberCode`. */
export function decodeTwoLayerCode(
  digits: string,
): Result<DecodedTwoLayerCode, MemberCodeMalformed> {
  const read = bytesOfDigits(digits, form);
  if (!read.ok) return read;
  const bytes = read.value;
  const certificate = decodeCertificate(bytes.slice(0, certificateBytes));
  if (!certificate.ok) return certificate;
  const moment = { timeSeconds: numberAt(bytes, 139, 143), counter: numberAt(bytes, 143, 145) };
  // Counter 0 is what a till has seen of a phone that it never met.
  if (moment.counter === 0) return err({ type: 'member-code-malformed', why: 'range' });
  return ok({
    certificate: certificate.value,
    moment,
    signedBytes: withDomain(momentDomain, bytes.slice(0, phoneSignatureAt)),
    signature: bytes.slice(phoneSignatureAt),
  });
}

function signed(sign: (bytes: Uint8Array) => Uint8Array, bytes: Uint8Array): Uint8Array {
  const signature = sign(bytes);
  assert(signature.length === signatureBytes, () => `Ed25519 signs in 64, got ${signature.length}`);
  return signature;
}
