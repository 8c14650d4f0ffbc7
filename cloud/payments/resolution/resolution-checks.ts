import { sql } from 'drizzle-orm';
import type { MerchantId, OrderId } from '#shared/ids/ids.ts';
import type { AttemptKey } from '#cloud/payments/attempt.ts';
import { findAttempt } from '#cloud/payments/attempt-store.ts';
import { callChannel } from '#cloud/payments/call-channel.ts';
import type { MerchantKey } from '#cloud/payments/merchant-channels.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import type { Db } from '#cloud/platform/db.ts';

const hourMs = 3_600_000;
/**
 * After a confirmation the channel is asked again after these pauses; whatever it says then stands
 * beside it.
 */
export const checkPausesMs: readonly number[] = [hourMs, 6 * hourMs, 24 * hourMs, 72 * hourMs];
const checksPerStepMax = 16;

/** Asks the channel again about what people decided. Returns how many were asked. */
export async function recheckResolutionsOnce(deps: PaymentDeps): Promise<number> {
  const nowMs = deps.clock.nowMs();
  const { rows } = await deps.db.execute<{
    operator_id: AttemptKey['operatorId'];
    order_id: OrderId;
    attempt: number;
  }>(sql`
    with due as (
      select operator_id as o, order_id as r, attempt as a, proposal_no as n, check_count as c
        from attempt_resolution where next_check_at_ms <= ${nowMs}
       order by next_check_at_ms limit ${checksPerStepMax} for update skip locked)
    update attempt_resolution set check_count = c + 1,
           next_check_at_ms = ended_at_ms + (${sql.param([...checkPausesMs])}::bigint[])[c + 2]
      from due where operator_id = o and order_id = r and attempt = a and proposal_no = n
    returning operator_id, order_id, attempt`);
  for (const row of rows) {
    const key = { operatorId: row.operator_id, orderId: row.order_id, attempt: row.attempt };
    const attempt = await findAttempt(deps.db, key);
    // Money that is on its way back is followed by the payment worker.
    if (attempt !== undefined && attempt.progress.next === undefined)
      await callChannel(deps, attempt, { type: 'query' });
  }
  return rows.length;
}

export const resolutionBreaksMax = 200;

export interface ResolutionBreak {
  readonly orderId: OrderId;
  readonly attempt: number;
  readonly verdict: 'paid' | 'not-paid';
  /** What the channel said afterwards. */
  readonly said: string;
  readonly sinceMs: number;
}

/** Where the channel contradicts what two people decided, oldest first. */
export async function listResolutionBreaks(
  db: Db,
  merchant: MerchantKey,
): Promise<readonly ResolutionBreak[]> {
  const { rows } = await db.execute<{
    order_id: OrderId;
    attempt: number;
    verdict: 'paid' | 'not-paid';
    break_said: string;
    break_at_ms: number;
  }>(sql`
    select order_id, attempt, verdict, break_said, break_at_ms from attempt_resolution
     where operator_id = ${merchant.operatorId} and merchant_id = ${merchant.merchantId}
       and break_at_ms is not null and break_closed_at_ms is null
     order by break_at_ms limit ${resolutionBreaksMax}`);
  return rows.map((row) => ({
    orderId: row.order_id,
    attempt: row.attempt,
    verdict: row.verdict,
    said: row.break_said,
    sinceMs: row.break_at_ms,
  }));
}

/** Somebody found out why, and set it right. False when none was open. */
export async function closeResolutionBreak(
  db: Db,
  closing: Pick<AttemptKey, 'operatorId' | 'orderId' | 'attempt'> & {
    readonly by: string;
    readonly note: string;
    readonly nowMs: number;
  },
): Promise<MerchantId | undefined> {
  const { rows } = await db.execute<{ merchant_id: MerchantId }>(sql`
    update attempt_resolution set break_closed_by = ${closing.by}, break_note = ${closing.note},
      break_closed_at_ms = ${closing.nowMs}
     where operator_id = ${closing.operatorId} and order_id = ${closing.orderId}
       and attempt = ${closing.attempt} and break_at_ms is not null and break_closed_at_ms is null
    returning merchant_id`);
  return rows[0]?.merchant_id;
}
