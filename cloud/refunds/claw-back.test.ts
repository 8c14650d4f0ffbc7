import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import {
  fundWith,
  memberOf,
  operatorOf,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { bookRefund } from '#cloud/refunds/book-refund.ts';
import { refundLaws } from '#cloud/refunds/refund-laws.ts';
import { insertRefund, type KeptRefund } from '#cloud/refunds/refund-store.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import { runFinality } from '#cloud/settlement/finality.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';
import { voucherLaws } from '#cloud/vouchers/voucher-laws.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { refundSteps } from '#shared/points/refund/refund.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';

const database = useTestDatabase();
let operatorCount = 900;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);

/** Books a refund whose money went back, as the worker does. */
async function refund(
  order: PaidOrder,
  part: { readonly refundNo: number; readonly cashFen: number; readonly day: string },
): Promise<KeptRefund> {
  const atMs = dayStartMs(part.day) + 12 * 3_600_000;
  const kept: KeptRefund = {
    operatorId: order.operatorId,
    merchantId: order.merchantId,
    terminalId: order.terminalId,
    orderId: order.orderId,
    refundNo: part.refundNo,
    how: 'channel',
    amountFen: fen(part.cashFen),
    cashFen: fen(part.cashFen),
    voucherFen: fen(0),
    cashier: '小王',
    reason: '',
    businessDate: part.day,
    askedAtMs: atMs,
    charge: { attempt: 1, outRefundNo: `${order.orderId}T${part.refundNo}` },
    progress: { status: 'booking', fruitlessTries: 0, nextAtMs: atMs, code: undefined },
    concessionFen: undefined,
    points: undefined,
  };
  await inTx(async (tx) => {
    await insertRefund(tx, kept);
    getOrThrow(await bookRefund(tx, kept, atMs));
  });
  return kept;
}

/** A member whose order is final, and for whom one month was released. */
async function releasedMember(operatorId: OperatorId) {
  const buy = (index: number, day: string, member: number) =>
    paidOrder(operatorId, index, { day, member, netFen: 1_000_000 });
  const sale = buy(1, '2026-01-05', 1);
  const book = (order: PaidOrder) =>
    inTx(async (tx) => void getOrThrow(await bookPaidOrders(tx, [order])));
  const finish = (day: string) =>
    inTx((tx) => runFinality(tx, { operatorId, asOfMs: dayStartMs(day) }));
  const close = (period: string) =>
    inTx(async (tx) => void getOrThrow(await closePeriod(tx, { operatorId, period })));
  await inTx(async (tx) => {
    await usePilotConfig(tx, operatorId);
    await fundWith(tx, operatorId, { key: 'seed', amountFen: 10_000_000 });
  });
  await book(sale);
  await finish('2026-01-20');
  await close('2026-01');
  // The stock doubles, so that February's gate opens.
  await book(buy(2, '2026-02-02', 2));
  await finish('2026-02-20');
  await close('2026-02');
  await book(buy(3, '2026-03-05', 1));
  await inTx((tx) => runReleaseDay(tx, { operatorId, period: '2026-02', day: '2026-03-05' }));
  return { sale, memberId: memberOf(1) };
}

async function accountOf(operatorId: OperatorId) {
  const { rows } = await database.db.execute<{
    issued: number;
    released: number;
    left: number;
    clawed: number;
  }>(sql`
    select a.issued, a.released,
           (select coalesce(sum(left_fen), 0)::bigint from voucher v
             where v.operator_id = a.operator_id and v.member_id = a.member_id) as left,
           (select coalesce(sum(clawed_fen), 0)::bigint from voucher v
             where v.operator_id = a.operator_id and v.member_id = a.member_id) as clawed
      from account_points a where a.operator_id = ${operatorId} and a.member_id = ${memberOf(1)}`);
  return rows[0]!;
}
const brokenLaws = async (operatorId: OperatorId) =>
  (
    await proveLaws(database.db, {
      operatorId,
      laws: [...ledgerLaws, ...settlementLaws, ...voucherLaws, ...refundLaws],
    })
  )
    .filter(({ holds }) => !holds)
    .map(({ name, violations }) => ({ name, violations }));

it('after a release, unspent vouchers are cancelled at the account’s average and go back to the fund', async () => {
  const operatorId = freshOperator();
  const { sale } = await releasedMember(operatorId);
  const before = await accountOf(operatorId);
  expect(before.released).toBeGreaterThan(0);
  expect(before.left).toBeGreaterThan(0);
  await refund(sale, { refundNo: 1, cashFen: 1_000_000, day: '2026-03-07' });
  const after = await accountOf(operatorId);
  expect(after).toEqual({ issued: 0, released: 0, left: 0, clawed: before.left });
  expect(await brokenLaws(operatorId)).toEqual([]);
});

it('what was spent already is a debt: later dues pay it off before anything is released', async () => {
  const operatorId = freshOperator();
  const { sale } = await releasedMember(operatorId);
  const before = await accountOf(operatorId);
  // Spent at some shop: the wallet is empty, and the books let the value go.
  await database.db.execute(sql`
    update voucher set spent_fen = left_fen, left_fen = 0
     where operator_id = ${operatorId} and member_id = ${memberOf(1)}`);
  await refund(sale, { refundNo: 1, cashFen: 1_000_000, day: '2026-03-07' });
  const after = await accountOf(operatorId);
  expect(after).toMatchObject({ issued: 0, released: before.released, clawed: 0 });
  const { rows } = await database.db.execute(sql`
    select points, cancelled_fen, debt_points, concession_fen from order_refund
     where operator_id = ${operatorId}`);
  expect(rows).toEqual([
    { points: 200_000, cancelled_fen: 0, debt_points: before.released, concession_fen: 0 },
  ]);
});

it('refunds in parts after a release end where one refund of the whole ends', async () => {
  const [inParts, atOnce] = [freshOperator(), freshOperator()];
  const parts = [1, 333_333, 99, 666_567];
  const { sale } = await releasedMember(inParts);
  for (const [index, cashFen] of parts.entries())
    await refund(sale, { refundNo: index + 1, cashFen, day: '2026-03-07' });
  const whole = await releasedMember(atOnce);
  await refund(whole.sale, { refundNo: 1, cashFen: 1_000_000, day: '2026-03-07' });
  expect(await accountOf(inParts)).toEqual(await accountOf(atOnce));
  expect(await brokenLaws(inParts)).toEqual([]);
});

interface RefundVector {
  readonly input: {
    readonly A: number;
    readonly V: number;
    readonly rateBp: number;
    readonly refunds: readonly number[];
  };
}

it('the public vectors of refunds come out of the books as out of the pure rule', async () => {
  const file = new URL('../../shared/points/vectors/points-vectors.json', import.meta.url);
  const all = JSON.parse(readFileSync(file, 'utf8')) as {
    vectors: (RefundVector & { readonly kind: string })[];
  };
  const vectors = all.vectors.filter(({ kind }) => kind === 'refund');
  expect(vectors.length).toBeGreaterThan(0);
  const operatorId = freshOperator();
  await inTx((tx) => usePilotConfig(tx, operatorId));
  for (const [index, { input }] of vectors.entries()) {
    const netFen = fen(input.A - input.V);
    const concessionBp = basisPoints(input.rateBp);
    const sale = {
      ...paidOrder(operatorId, 100 + index, { day: '2026-01-05', netFen, concessionBp }),
      orderId: orderOf(100 + index),
    };
    await inTx(async (tx) => void getOrThrow(await bookPaidOrders(tx, [sale])));
    const terms = { amountFen: fen(input.A), voucherFen: fen(input.V), concessionBp };
    const { steps, concessionLeftFen } = refundSteps(terms, input.refunds.map(fen));
    for (const [number, { cashRefundFen: cashFen }] of steps.entries())
      if (cashFen > 0) await refund(sale, { refundNo: number + 1, cashFen, day: '2026-01-06' });
    const { rows } = await database.db.execute(sql`
      select concession_fen - returned_concession_fen as left_fen from settlement_line
       where operator_id = ${operatorId} and order_id = ${sale.orderId}`);
    expect(rows).toEqual([{ left_fen: concessionLeftFen }]);
  }
});
