import { sql } from 'drizzle-orm';
import type { Journal } from '#cloud/ledger/posting.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { orderInstructionNo } from '#cloud/settlement/instructions/instruction.ts';
import { makeInstructions } from '#cloud/settlement/instructions/instruction-store.ts';
import { splitMarginMs } from '#cloud/settlement/instructions/order-instructions.ts';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';

/** A charge that is all the merchant's: its sale owes its concession as of a cash sale. */
interface KeptCharge {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  readonly attempt: number;
  readonly netFen: Fen;
}

/**
 * A channel that holds the charge for splitting lets go of all of it. Answers the journals that
 * hold the amount; none where the channel is not open for splits.
 */
export async function instructKept(
  tx: Tx,
  kept: { readonly attempt: KeptCharge; readonly nowMs: number },
): Promise<readonly Journal[]> {
  const { attempt, nowMs } = kept;
  const { operatorId, merchantId, orderId } = attempt;
  const { rows } = await tx.execute<{
    channel: string;
    channel_merchant_no: string;
    out_trade_no: string;
    channel_ref: string;
    lapses_at_ms: number;
    not_before_ms: number;
  }>(sql`
    select a.channel, a.channel_merchant_no, a.out_trade_no, a.channel_ref,
           a.paid_at_ms + c.frozen_max_ms as lapses_at_ms,
           a.paid_at_ms + c.split_not_before_ms + ${splitMarginMs} as not_before_ms
      from payment_attempt a
      join channel_settlement c on c.operator_id = a.operator_id and c.channel = a.channel
       and c.splits
     where a.operator_id = ${operatorId} and a.order_id = ${orderId}
       and a.attempt = ${attempt.attempt}`);
  const row = rows[0];
  if (row === undefined) return [];
  const { channel_merchant_no: channelMerchantNo, out_trade_no: outTradeNo } = row;
  const release = {
    operatorId,
    kind: 'release',
    instructionNo: orderInstructionNo('release', { outTradeNo, tries: 1 }),
    channel: row.channel,
    amountFen: attempt.netFen,
    order: { merchantId, orderId, channelMerchantNo, outTradeNo, channelRef: row.channel_ref },
    payee: channelMerchantNo,
    notBeforeMs: Math.max(nowMs, row.not_before_ms),
    freezeLapsesAtMs: row.lapses_at_ms,
  } as const;
  return await makeInstructions(tx, [release], nowMs);
}
