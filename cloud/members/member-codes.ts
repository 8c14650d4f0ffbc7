import { sign, verify } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { parsePublicKey } from '#cloud/identity/ed25519.ts';
import type { IssuerKeys } from '#cloud/identity/issuer-keys.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { newId, type MemberId, type OperatorId } from '#shared/ids/ids.ts';
import {
  verifyMemberCode,
  type MemberCodeUntrusted,
  type VerifySignature,
} from '#shared/member/verify-member-code.ts';
import { encodeMemberCode } from '#shared/member/member-code.ts';
import type { Result } from '#shared/result/result.ts';
import type { MemberCodeAnswer } from '#shared/wire/v1/members.ts';

/** The bearer form is good for a day at most, and for small sums: whoever holds it can pay with it once. */
const lifetimeMs = 24 * 60 * 60 * 1_000;
const paymentCapYuan = 40;
const windowCapYuan = 80;
const anyShop = 0;

type CodeDeps = Pick<CloudDeps, 'clock' | 'random' | 'keys'>;

/** Issues a member code: digits for one payment, signed with the current issuer key. The member must exist. */
export async function issueMemberCode(
  tx: Tx,
  member: { readonly operatorId: OperatorId; readonly memberId: MemberId },
  deps: CodeDeps,
): Promise<MemberCodeAnswer> {
  const { operatorId, memberId } = member;
  const { keyId, pair } = deps.keys.issuer.current;
  const certificateId = newId('crt', deps);
  const issuedAtMs = deps.clock.nowMs();
  const notAfterSeconds = Math.floor((issuedAtMs + lifetimeMs) / 1_000);
  const notAfterMs = notAfterSeconds * 1_000;
  await tx.execute(sql`
    INSERT INTO member_certificate
      (operator_id, certificate_id, member_id, key_id, issued_at_ms, not_after_ms)
    VALUES (${operatorId}, ${certificateId}, ${memberId}, ${keyId}, ${issuedAtMs}, ${notAfterMs})`);
  const fields = {
    keyId,
    memberId,
    certificateId,
    paymentCapYuan,
    windowCapYuan,
    notAfterSeconds,
    scope: anyShop,
  };
  const code = encodeMemberCode(fields, (bytes) => sign(null, bytes, pair.privateKey));
  return { code, certificateId, notAfterMs };
}

/** Ed25519 by Node's own crypto, for {@link verifyMemberCode} and its kin; false for anything it cannot read. */
export const verifyEd25519: VerifySignature = ({ publicKey, bytes, signature }) => {
  try {
    return verify(null, bytes, parsePublicKey(publicKey), signature);
  } catch {
    return false;
  }
};

/** Whose code this is, verified and not consumed. Errors: those of a code that cannot be trusted. */
export function readMemberCode(
  code: string,
  deps: { readonly nowMs: number; readonly issuer: IssuerKeys },
): Result<{ readonly memberId: MemberId }, MemberCodeUntrusted> {
  const keys = deps.issuer.accepted.map(({ keyId, pair }) => ({
    keyId,
    publicKey: pair.publicKey,
  }));
  return verifyMemberCode({
    code,
    keys,
    verify: verifyEd25519,
    nowMs: deps.nowMs,
    revoked: new Set(),
  });
}
