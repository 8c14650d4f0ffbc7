import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import type { Tx } from '#cloud/platform/db.ts';
import {
  orderInstructionNo,
  type InstructionKind,
  type NewInstruction,
} from '#cloud/settlement/instructions/instruction.ts';
import {
  endInBooks,
  endUnsent,
  makeInstructions,
  type KeptInstruction,
} from '#cloud/settlement/instructions/instruction-store.ts';
import { fen, zeroFen, type Fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';

/**
 * What a refund took since is not instructed: before the first byte the amount follows the line. Not
 * that of a charge beside other money (kept-instruction.ts): the line is the other money's, and what
 * goes back of that is not the channel's.
 */
export async function amountToday(tx: Tx, instruction: KeptInstruction): Promise<number> {
  const { kind, amountFen, operatorId, merchantId, orderId } = instruction;
  if (kind !== 'same-day' && kind !== 'subsidy' && kind !== 'release') return amountFen;
  const { rows } = await tx.execute<{
    source: string;
    same_day: number;
    subsidy: number;
    frozen: number;
  }>(sql`
    select source, same_day_fen - returned_same_day_fen as same_day,
           subsidy_fen - (refunded_fen - refunded_net_fen) as subsidy,
           net_fen - refunded_net_fen - coalesce((
             select sum(case i.kind when 'split-return' then -i.amount_fen else i.amount_fen end)
               from channel_instruction i
              where i.operator_id = l.operator_id and i.order_id = l.order_id
                and (i.kind in ('same-day', 'concession') and i.state in ('ready', 'open', 'done')
                  or i.kind = 'split-return' and i.state = 'done')), 0)::bigint as frozen
      from settlement_line l where operator_id = ${operatorId} and merchant_id = ${merchantId}
       and order_id = ${orderId ?? ''}`);
  const row = rows[0];
  if (row === undefined || row.source !== 'channel') return amountFen;
  if (kind === 'release') return Math.max(0, Math.min(amountFen, row.frozen));
  return kind === 'same-day' ? row.same_day : row.subsidy;
}

/**
 * Ends an instruction that was never sent, and makes one of the new amount in its place; none when nothing is left
 * (`wantedFen` 0 or less). The books follow in the same transaction.
 */
export async function replaceUnsent(
  tx: Tx,
  old: KeptInstruction,
  { wantedFen, nowMs }: { readonly wantedFen: number; readonly nowMs: number },
): Promise<void> {
  const next =
    wantedFen > 0
      ? successorOf(old, { amountFen: fen(wantedFen), nowMs })
      : await cancelOf(tx, old, nowMs);
  await endUnsent(tx, old, {
    state: 'cancelled',
    code: 'amount-changed',
    replacedBy: next?.instructionNo,
    nowMs,
  });
  const answer = { type: 'failed', code: 'amount-changed' } as const;
  getOrThrow(await endInBooks(tx, old, { answer, endedAtMs: nowMs }));
  if (next !== undefined)
    getOrThrow(await postJournals(tx, await makeInstructions(tx, [next], nowMs)));
}

/**
 * Refunds left nothing of a subsidy that no channel was told of: a charge that was marked for it is
 * told so, or nobody gets a share of what is left of the order. Undefined when it was not marked.
 */
export async function cancelOf(
  tx: Tx,
  old: KeptInstruction,
  nowMs: number,
): Promise<NewInstruction | undefined> {
  const { operatorId, merchantId, orderId, outTradeNo } = old;
  if (old.kind !== 'subsidy' || old.isByHand || merchantId === null || orderId === undefined)
    return undefined;
  const { rows } = await tx.execute(sql`
    select from payment_attempt where operator_id = ${operatorId} and order_id = ${orderId}
       and out_trade_no = ${outTradeNo} and subsidy_mark_fen is not null`);
  if (rows.length === 0) return undefined;
  const { channel, channelMerchantNo, channelRef } = old;
  return {
    operatorId,
    kind: 'subsidy-cancel',
    instructionNo: orderInstructionNo('subsidy-cancel', { outTradeNo, tries: 1 }),
    channel,
    amountFen: zeroFen,
    order: { merchantId, orderId, channelMerchantNo, outTradeNo, channelRef },
    notBeforeMs: nowMs,
  };
}

/** Returns are numbered by their refunds, 1..50: another try must not take the number of another refund. */
const refundsPerOrderMax = 50;

/** The same instruction again, of another amount and under the next number. */
export function successorOf(
  old: KeptInstruction,
  change: {
    readonly amountFen: Fen;
    readonly nowMs: number;
    readonly payee?: string;
    readonly isByHand?: boolean;
  },
) {
  const { merchantId, orderId, outTradeNo, channelMerchantNo, channelRef } = old;
  const tries = triesOf(old.kind, old) + (old.ofInstructionNo === '' ? 1 : refundsPerOrderMax);
  const payee = change.payee ?? old.payee;
  return {
    operatorId: old.operatorId,
    kind: old.kind,
    instructionNo: orderInstructionNo(old.kind, { outTradeNo, tries }),
    channel: old.channel,
    amountFen: change.amountFen,
    ...(merchantId === null
      ? {}
      : orderId === undefined
        ? { shopDay: { merchantId, outTradeNo } }
        : { order: { merchantId, orderId, channelMerchantNo, outTradeNo, channelRef } }),
    ...(payee === '' ? {} : { payee }),
    ...(old.payeeName === undefined ? {} : { payeeName: old.payeeName }),
    ...(old.ofInstructionNo === '' ? {} : { ofInstructionNo: old.ofInstructionNo }),
    notBeforeMs: change.nowMs,
    ...(old.freezeLapsesAtMs === undefined ? {} : { freezeLapsesAtMs: old.freezeLapsesAtMs }),
    ...successorWay(old, change),
  };
}

/** A subsidy by hand stays one, also under the channel's limit: its charge was not marked. */
function successorWay(
  { kind, isByHand, code }: KeptInstruction,
  change: { readonly isByHand?: boolean },
): Pick<NewInstruction, 'isByHand' | 'code'> {
  if (change.isByHand === true) return { isByHand: true };
  if (!isByHand) return {};
  if (kind === 'subsidy-payout') return { isByHand, code: 'subsidy-no-channel' };
  return { isByHand, code: code === 'subsidy-was-by-hand' ? code : 'subsidy-over-limit' };
}

/** Which try a number is: what follows its letter. */
const triesOf = (
  kind: InstructionKind,
  { instructionNo, outTradeNo }: Pick<KeptInstruction, 'instructionNo' | 'outTradeNo'>,
): number =>
  Number(instructionNo.slice(orderInstructionNo(kind, { outTradeNo, tries: 0 }).length - 1));
