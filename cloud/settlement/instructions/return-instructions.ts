import { sql } from 'drizzle-orm';
import type { Journal } from '#cloud/ledger/posting.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { makeInstructions } from '#cloud/settlement/instructions/instruction-store.ts';
import { orderInstructionNo } from '#cloud/settlement/instructions/instruction.ts';
import { insertRefundPart } from '#cloud/settlement/instructions/subsidy-parts.ts';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import { fen, minFen, type Fen } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

export interface ReturnWanted {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  /** Of the order, 1..50: one return of each kind per refund. */
  readonly refundNo: number;
  /** Above 0. */
  readonly amountFen: Fen;
  readonly nowMs: number;
}

/**
 * `nothing-split`: the merchant got nothing of this order by a split. `more-than-split`: less than
 * this is left of it.
 */
export interface ReturnError {
  readonly type: 'nothing-split' | 'more-than-split';
}

interface Source extends Record<string, unknown> {
  instruction_no: string;
  channel: string;
  channel_merchant_no: string;
  out_trade_no: string;
  channel_ref: string;
  by_hand: boolean;
  left_fen: number;
}

/**
 * Takes a share of an order back from the merchant before a refund of it, where the channel wants that. Answers the
 * journals that hold the amount; the caller posts them in this transaction, and refunds when the instruction is done.
 */
export async function returnSplitFor(
  tx: Tx,
  wanted: ReturnWanted,
): Promise<Result<readonly Journal[], ReturnError>> {
  const source = await sourceOf(tx, wanted, { of: 'same-day', back: 'split-return' });
  if (source === undefined) return err({ type: 'nothing-split' });
  if (source.left_fen < wanted.amountFen) return err({ type: 'more-than-split' });
  return ok(await makeReturn(tx, wanted, { source, kind: 'split-return' }));
}

/**
 * Takes the subsidy of vouchers back that a refund gave to the member's wallet again: at most what
 * the merchant got or is about to get of it. A subsidy that was not sent yet needs none: it is sent
 * with what is left of it. Where no channel was told of it, the shop's next payout is so much less.
 * Answers the journals that hold the amount, to be posted in this transaction; none when there is
 * nothing to take back.
 */
export async function returnSubsidyFor(tx: Tx, wanted: ReturnWanted): Promise<readonly Journal[]> {
  if (wanted.amountFen === 0) return [];
  await insertRefundPart(tx, wanted);
  const source = await sourceOf(tx, wanted, { of: 'subsidy', back: 'subsidy-return' });
  if (source === undefined) return [];
  const amountFen = minFen(wanted.amountFen, fen(source.left_fen));
  if (amountFen <= 0) return [];
  return makeReturn(tx, { ...wanted, amountFen }, { source, kind: 'subsidy-return' });
}

/** What the channel gave or is about to give, and what is left of it after earlier returns. Locks it. */
async function sourceOf(
  tx: Tx,
  { operatorId, merchantId, orderId }: ReturnWanted,
  kinds: { readonly of: 'same-day' | 'subsidy'; readonly back: string },
): Promise<Source | undefined> {
  const { rows } = await tx.execute<Source>(sql`
    select i.instruction_no, i.channel, i.channel_merchant_no, i.out_trade_no, i.channel_ref,
           i.by_hand,
           (i.amount_fen - coalesce((select sum(r.amount_fen) from channel_instruction r
              where r.operator_id = i.operator_id and r.of_instruction_no = i.instruction_no
                and r.order_id = i.order_id and r.kind = ${kinds.back}
                and r.state in ('ready', 'open', 'done')), 0))::bigint as left_fen
      from channel_instruction i
     where i.operator_id = ${operatorId} and i.merchant_id = ${merchantId}
       and i.order_id = ${orderId} and i.kind = ${kinds.of} and i.state in ('open', 'done')
       for update of i`);
  return rows[0];
}

function makeReturn(
  tx: Tx,
  wanted: ReturnWanted,
  by: { readonly source: Source; readonly kind: 'split-return' | 'subsidy-return' },
): Promise<readonly Journal[]> {
  const { source, kind } = by;
  const { operatorId, merchantId, orderId, refundNo, amountFen, nowMs } = wanted;
  const { channel, channel_merchant_no: channelMerchantNo, out_trade_no: outTradeNo } = source;
  const instruction = {
    operatorId,
    kind,
    instructionNo: orderInstructionNo(kind, { outTradeNo, tries: refundNo }),
    channel,
    amountFen,
    order: { merchantId, orderId, channelMerchantNo, outTradeNo, channelRef: source.channel_ref },
    payee: channelMerchantNo,
    ofInstructionNo: source.instruction_no,
    notBeforeMs: nowMs,
    // What people paid past the channel only people can get back.
    ...(source.by_hand ? { isByHand: true, code: 'subsidy-was-by-hand' as const } : {}),
  };
  return makeInstructions(tx, [instruction], nowMs);
}
