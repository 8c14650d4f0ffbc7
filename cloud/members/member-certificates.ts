import { sign } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { verifyText } from '#cloud/identity/ed25519.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { frozenSince } from '#cloud/review/frozen-member.ts';
import { newId, type CertificateId, type MemberId, type OperatorId } from '#shared/ids/ids.ts';
import { base64Url } from '#shared/member/base64-url.ts';
import { encodeCertificate } from '#shared/member/two-layer-code.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** A phone that was not online for a day shows no code any more. */
const lifetimeMs = 24 * 60 * 60 * 1_000;
const paymentCapYuan = 50;
const windowCapYuan = 100;
const anyShop = 0;
/** Phones of one member that may sign codes at a time. */
export const devicesMax = 3;

export interface DeviceCertificate {
  /** The 139 bytes that the phone shows in front of its own, base64url. */
  readonly certificate: string;
  readonly certificateId: CertificateId;
  readonly notAfterMs: number;
  /** The cloud's time: the phone corrects its own by it. */
  readonly serverMs: number;
}

export interface DeviceRefused {
  readonly type: 'member-device-limit' | 'member-device-refused' | 'member-frozen';
}

/** What a phone signs with its new key, so that nobody binds a key he does not hold. UTF-8. */
export const deviceProofText = (memberId: MemberId, devicePublicKey: string): string =>
  `greentill/member-device/1\n${memberId}\n${devicePublicKey}`;

/**
 * Certifies a phone's key for a day, and the phone with its first certificate. Errors:
 * member-device-refused (no proof of the key, another member's, or stopped), member-frozen,
 * member-device-limit. The member must exist.
 */
export async function certifyDevice(
  tx: Tx,
  asked: {
    readonly operatorId: OperatorId;
    readonly memberId: MemberId;
    readonly devicePublicKey: string;
    readonly proof: string;
  },
  deps: Pick<CloudDeps, 'clock' | 'random' | 'keys'>,
): Promise<Result<DeviceCertificate, DeviceRefused>> {
  const { operatorId, memberId, devicePublicKey } = asked;
  const text = deviceProofText(memberId, devicePublicKey);
  const signature = Buffer.from(asked.proof, 'base64url');
  if (!verifyText({ publicKey: devicePublicKey, text, signature }))
    return err({ type: 'member-device-refused' });
  if ((await frozenSince(tx, asked)) !== undefined) return err({ type: 'member-frozen' });
  const serverMs = deps.clock.nowMs();
  const known = await bindDevice(tx, { operatorId, memberId, devicePublicKey, nowMs: serverMs });
  if (!known.ok) return known;
  const { keyId, pair } = deps.keys.issuer.current;
  const certificateId = newId('crt', deps);
  const notAfterSeconds = Math.floor((serverMs + lifetimeMs) / 1_000);
  const notAfterMs = notAfterSeconds * 1_000;
  await tx.execute(sql`
    INSERT INTO member_certificate (operator_id, certificate_id, member_id, key_id, issued_at_ms,
      not_after_ms, device_public_key)
    VALUES (${operatorId}, ${certificateId}, ${memberId}, ${keyId}, ${serverMs}, ${notAfterMs},
      ${devicePublicKey})`);
  const caps = { paymentCapYuan, windowCapYuan, notAfterSeconds, scope: anyShop };
  const bytes = encodeCertificate(
    { keyId, memberId, certificateId, devicePublicKey, ...caps },
    (body) => sign(null, body, pair.privateKey),
  );
  return ok({ certificate: base64Url(bytes), certificateId, notAfterMs, serverMs });
}

/**
 * Binds a key to its member, once and for good. The member's row is locked, so that two phones
 * cannot both be the last.
 */
async function bindDevice(
  tx: Tx,
  device: {
    readonly operatorId: OperatorId;
    readonly memberId: MemberId;
    readonly devicePublicKey: string;
    readonly nowMs: number;
  },
): Promise<Result<void, DeviceRefused>> {
  const { operatorId, memberId, devicePublicKey, nowMs } = device;
  await tx.execute(sql`
    SELECT 1 FROM member WHERE operator_id = ${operatorId} AND member_id = ${memberId} FOR UPDATE`);
  const { rows } = await tx.execute<{ mine: boolean; live: boolean }>(sql`
    SELECT member_id = ${memberId} AS mine, revoked_at_ms IS NULL AS live FROM member_device
    WHERE operator_id = ${operatorId} AND device_public_key = ${devicePublicKey}`);
  const known = rows[0];
  if (known !== undefined)
    return known.mine && known.live ? ok(undefined) : err({ type: 'member-device-refused' });
  const inserted = await tx.execute(sql`
    INSERT INTO member_device (operator_id, device_public_key, member_id, created_at_ms)
    SELECT ${operatorId}, ${devicePublicKey}, ${memberId}, ${nowMs}::bigint
    WHERE (SELECT count(*) FROM member_device WHERE operator_id = ${operatorId}
             AND member_id = ${memberId} AND revoked_at_ms IS NULL) < ${devicesMax}`);
  return inserted.rowCount === 1 ? ok(undefined) : err({ type: 'member-device-limit' });
}
