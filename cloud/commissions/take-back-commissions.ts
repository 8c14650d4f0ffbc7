import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId, OrderId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/** Refunds of an order are numbered from 1 on; what people refused carries this number. */
const refusedNo = 0;

/**
 * What agents earned on a sale that people found to be none (docs/points.md 2.9): the whole of it,
 * less what refunds took back before, is a negative on their next statement and goes to the
 * contingency, as after a refund. Once for an order. Answers the sum.
 */
export async function takeBackCommissions(
  tx: Tx,
  refused: { readonly operatorId: OperatorId; readonly orderId: OrderId; readonly nowMs: number },
): Promise<Fen> {
  const { operatorId, orderId, nowMs } = refused;
  // A refund of the same order locks its line first: whoever comes second sees what the first took.
  await tx.execute(sql`
    select from settlement_line where operator_id = ${operatorId} and order_id = ${orderId} for update`);
  const { rows } = await tx.execute<{ fen: number }>(sql`
    with back as (
      select c.merchant_id, c.role, c.agent_id, c.amount_fen - coalesce((
               select sum(b.amount_fen) from agent_commission_back b
                where b.operator_id = c.operator_id and b.merchant_id = c.merchant_id
                  and b.order_id = c.order_id and b.role = c.role), 0)::bigint as fen
        from agent_commission c where c.operator_id = ${operatorId} and c.order_id = ${orderId}
    ), kept as (
      insert into agent_commission_back (operator_id, merchant_id, order_id, refund_no, role,
        agent_id, amount_fen, ledger_date)
      select ${operatorId}, merchant_id, ${orderId}, ${refusedNo}, role, agent_id, fen,
             ${accountingDate(nowMs)}::date
        from back where fen > 0
    )
    select coalesce(sum(fen), 0)::bigint as fen from back where fen > 0`);
  const amountFen = fen(rows[0]?.fen ?? 0);
  if (amountFen === 0) return amountFen;
  getOrThrow(
    await postJournals(tx, [
      {
        operatorId,
        merchantId: null,
        idemKey: `review-commission:${orderId}`,
        kind: 'review-commission',
        eventAtMs: nowMs,
        legs: [
          { account: 'agent_payable', amountFen: fen(-amountFen) },
          { account: 'contingency', amountFen },
        ],
      },
    ]),
  );
  return amountFen;
}
