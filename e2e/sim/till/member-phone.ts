import { sign } from 'node:crypto';
import { deviceProofText } from '#cloud/members/member-certificates.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import { fromBase64Url } from '#shared/member/base64-url.ts';
import { encodeTwoLayerCode } from '#shared/member/two-layer-code.ts';
import { assert } from '#shared/result/assert.ts';
import { keyOf, publicKeyTextOf } from './sim-keys.ts';

/** The key of a member's phone, and the codes that it shows by it without any line. */
export interface MemberPhone {
  /** What the cloud certifies. */
  readonly request: { readonly devicePublicKey: string; readonly proof: string };
  readonly keepCertificate: (certificate: string) => void;
  /** A code of two layers for this moment; its counter grows with each. */
  readonly show: (nowMs: number) => string;
}

export function createMemberPhone({
  memberId,
  seed,
}: {
  readonly memberId: MemberId;
  readonly seed: number;
}): MemberPhone {
  const key = keyOf(`${seed}/phone`);
  const devicePublicKey = publicKeyTextOf(key);
  const text = Buffer.from(deviceProofText(memberId, devicePublicKey), 'utf8');
  let certificate: Uint8Array | undefined;
  let counter = 0;
  return {
    request: { devicePublicKey, proof: sign(null, text, key).toString('base64url') },
    keepCertificate: (given) => {
      certificate = fromBase64Url(given);
    },
    show: (nowMs) => {
      assert(certificate !== undefined, () => 'the phone has no certificate');
      counter += 1;
      return encodeTwoLayerCode(
        { certificate, timeSeconds: Math.floor(nowMs / 1_000), counter },
        (bytes) => sign(null, bytes, key),
      );
    },
  };
}
