import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { Caps, ConfigPayload, SignedConfig } from '#shared/wire/v1/terminals.ts';
import { signText } from '#cloud/identity/ed25519.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

/**
 * What a till may accept offline by default: small change for two days. Amounts in fen.
 * Source: the offline limits that card schemes give unattended terminals, scaled to a small shop.
 */
export const defaultCaps: Omit<Caps, 'issuedAtMs'> = {
  version: 1,
  perPaymentFen: 20_000,
  perMemberFen: 30_000,
  perMemberCount: 3,
  shopUnsyncedFen: 500_000,
  windowMs: 48 * 3_600_000,
};

interface Row extends Record<string, unknown> {
  merchant_id: MerchantId;
  merchant_name: string;
  store_name: string;
  store_phone: string;
  concession_bp: number;
  same_day_bp: number;
  cut_over_hour: number;
  config_version: number;
}

/** The terminal's configuration, signed by the cloud. Undefined when there is no such terminal. */
export async function signedConfig(
  deps: Pick<CloudDeps, 'clock' | 'keys' | 'config'> & { readonly db: Pick<Db, 'execute'> },
  terminal: { readonly operatorId: OperatorId; readonly terminalId: TerminalId },
  origin: string,
): Promise<SignedConfig | undefined> {
  const { rows } = await deps.db.execute<Row>(sql`
    select m.merchant_id, m.name as merchant_name, s.name as store_name, s.phone as store_phone,
           m.concession_bp, m.same_day_bp, m.cut_over_hour, t.config_version
      from terminal t
      join merchant m on m.operator_id = t.operator_id and m.merchant_id = t.merchant_id
      join store s on s.operator_id = t.operator_id and s.merchant_id = t.merchant_id
       and s.store_id = t.store_id
     where t.operator_id = ${terminal.operatorId} and t.terminal_id = ${terminal.terminalId}`);
  const row = rows[0];
  if (row === undefined) return undefined;
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
    caps: { ...defaultCaps, issuedAtMs: deps.clock.nowMs() },
    issuerKeys: deps.keys.issuer.accepted.map((key) => ({
      keyId: key.keyId,
      publicKey: key.pair.publicKey,
    })),
    revokedCertificateIds: [],
  };
  const text = JSON.stringify(payload);
  return { payload: text, signature: signText(deps.keys.signing, text) };
}
