import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { IdSource } from '#cloud/identity/provisioning.ts';
import type { Tx } from '#cloud/platform/db.ts';

/** 12 characters of Crockford base 32 = 60 bits, good for 15 minutes and 5 tries, kept as a hash only. */
export const activationCodeChars = 12;
export const activationTtlMs = 15 * 60_000;
export const activationTriesMax = 5;

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export interface ActivationCode {
  readonly code: string;
  readonly expiresAtMs: number;
}

export const hashActivationCode = (code: string): string =>
  createHash('sha256').update(`greentill/activation-code/1\n${code}`).digest('hex');

/** Makes a code for one store. The code itself leaves here and is not kept. `store-unknown` when there is no store. */
export async function issueActivationCode(
  tx: Tx,
  store: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly storeId: string;
  },
  source: IdSource,
): Promise<Result<ActivationCode, { readonly type: 'store-unknown' }>> {
  const bytes = source.random.bytes(activationCodeChars);
  // 256 is a multiple of 32: every character is uniform.
  const code = [...bytes].map((byte) => crockford[byte % crockford.length]).join('');
  const nowMs = source.clock.nowMs();
  const expiresAtMs = nowMs + activationTtlMs;
  const { rowCount } = await tx.execute(sql`
    insert into activation_code (operator_id, code_hash, merchant_id, store_id, expires_at_ms,
      tries_left, created_at_ms)
    select operator_id, ${hashActivationCode(code)}, merchant_id, store_id, ${expiresAtMs}::bigint,
      ${activationTriesMax}::integer, ${nowMs}::bigint
      from store where operator_id = ${store.operatorId} and merchant_id = ${store.merchantId}
       and store_id = ${store.storeId}`);
  return rowCount === 1 ? ok({ code, expiresAtMs }) : err({ type: 'store-unknown' });
}
