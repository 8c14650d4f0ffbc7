import { sql } from 'drizzle-orm';
import { postJournals, type LedgerError } from '#cloud/ledger/post.ts';
import { withSavepoint } from '#cloud/ledger/savepoint.ts';
import { orderJournals } from '#cloud/orders/order-journals.ts';
import { insertClaims } from '#cloud/members/order-claims.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { withoutConcessionAfterStop } from '#cloud/policy/wind-down.ts';
import { instructOrders } from '#cloud/settlement/instructions/order-instructions.ts';
import {
  insertSettlementLines,
  sameDayShares,
  storedOrders,
  type SplitOrder,
} from '#cloud/settlement/settlement-lines.ts';
import { splitSale, type SplitError } from '#cloud/settlement/settlement-split.ts';
import { basisPoints, type BasisPoints } from '#shared/money/rate.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { defaultPointsConfig, type PointsConfig } from '#shared/points/points-config.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Err, type Result } from '#shared/result/result.ts';

export const bookBatchMax = 1_000;

export type BookError =
  | { readonly type: 'book-batch-too-large'; readonly count: number }
  /** This order breaks a rule: park it, book the rest. */
  | { readonly type: 'order-refused'; readonly orderId: string; readonly why: SplitError }
  /** These orders were booked before with other money, rate or source. */
  | { readonly type: 'order-contradicted'; readonly orderIds: readonly string[] }
  /** Vouchers outstanding do not cover the batch: book the orders named one by one to find the one at fault. */
  | { readonly type: 'voucher-not-covered'; readonly orderIds: readonly string[] }
  | { readonly type: 'ledger-refused'; readonly error: LedgerError };

/**
 * Books up to {@link bookBatchMax} paid orders, each exactly once however often it is delivered: settlement line,
 * journals, pending points. Set-based: the number of statements does not grow with the batch. All or nothing; after
 * an error `tx` can be used further. `booked` counts the orders that were new.
 */
export async function bookPaidOrders(
  tx: Tx,
  orders: readonly PaidOrder[],
): Promise<Result<{ readonly booked: number }, BookError>> {
  if (orders.length === 0) return ok({ booked: 0 });
  if (orders.length > bookBatchMax)
    return err({ type: 'book-batch-too-large', count: orders.length });
  const unique = distinct(orders);
  if (!unique.ok) return unique;
  return await withSavepoint(tx, (inner) => book(inner, unique.value));
}

/** Would these rules take this order? `sameDayBp` is the merchant's own share. Errors: order-refused. */
export function judgeOrder(
  order: PaidOrder,
  rules: { readonly config: PointsConfig; readonly sameDayBp: BasisPoints | undefined },
): Result<void, BookError> {
  const split = splitAll([order], () => termsBy(rules));
  return split.ok ? ok(undefined) : split;
}

function distinct(orders: readonly PaidOrder[]): Result<readonly PaidOrder[], BookError> {
  const seen = new Map<string, PaidOrder>();
  for (const order of orders) {
    const key = `${order.operatorId}/${order.merchantId}/${order.orderId}`;
    const first = seen.get(key);
    if (first !== undefined && money(first) !== money(order))
      return err({ type: 'order-contradicted', orderIds: [order.orderId] });
    if (first === undefined) seen.set(key, order);
  }
  return ok([...seen.values()]);
}

const money = (order: PaidOrder): string =>
  `${order.source} ${order.amountFen} ${order.voucherFen} ${order.concessionBp}`;

async function book(
  tx: Tx,
  given: readonly PaidOrder[],
): Promise<Result<{ readonly booked: number }, BookError>> {
  const { orders, isStopped } = await withoutConcessionAfterStop(tx, given);
  // What was booked stays as it was booked: it is not judged again by rules that came later.
  const stored = await storedOrders(tx, orders);
  if (stored.contradicted.length > 0) return contradiction(stored.contradicted);
  const unknown = orders.filter((order) => !stored.has(order));
  const termsFor = await termsOf(tx, unknown);
  const splits = splitAll(unknown, (order) =>
    isStopped(order) ? withoutConcession(termsFor(order)) : termsFor(order),
  );
  if (!splits.ok) return splits;
  const fresh = await insertSettlementLines(tx, splits.value);
  if (fresh.length < unknown.length) {
    // Another connection booked some of them since.
    const { contradicted } = await storedOrders(tx, unknown);
    if (contradicted.length > 0) return contradiction(contradicted);
  }
  const freshOrders = fresh.map(({ order }) => order);
  // Of all orders given: a claim token may become known after its order was booked.
  await insertClaims(tx, orders);
  const { issued } = await issuePendingPoints(tx, freshOrders);
  // An order number belongs to the shop that booked it first; another shop with the same number is at fault.
  if (issued < freshOrders.length) return contradiction(await ordersOfOthers(tx, freshOrders));
  // The books come last: their rows are the ones that other transactions wait for.
  const journals = fresh.flatMap(({ order, split }) => {
    const { sale, subsidy } = orderJournals(order, split);
    return sale === undefined ? subsidy : [sale, ...subsidy];
  });
  // What the channel is told of it is written, and its amount held, in the same transaction.
  journals.push(...(await instructOrders(tx, fresh)));
  const posted = await postJournals(tx, journals);
  if (!posted.ok) return err(explain(posted.error, freshOrders));
  assert(
    posted.value.postedCount === journals.length,
    () => `${posted.value.repeatedCount} journals of orders without a settlement line existed`,
  );
  return ok({ booked: fresh.length });
}

/** Of these orders, those whose number stands in the points book for another merchant. */
async function ordersOfOthers(tx: Tx, orders: readonly PaidOrder[]): Promise<readonly string[]> {
  const { rows } = await tx.execute<{ order_id: string }>(sql`
    select p.order_id
      from jsonb_to_recordset(${JSON.stringify(orders)}::jsonb)
             as o("operatorId" text, "merchantId" text, "orderId" text)
      join points_order p on p.operator_id = o."operatorId" and p.order_id = o."orderId"
       and p.merchant_id <> o."merchantId"`);
  return rows.map((row) => row.order_id);
}

const contradiction = (orderIds: readonly string[]): Err<BookError> =>
  err({ type: 'order-contradicted', orderIds });

/** What a sale is parted by: the operator's rules on the days of its terms, the merchant's share. */
type Terms = Parameters<typeof splitSale>[1];

async function termsOf(tx: Tx, orders: readonly PaidOrder[]): Promise<(order: PaidOrder) => Terms> {
  const sameDayOf = await sameDayShares(tx, orders);
  const configs = new Map<string, PointsConfig>();
  for (const { operatorId, ...order } of orders)
    for (const period of [rateDayOf(order), voucherDayOf(order)]) {
      const key = `${operatorId}/${period}`;
      if (!configs.has(key))
        configs.set(key, (await pointsConfigAt(tx, { operatorId, period })).config);
    }
  const rulesOn = (order: PaidOrder, day: string) =>
    configs.get(`${order.operatorId}/${day}`) ?? defaultPointsConfig;
  return (order) => {
    const { concessionMinBp, concessionMaxBp } = rulesOn(order, rateDayOf(order));
    const config = { ...rulesOn(order, voucherDayOf(order)), concessionMinBp, concessionMaxBp };
    return termsBy({ config, sameDayBp: sameDayOf(order) });
  };
}

/** A merchant who set no share of his own has the operator's. */
const termsBy = (rules: {
  readonly config: PointsConfig;
  readonly sameDayBp: BasisPoints | undefined;
}): Terms => ({
  config: rules.config,
  sameDayBp: rules.sameDayBp ?? rules.config.settleImmediateBp,
});

type Dated = Pick<PaidOrder, 'acceptedAtMs' | 'agreed'>;

/** The day whose rules say what its concession may be. */
const rateDayOf = ({ acceptedAtMs, agreed }: Dated): string =>
  accountingDate(agreed?.rateAtMs ?? acceptedAtMs);

/** The day whose rules say how much of it vouchers may pay. */
const voucherDayOf = ({ acceptedAtMs, agreed }: Dated): string =>
  accountingDate(agreed?.vouchersAtMs ?? acceptedAtMs);

function splitAll(
  orders: readonly PaidOrder[],
  termsFor: (order: PaidOrder) => Terms,
): Result<readonly SplitOrder[], BookError> {
  const splits: SplitOrder[] = [];
  for (const order of orders) {
    const split = splitSale(order, termsFor(order));
    if (!split.ok) return err({ type: 'order-refused', orderId: order.orderId, why: split.error });
    splits.push({ order, split: split.value });
  }
  return ok(splits);
}

/** After the stop of a winding down there is no concession, and so no rate that could be too low. */
const withoutConcession = (terms: Terms): Terms => ({
  ...terms,
  config: { ...terms.config, concessionMinBp: basisPoints(0) },
});

function explain(error: LedgerError, orders: readonly PaidOrder[]): BookError {
  const uncovered =
    error.type === 'balance-refused'
      ? error.violations.filter((one) => one.account === 'voucher_outstanding')
      : [];
  if (uncovered.length === 0) return { type: 'ledger-refused', error };
  const operators = new Set(uncovered.map((one) => one.operatorId));
  return {
    type: 'voucher-not-covered',
    orderIds: orders
      .filter((order) => order.voucherFen > 0 && operators.has(order.operatorId))
      .map((order) => order.orderId),
  };
}
