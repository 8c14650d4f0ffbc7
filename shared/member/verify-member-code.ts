import type { MemberCodeMalformed } from '#shared/member/code-digits.ts';
import { decodeMemberCode, type MemberCodeFields } from '#shared/member/member-code.ts';
import {
  decodeTwoLayerCode,
  twoLayerDigits,
  type CodeMoment,
} from '#shared/member/two-layer-code.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** A key of the platform as the till holds it: see IssuerKeySchema of the wire. */
export interface IssuerKey {
  readonly keyId: number;
  /** 32 raw bytes, base64url. */
  readonly publicKey: string;
}

/** Is `signature` the Ed25519 signature of `publicKey` over `bytes`? False for anything it cannot read. */
export type VerifySignature = (check: {
  readonly publicKey: string;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}) => boolean;

/** A code whose signatures hold. Whether it may still be used is another question. */
export interface GenuineCode extends MemberCodeFields {
  /** What the phone said when it showed the code; undefined for the bearer form, which no phone signs. */
  readonly moment: CodeMoment | undefined;
  /** The phone's key, base64url; undefined for the bearer form. */
  readonly devicePublicKey: string | undefined;
}

export type MemberCodeNotGenuine =
  | MemberCodeMalformed
  | { readonly type: 'member-code-key-unknown'; readonly keyId: number }
  | { readonly type: 'member-code-forged' };

export type MemberCodeUntimely =
  | { readonly type: 'member-code-expired'; readonly notAfterSeconds: number }
  /** The phone's time is further from the trusted time than {@link momentToleranceMs}; positive: the phone is ahead. */
  | { readonly type: 'member-code-stale'; readonly aheadMs: number };

export type MemberCodeUntrusted =
  | MemberCodeNotGenuine
  | MemberCodeUntimely
  | { readonly type: 'member-code-scope'; readonly scope: number }
  | { readonly type: 'member-code-revoked' };

/** A code is renewed every 30 s and both clocks may be a little off. */
export const momentToleranceMs = 90_000;

export interface Keys {
  readonly code: string;
  readonly keys: readonly IssuerKey[];
  readonly verify: VerifySignature;
}

/** Did the platform, and for two layers the phone, sign this code? Order: shape, key, both signatures. */
export function genuineMemberCode(given: Keys): Result<GenuineCode, MemberCodeNotGenuine> {
  const { code, keys, verify } = given;
  const isTwoLayer = code.length === twoLayerDigits;
  const decoded = isTwoLayer ? twoLayersOf(code) : bearerOf(code);
  if (!decoded.ok) return decoded;
  const { platform, phone, ...fields } = decoded.value;
  const key = keys.find(({ keyId }) => keyId === fields.keyId);
  if (key === undefined) return err({ type: 'member-code-key-unknown', keyId: fields.keyId });
  if (!verify({ publicKey: key.publicKey, ...platform }))
    return err({ type: 'member-code-forged' });
  const { devicePublicKey } = fields;
  if (phone !== undefined && devicePublicKey !== undefined)
    if (!verify({ publicKey: devicePublicKey, ...phone }))
      return err({ type: 'member-code-forged' });
  return ok(fields);
}

/** Is the code good at this moment? Order: not-after, then the phone's time against the trusted one. */
export function isTimely(code: GenuineCode, trustedMs: number): Result<void, MemberCodeUntimely> {
  const { notAfterSeconds, moment } = code;
  if (trustedMs > notAfterSeconds * 1_000)
    return err({ type: 'member-code-expired', notAfterSeconds });
  if (moment === undefined) return ok(undefined);
  // The phone signs whole seconds: what it calls 12:00:00 is any moment of that second.
  const aheadMs = moment.timeSeconds * 1_000 - trustedMs;
  return Math.abs(aheadMs) <= momentToleranceMs
    ? ok(undefined)
    : err({ type: 'member-code-stale', aheadMs });
}

/** Genuine, timely, for any shop and not revoked: names the member, and uses nothing up. */
export function verifyMemberCode(
  trust: Keys & {
    /** Trusted time: the last time the cloud told, plus the monotonic time since. */
    readonly nowMs: number;
    readonly revoked: ReadonlySet<string>;
  },
): Result<GenuineCode, MemberCodeUntrusted> {
  const genuine = genuineMemberCode(trust);
  if (!genuine.ok) return genuine;
  const timely = isTimely(genuine.value, trust.nowMs);
  if (!timely.ok) return timely;
  const { scope, certificateId } = genuine.value;
  // Codes are issued for any shop only; a narrower scope belongs to shops that this till cannot tell apart.
  if (scope !== 0) return err({ type: 'member-code-scope', scope });
  if (trust.revoked.has(certificateId)) return err({ type: 'member-code-revoked' });
  return genuine;
}

interface Signed {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

type Decoded = GenuineCode & { readonly platform: Signed; readonly phone: Signed | undefined };

function bearerOf(code: string): Result<Decoded, MemberCodeMalformed> {
  const decoded = decodeMemberCode(code);
  if (!decoded.ok) return decoded;
  const { fields, signedBytes: bytes, signature } = decoded.value;
  const platform = { bytes, signature };
  return ok({
    ...fields,
    moment: undefined,
    devicePublicKey: undefined,
    platform,
    phone: undefined,
  });
}

function twoLayersOf(code: string): Result<Decoded, MemberCodeMalformed> {
  const decoded = decodeTwoLayerCode(code);
  if (!decoded.ok) return decoded;
  const { certificate, moment, signedBytes, signature } = decoded.value;
  const platform = { bytes: certificate.signedBytes, signature: certificate.signature };
  return ok({
    ...certificate.fields,
    moment,
    platform,
    phone: { bytes: signedBytes, signature },
  });
}
