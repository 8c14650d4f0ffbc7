import type { BoxOutcome, BoxSale } from '#drivers/ecr/box-pos.ts';
import { boxClockSkewMsMax } from '#drivers/ecr/retry-policy.ts';
import { attemptMax, outTradeNo, parseId, type OrderId } from '#shared/ids/ids.ts';
import { subtractFen, type Fen } from '#shared/money/fen.ts';
import type { Order } from '#shared/order/order.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';

/** What a word of the box about an attempt means for its order. Pure. */
export interface BoxDecision {
  readonly facts: readonly EntryFact[];
  /** `done`: definite. `ask`: only a query of the box can tell. */
  readonly next: 'done' | 'ask';
}

/** What the tender has to bring: the amount after vouchers. */
export const dueOfOrder = (order: Pick<Order, 'amountFen' | 'voucherFen'>): Fen =>
  subtractFen(order.amountFen, order.voucherFen);

/** The sale as the box is told of it: our number of the attempt is what it finds the sale by later. */
export const intentOf = (order: Order): BoxSale => ({
  merchantOrderNo: outTradeNo(order.orderId, order.attempt),
  amountFen: dueOfOrder(order),
  // Not later than the sale was handed over: a box that only tells its last sale knows older ones by it.
  startedAtMs: order.openedAtMs,
});

/** The attempt that a number of {@link intentOf} stands for; undefined for a number that is not ours. */
export function attemptOfNo(
  merchantOrderNo: string,
): { readonly orderId: OrderId; readonly attempt: number } | undefined {
  const match = /^([0-9A-Z]{26})(\d{2})$/.exec(merchantOrderNo);
  const orderId = match && parseId('ord', `ord_${match[1]}`);
  const attempt = Number(match?.[2]);
  return orderId && attempt >= 1 && attempt <= attemptMax ? { orderId, attempt } : undefined;
}

/**
 * Decides on the answer to a sale or to a query of an order that is `pos-sent` or `pos-unknown`.
 *
 * A sale of which not one byte left is definitely not charged; a query that did not leave says nothing. An approval of
 * another sum is not believed: the order stays unknown, and people compare the box's slip.
 */
export function decideOnBox(
  order: Order,
  kind: 'sale' | 'query',
  heard: { readonly outcome: BoxOutcome; readonly nowMs: number },
): BoxDecision {
  const { outcome, nowMs } = heard;
  const attempt = { orderId: order.orderId, attempt: order.attempt };
  switch (outcome.type) {
    case 'approved':
      return outcome.evidence.amountFen === dueOfOrder(order)
        ? {
            facts: [paidFact(attempt, { outcome, openedAtMs: order.openedAtMs, nowMs })],
            next: 'done',
          }
        : { facts: unknownOnce(order, 'box-amount-mismatch'), next: 'ask' };
    case 'declined':
      return {
        facts: [{ type: 'pos.failed', body: { ...attempt, code: outcome.code } }],
        next: 'done',
      };
    case 'not-sent':
      return kind === 'sale' && order.state === 'pos-sent'
        ? {
            facts: [{ type: 'pos.failed', body: { ...attempt, code: outcome.code } }],
            next: 'done',
          }
        : { facts: [], next: 'ask' };
    case 'unknown':
      return { facts: unknownOnce(order, outcome.code), next: 'ask' };
    default:
      return exhaustive(outcome);
  }
}

type Approved = Extract<BoxOutcome, { type: 'approved' }>;

/** Wall times in ms of the till: when the sale was opened, and now. */
interface Heard {
  readonly openedAtMs: number;
  readonly nowMs: number;
}

/** `pos.paid` as the box said it. A box that tells no time, or none that can be, was paid when it was heard. */
export const paidFact = (
  attempt: { readonly orderId: string; readonly attempt: number },
  { outcome, ...heard }: { readonly outcome: Approved } & Heard,
): EntryFact => ({
  type: 'pos.paid',
  body: {
    ...attempt,
    amountFen: outcome.evidence.amountFen,
    boxRef: outcome.evidence.boxRef.slice(0, boxRefCharsMax),
    method: outcome.evidence.method,
    paidAtMs: Math.max(0, Math.trunc(paidAtOf(outcome.evidence.paidAtMs, heard))),
  },
});

/** As many as the journal takes; a bank's own field table may have room for more. */
const boxRefCharsMax = 64;

/**
 * When it was paid. The box's clock is believed between the opening of the sale and now; one that was never set would
 * date the payment to a day on which the shop had no rate agreed, or before 1970, which the journal does not take.
 */
const paidAtOf = (saidMs: number | null, { openedAtMs, nowMs }: Heard): number =>
  saidMs !== null && saidMs >= openedAtMs - boxClockSkewMsMax && saidMs <= nowMs + boxClockSkewMsMax
    ? saidMs
    : nowMs;

/** The journal says once that the outcome is unknown, and again only when people are to look at something else. */
const unknownOnce = (order: Order, code: string): readonly EntryFact[] =>
  order.state === 'pos-sent' || (forPeople.has(code) && order.reason !== code)
    ? [{ type: 'pos.unknown', body: { orderId: order.orderId, attempt: order.attempt, code } }]
    : [];

/** What a further query will not clear up by itself: the owner compares the box's slip. */
export const forPeople: ReadonlySet<string> = new Set(['box-amount-mismatch', 'box-other-sale']);
