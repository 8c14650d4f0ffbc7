import { subsidyMaxFen } from '#cloud/channel/channel-money.ts';
import type { Journal } from '#cloud/ledger/posting.ts';
import type { Statement, Tx } from '#cloud/platform/db.ts';
import { planned } from '#cloud/platform/planned.ts';
import {
  orderInstructionNo,
  type NewInstruction,
  type OrderAtChannel,
} from '#cloud/settlement/instructions/instruction.ts';
import { makeInstructions } from '#cloud/settlement/instructions/instruction-store.ts';
import { insertSaleParts } from '#cloud/settlement/instructions/subsidy-parts.ts';
import type { SplitOrder } from '#cloud/settlement/settlement-lines.ts';

/** How long the shop's till needs at most until a payment and its notify have settled down at the channel. */
export const splitMarginMs = 1_000;

interface Row extends Record<string, unknown> {
  order_id: string;
  channel: string;
  channel_merchant_no: string;
  out_trade_no: string;
  channel_ref: string;
  paid_at_ms: number;
  splits: boolean;
  subsidises: boolean;
  split_not_before_ms: number;
  frozen_max_ms: number;
  subsidy_mark_fen: number | null;
}

/**
 * What the channel is told the same day about orders that have just been booked: the vouchers' worth to the merchant
 * first, then the merchant's same-day share, the rest staying frozen. Answers the journals that hold the amounts, to be
 * posted with those of the orders. Orders of channels that are not open for settlement, cash and box sales: nothing.
 * Vouchers that no channel is told of become part of their shop's payout of the day: each goes one of the two ways.
 */
export async function instructOrders(
  tx: Tx,
  splits: readonly SplitOrder[],
): Promise<readonly Journal[]> {
  const byChannel = splits.filter(({ order }) => order.source === 'channel');
  const wanted = byChannel.length === 0 ? [] : await toldToChannels(tx, byChannel);
  const told = new Set(
    wanted.flatMap(({ kind, order }) => (kind === 'subsidy' && order ? [orderKey(order)] : [])),
  );
  await insertSaleParts(
    tx,
    splits.filter(({ order }) => !told.has(orderKey(order))),
  );
  const nowMs = Math.max(...byChannel.map(({ order }) => order.acceptedAtMs));
  return makeInstructions(tx, wanted, nowMs);
}

const orderKey = (order: Pick<OrderAtChannel, 'merchantId' | 'orderId'>): string =>
  `${order.merchantId}/${order.orderId}`;

async function toldToChannels(
  tx: Tx,
  byChannel: readonly SplitOrder[],
): Promise<readonly NewInstruction[]> {
  const keys = byChannel.map(({ order }) => ({
    operator_id: order.operatorId,
    order_id: order.orderId,
  }));
  const { rows } = await planned<Row>(tx, chargesOfOrders, [JSON.stringify(keys)]);
  const found = new Map(rows.map((row) => [row.order_id, row]));
  return byChannel.flatMap((one) => {
    const row = found.get(one.order.orderId);
    return row === undefined ? [] : instructionsOf(one, row);
  });
}

const chargesOfOrders: Statement = {
  name: 'charges-of-orders',
  text: `
    select a.order_id, a.channel, a.channel_merchant_no, a.out_trade_no, a.channel_ref,
           a.paid_at_ms, a.subsidy_mark_fen, c.splits, c.subsidises, c.split_not_before_ms, c.frozen_max_ms
      from jsonb_to_recordset($1::jsonb) as k(operator_id text, order_id text)
      cross join lateral (
        select * from payment_attempt a
         where a.operator_id = k.operator_id and a.order_id = k.order_id and a.status = 'paid'
         limit 1) a
      join channel_settlement c on c.operator_id = a.operator_id and c.channel = a.channel`,
};

function instructionsOf({ order, split }: SplitOrder, row: Row): readonly NewInstruction[] {
  const atChannel = {
    merchantId: order.merchantId,
    orderId: order.orderId,
    channelMerchantNo: row.channel_merchant_no,
    outTradeNo: row.out_trade_no,
    channelRef: row.channel_ref,
  };
  const common = { operatorId: order.operatorId, channel: row.channel, order: atChannel };
  const first = { outTradeNo: row.out_trade_no, tries: 1 };
  const isByHand = row.subsidises && split.subsidyFen > subsidyMaxFen;
  // The channel subsidises what the charge itself said, whatever the terms are now, and nothing else.
  const isSubsidised = split.subsidyFen > 0 && (row.subsidy_mark_fen !== null || isByHand);
  const subsidy: readonly NewInstruction[] = isSubsidised
    ? [
        {
          ...common,
          kind: 'subsidy',
          instructionNo: orderInstructionNo('subsidy', first),
          amountFen: split.subsidyFen,
          notBeforeMs: order.acceptedAtMs,
          // No channel takes it whole and none takes two: people pay it, and it is listed until they did.
          ...(isByHand ? { isByHand, code: 'subsidy-over-limit' } : {}),
        },
      ]
    : [];
  if (!row.splits || split.sameDayFen === 0) return subsidy;
  return [
    ...subsidy,
    {
      ...common,
      kind: 'same-day',
      instructionNo: orderInstructionNo('same-day', first),
      amountFen: split.sameDayFen,
      payee: row.channel_merchant_no,
      notBeforeMs: row.paid_at_ms + row.split_not_before_ms + splitMarginMs,
      freezeLapsesAtMs: row.paid_at_ms + row.frozen_max_ms,
    },
  ];
}
