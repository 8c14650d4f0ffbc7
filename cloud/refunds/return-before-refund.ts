import { sql } from 'drizzle-orm';
import type { Channel } from '#cloud/channel/channel.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { lockLine } from '#cloud/refunds/book-refund.ts';
import { planRefund } from '#cloud/refunds/refund-plan.ts';
import type { KeptRefund } from '#cloud/refunds/refund-store.ts';
import {
  orderInstructionNo,
  type InstructionState,
} from '#cloud/settlement/instructions/instruction.ts';
import { returnSplitFor } from '#cloud/settlement/instructions/return-instructions.ts';
import { fen, maxFen, minFen, subtractFen, zeroFen, type Fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';

/** May a refund go to its channel now, or does a share of the order have to come back before it? */
export type RefundGate = 'go' | 'wait';

interface Standing extends Record<string, unknown> {
  readonly kind: 'same-day' | 'release' | 'split-return';
  readonly state: InstructionState;
  readonly amount_fen: number;
  readonly is_own: boolean;
}

/**
 * Asks the merchant's share of a split order back before its refund, where the channel wants that.
 * What is on its way is waited for, in both directions: a share that may or may not have left, and
 * a return that may or may not have come. A return that is refused for good holds nothing up: the
 * channel itself says what becomes of the refund then, and what it takes is owed by the merchant.
 * When the rest was released, nothing of the order is in the channel's hands any more.
 */
export async function gateOfRefund(
  tx: Tx,
  refund: KeptRefund,
  { channel, nowMs }: { readonly channel: Channel | undefined; readonly nowMs: number },
): Promise<RefundGate> {
  if (channel?.profile.limits.split?.returnsBeforeRefund !== true) return 'go';
  const found = await lockLine(tx, refund);
  if (found === undefined) return 'go';
  const all = await standingOf(tx, refund);
  const own = all.find((one) => one.is_own);
  if (own !== undefined) return isOnItsWay(own) || own.state === 'ready' ? 'wait' : 'go';
  const of = (kind: Standing['kind']) => all.filter((one) => one.kind === kind);
  if (of('release').some(({ state }) => state === 'open' || state === 'done')) return 'go';
  if (of('same-day').some(isOnItsWay)) return 'wait';
  const givenFen = sumOfDone(of('same-day'));
  const leftFen = subtractFen(givenFen, sumOfDone(of('split-return')));
  const { line } = found;
  const inOrderFen = fen(line.netFen - line.refundedNetFen - leftFen);
  const shareFen = line.isHeld ? planRefund(line, refund).sameDayFen : refund.cashFen;
  const missingFen = maxFen(zeroFen, subtractFen(refund.cashFen, inOrderFen));
  const amountFen = minFen(leftFen, maxFen(shareFen, missingFen));
  if (amountFen <= 0) return 'go';
  // No error is left: the share is done, held with the line, and `leftFen` is what remains of it.
  getOrThrow(
    await postJournals(tx, getOrThrow(await returnSplitFor(tx, { ...refund, amountFen, nowMs }))),
  );
  return 'wait';
}

/** A charge's number is in its refund's number: {out_trade_no}T{refund}. */
function returnNoOf({ charge, refundNo }: KeptRefund): string {
  const outTradeNo = charge?.outRefundNo.slice(0, -`T${refundNo}`.length) ?? '';
  return orderInstructionNo('split-return', { outTradeNo, tries: refundNo });
}

const isOnItsWay = ({ state }: Standing): boolean => state === 'open';

const sumOfDone = (all: readonly Standing[]): Fen =>
  fen(all.reduce((sum, one) => (one.state === 'done' ? sum + one.amount_fen : sum), 0));

/** What the channel was told of the order's shares; `is_own`: the return that was asked for this very refund. */
async function standingOf(tx: Tx, refund: KeptRefund): Promise<readonly Standing[]> {
  const ownNo = returnNoOf(refund);
  const { rows } = await tx.execute<Standing>(sql`
    select kind, state, amount_fen, 
           instruction_no = ${ownNo} as is_own
      from channel_instruction
     where operator_id = ${refund.operatorId} and merchant_id = ${refund.merchantId}
       and order_id = ${refund.orderId} and kind in ('same-day', 'release', 'split-return')
       for update`);
  return rows;
}
