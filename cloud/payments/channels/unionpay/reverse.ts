import type { Clock } from '#shared/time/clock.ts';
import type {
  Answered,
  ChannelOrder,
  QueryOutcome,
  ReverseOutcome,
} from '#cloud/channel/channel-exchange.ts';
import { notFoundCode, wasTaken } from '#cloud/payments/channels/unionpay/codes.ts';
import { bothOf, txnTimeOf, type UnionpayDesk } from '#cloud/payments/channels/unionpay/desk.ts';
import {
  chargeState,
  transactionOf,
  type Transaction,
} from '#cloud/payments/channels/unionpay/judge.ts';
import { unionpayDayOf } from '#cloud/payments/channels/unionpay/unionpay-day.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';

/** The void of an order is a transaction of its own, with a number made from the order's. */
export const voidOf = (order: Transaction): Transaction => ({
  ...order,
  orderId: `${order.orderId}V1`,
});

/**
 * What became of an order. UnionPay still calls an order paid after it was voided, so a paid one is
 * paid only when its void is not there.
 */
export const createUnionpayQuery =
  (desk: UnionpayDesk) =>
  async (order: ChannelOrder): Promise<Answered<QueryOutcome>> => {
    const asked = transactionOf(order, txnTimeOf(order));
    const looked = await desk.find(asked);
    const outcome = chargeState(looked.found);
    if (outcome.type !== 'paid') return { outcome, evidence: looked.evidence };
    const voided = await desk.find(voidOf(asked));
    const evidence = bothOf(looked.evidence, voided.evidence);
    switch (voided.found.type) {
      case 'not-found':
      case 'failed':
        return { outcome, evidence };
      case 'done':
        return { outcome: { type: 'refunded' }, evidence };
      case 'open':
        return { outcome: unknown('void-open'), evidence };
      case 'unknown':
        return { outcome: voided.found, evidence };
    }
  };

/**
 * A paid order is voided (31/00, 消费撤销), one that is not is reversed (99/01, 冲正, under its own
 * number and time; the demo's rule, not yet seen with a test merchant). Either is asked about
 * before anything is concluded.
 */
export const createUnionpayReverse =
  (deps: {
    readonly desk: UnionpayDesk;
    readonly clock: Clock;
    readonly query: (order: ChannelOrder) => Promise<Answered<QueryOutcome>>;
  }) =>
  async (order: ChannelOrder): Promise<Answered<ReverseOutcome>> => {
    const { desk, clock, query } = deps;
    const asked = transactionOf(order, txnTimeOf(order));
    const before = await query(order);
    const { outcome: state } = before;
    // Voids and reversals are of the same day.
    const isSameDay = unionpayDayOf(order.openedAtMs ?? 0) === unionpayDayOf(clock.nowMs());
    if (state.type === 'closed' || state.type === 'refunded')
      return { outcome: state, evidence: before.evidence };
    if (state.type === 'unknown') return { outcome: state, evidence: before.evidence };
    if (!isSameDay) {
      const ageMs = clock.nowMs() - (order.openedAtMs ?? 0);
      return { outcome: late(state, ageMs), evidence: before.evidence };
    }
    const acted =
      state.type === 'paid'
        ? await desk.send(voidOf(asked), {
            txnType: '31',
            txnSubType: '00',
            origQryId: state.channelRef,
          })
        : await desk.send(asked, { txnType: '99', txnSubType: '01' });
    if (acted.type === 'none') return { outcome: unknown(acted.code), evidence: acted.evidence };
    const code = acted.fields['respCode'] ?? '';
    if (!wasTaken.has(code) && code !== notFoundCode)
      return { outcome: unknown(code), evidence: acted.evidence };
    const after = await query(order);
    const outcome =
      after.outcome.type === 'closed' || after.outcome.type === 'refunded'
        ? after.outcome
        : unknown('state-mismatch');
    return { outcome, evidence: bothOf(acted.evidence, after.evidence) };
  };

/**
 * By then no code of a payer can be charged any more, and no request is on its way (assumed: a code
 * lives for some minutes at most).
 */
const codeDeadAfterMs = 10 * 60_000;

/**
 * On another day a paid order is refunded, and what UnionPay does not know by then was never
 * charged. The day may have turned a second ago, though: then the charge may still arrive, and
 * nobody may be told that it did not.
 */
const late = (state: QueryOutcome, ageMs: number): ReverseOutcome => {
  if (state.type === 'paid') return { type: 'window-over' };
  const isNever = state.type === 'unpaid' && ageMs >= codeDeadAfterMs;
  return isNever ? { type: 'closed' } : unknown('window-over');
};
