import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { ConfigPayload, SignedConfig } from '#shared/wire/v1/terminals.ts';
import { capsEditions, type CapsEdition } from '#cloud/identity/caps-editions.ts';
import { signText } from '#cloud/identity/ed25519.ts';
import {
  pairInForce,
  readSigningKeyChanges,
  signingStateAt,
} from '#cloud/identity/signing-key-changes.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { currentPromiseLimits } from '#cloud/promises/promise-limits.ts';

/**
 * What a till may accept offline by default: small change for a day, because the platform answers
 * for what is inside.
 */
export const defaultCaps: CapsEdition = capsEditions.at(-1) ?? capsEditions[0];

/** The newest revocations that one configuration holds. */
const revokedCertificatesMax = 10_000;

interface Row extends Record<string, unknown> {
  merchant_id: MerchantId;
  merchant_name: string;
  store_name: string;
  store_phone: string;
  concession_bp: number;
  same_day_bp: number;
  cut_over_hour: number;
  config_version: number;
  owner_pin_reset: number;
}

/** The terminal's configuration, signed by the cloud. Undefined when there is no such terminal. */
export const signedConfig = async (
  ...args: Parameters<typeof configAndSigner>
): Promise<SignedConfig | undefined> => (await configAndSigner(...args))?.config;

/** The same, with the public key that signed it: what a terminal pins at activation. */
export async function configAndSigner(
  deps: Pick<CloudDeps, 'clock' | 'keys' | 'config'> & { readonly db: Pick<Db, 'execute'> },
  terminal: { readonly operatorId: OperatorId; readonly terminalId: TerminalId },
  origin: string,
): Promise<{ readonly config: SignedConfig; readonly signerKey: string } | undefined> {
  const { rows } = await deps.db.execute<Row>(sql`
    select m.merchant_id, m.name as merchant_name, s.name as store_name, s.phone as store_phone,
           m.concession_bp, m.same_day_bp, m.cut_over_hour, t.config_version,
           t.owner_pin_reset
      from terminal t
      join merchant m on m.operator_id = t.operator_id and m.merchant_id = t.merchant_id
      join store s on s.operator_id = t.operator_id and s.merchant_id = t.merchant_id
       and s.store_id = t.store_id
     where t.operator_id = ${terminal.operatorId} and t.terminal_id = ${terminal.terminalId}`);
  const row = rows[0];
  if (row === undefined) return undefined;
  const changes = await readSigningKeyChanges(deps.db, terminal.operatorId);
  const signing = signingStateAt(changes, deps.clock.nowMs());
  const pair = pairInForce(deps.keys, signing);
  const payload: ConfigPayload = {
    configVersion: row.config_version,
    terminalId: terminal.terminalId,
    merchantId: row.merchant_id,
    merchantName: row.merchant_name,
    storeName: row.store_name,
    storePhone: row.store_phone,
    concessionBp: row.concession_bp,
    sameDayBp: row.same_day_bp,
    cutOverHour: row.cut_over_hour,
    claimBaseUrl: deps.config.claimBaseUrl ?? `${deps.config.publicOrigin ?? origin}/claim/`,
    caps: {
      ...defaultCaps,
      promises: await currentPromiseLimits(deps.db, { ...terminal, merchantId: row.merchant_id }),
      issuedAtMs: deps.clock.nowMs(),
    },
    issuerKeys: deps.keys.issuer.accepted.map((key) => ({
      keyId: key.keyId,
      publicKey: key.pair.publicKey,
    })),
    ...(row.owner_pin_reset === 0 ? {} : { ownerPinReset: row.owner_pin_reset }),
    ...(signing.announced === undefined ? {} : { nextSigningKey: signing.announced }),
    // Read after the version: a list may be newer than its number, never older.
    revokedCertificateIds: await revokedCertificates(deps, terminal.operatorId),
  };
  const text = JSON.stringify(payload);
  const signed = { payload: text, signature: signText(pair, text) };
  const keyChanges = [...signing.done];
  return {
    config: keyChanges.length === 0 ? signed : { ...signed, keyChanges },
    signerKey: pair.publicKey,
  };
}

/** Revoked member codes that could still be accepted somewhere: those whose time is over need no list. */
async function revokedCertificates(
  deps: Pick<CloudDeps, 'clock'> & { readonly db: Pick<Db, 'execute'> },
  operatorId: OperatorId,
): Promise<string[]> {
  const { rows } = await deps.db.execute<{ certificate_id: string }>(sql`
    select r.certificate_id from member_certificate_revoked r
      left join member_certificate c
        on c.operator_id = r.operator_id and c.certificate_id = r.certificate_id
     where r.operator_id = ${operatorId}
       and (c.not_after_ms is null or c.not_after_ms >= ${deps.clock.nowMs()})
     order by r.revoked_at_ms desc, r.certificate_id limit ${revokedCertificatesMax}`);
  return rows.map((row) => row.certificate_id);
}
