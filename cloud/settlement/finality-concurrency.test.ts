import { sql } from 'drizzle-orm';
import { beforeAll, expect, it } from 'vitest';
import { postJournals } from '#cloud/ledger/post.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { fen } from '#shared/money/fen.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { lockBook, putPointsConfig } from '#cloud/points/points-config-store.ts';
import { runFinality } from '#cloud/settlement/finality.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';
import {
  balancesOf,
  dayMs,
  noonMs,
  operatorNo,
  paidOrder,
  provisionMerchants,
} from '#cloud/settlement/testing/paid-orders.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { defaultPointsConfig } from '#shared/points/points-config.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();

beforeAll(async () => {
  for (const index of [1, 2, 3, 4])
    await provisionMerchants(database.db, { operatorId: operatorNo(index), count: 3 });
});

async function brokenLaws(operatorId: OperatorId) {
  const laws = [...ledgerLaws, ...settlementLaws];
  return (await proveLaws(database.db, { operatorId, laws })).filter((proof) => !proof.holds);
}

const memberId = 'mbr_01J00000000000000000000001' as MemberId;

it('bookings, finality runs and releases side by side neither block each other for good nor lose a fen', async () => {
  const operatorId = operatorNo(1);
  const ordersOf = (lane: number, round: number) =>
    Array.from({ length: 12 }, (_, index) =>
      paidOrder({
        operatorId,
        index: lane * 1_000 + round * 100 + index,
        merchant: 1 + ((lane + index) % 3),
        amountFen: 5_000 + index,
        source: (['cash', 'channel', 'box', 'channel'] as const)[index % 4] ?? 'cash',
        memberId,
      }),
    );
  const rounds = [0, 1, 2, 3, 4, 5];
  const book = async (lane: number) => {
    for (const round of rounds) {
      // Every batch comes twice, from both lanes and in both directions.
      const orders = ordersOf(1 + (round % 2), round);
      const given = lane === 1 ? orders : orders.toReversed();
      getOrThrow(await database.db.transaction((tx) => bookPaidOrders(tx, given)));
    }
  };
  const finish = async () => {
    for (const _ of rounds)
      await database.db.transaction((tx) =>
        runFinality(tx, { operatorId, asOfMs: noonMs + 8 * dayMs }),
      );
  };
  /** As a release does: the points book first, then the books. */
  const release = async () => {
    for (const round of rounds)
      await database.db.transaction(async (tx) => {
        await lockBook(tx, operatorId, 'update');
        const legs = [
          { account: 'fund_free', amountFen: fen(-1) },
          { account: 'voucher_outstanding', amountFen: fen(1) },
        ] as const;
        const journal = { operatorId, merchantId: null, kind: 'release', eventAtMs: noonMs, legs };
        // Refused while the fund is empty, which is as it should be.
        await postJournals(tx, [{ ...journal, idemKey: `release:${round}` }]);
      });
  };
  await Promise.all([book(1), book(2), finish(), release(), finish()]);
  await finish();
  const { rows } = await database.db.execute(sql`
    SELECT count(*) AS lines FROM settlement_line WHERE operator_id = ${operatorId}`);
  expect(rows).toEqual([{ lines: 72 }]);
  expect(await brokenLaws(operatorId)).toEqual([]);
});

it.each([
  ['cash', 2],
  ['box', 4],
] as const)(
  'keeps the points of a %s sale pending until its concession is collected',
  async (source, no) => {
    const operatorId = operatorNo(no);
    const owing = paidOrder({ operatorId, index: 1, amountFen: 10_000, source, memberId });
    getOrThrow(await database.db.transaction((tx) => bookPaidOrders(tx, [owing])));
    const stateOf = async () => {
      const { rows } = await database.db.execute(sql`SELECT state FROM points_lot
      WHERE operator_id = ${operatorId} AND order_id = ${owing.orderId}`);
      return rows[0]?.['state'];
    };
    const finish = (days: number) =>
      database.db.transaction((tx) =>
        runFinality(tx, { operatorId, asOfMs: noonMs + days * dayMs }),
      );
    await finish(8);
    expect(await stateOf()).toBe('pending');
    const choices = { index: 2, amountFen: 20_000, concessionBp: 300 };
    const acceptedAtMs = noonMs + dayMs;
    const sale = paidOrder({ operatorId, ...choices, acceptedAtMs });
    getOrThrow(await database.db.transaction((tx) => bookPaidOrders(tx, [sale])));
    await finish(9);
    expect(await stateOf()).toBe('final');
    expect(await brokenLaws(operatorId)).toEqual([]);
  },
);

it('divides a concession by the rules of the month of the sale, not of the month of its finality', async () => {
  const operatorId = operatorNo(3);
  await database.db.transaction(async (tx) => {
    const config = { ...defaultPointsConfig, marginBp: basisPoints(0) };
    const approval = { proposedBy: 'one', approvedBy: 'two' };
    getOrThrow(
      await putPointsConfig(tx, { operatorId, effectivePeriod: '2026-04', config, ...approval }),
    );
    const inMarch = paidOrder({
      operatorId,
      index: 1,
      amountFen: 10_000,
      acceptedAtMs: Date.UTC(2026, 2, 31, 15, 59),
    });
    const inApril = paidOrder({
      operatorId,
      index: 2,
      amountFen: 10_000,
      acceptedAtMs: Date.UTC(2026, 2, 31, 16, 0),
    });
    getOrThrow(await bookPaidOrders(tx, [inMarch, inApril]));
    await runFinality(tx, { operatorId, asOfMs: Date.UTC(2026, 3, 20) });
  });
  expect(await balancesOf(database.db, operatorId)).toMatchObject({
    margin: 300,
    fund_free: 3_500,
  });
});
