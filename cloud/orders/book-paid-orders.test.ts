import { sql } from 'drizzle-orm';
import { constantFrom, integer, record, sample, shuffledSubarray } from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { putPointsConfig } from '#cloud/points/points-config-store.ts';
import { runFinality } from '#cloud/settlement/finality.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';
import {
  balancesOf,
  dayMs,
  noonMs,
  operatorNo,
  orderNo,
  paidOrder,
  provisionMerchants,
  signThreeRoles,
} from '#cloud/settlement/testing/paid-orders.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { defaultPointsConfig } from '#shared/points/points-config.ts';
import { getOrThrow } from '#shared/result/result.ts';

interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly input: Readonly<Record<string, number>>;
  readonly expect: Readonly<Record<string, number | string>>;
}

const file = new URL('../../shared/points/vectors/points-vectors.json', import.meta.url);
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as { vectors: readonly Vector[] }).vectors;

const database = useTestDatabase();
let operators = 0;

async function freshOperator(): Promise<OperatorId> {
  operators += 1;
  const operatorId = operatorNo(operators);
  await provisionMerchants(database.db, { operatorId, count: 3 });
  return operatorId;
}

const book = (orders: readonly PaidOrder[]) =>
  database.db.transaction((tx) => bookPaidOrders(tx, orders));

const finality = (operatorId: OperatorId, asOfMs: number) =>
  database.db.transaction((tx) => runFinality(tx, { operatorId, asOfMs }));

/** Money in the fund, as if concession had become final, and vouchers released out of it. */
async function release(operatorId: OperatorId, voucherFen: number, fundFen = 0): Promise<void> {
  const legs = [
    { account: 'ring_fenced_cash', amountFen: fen(-fundFen) },
    { account: 'fund_free', amountFen: fen(fundFen - voucherFen) },
    { account: 'voucher_outstanding', amountFen: fen(voucherFen) },
  ] as const;
  const journal = {
    operatorId,
    merchantId: null,
    idemKey: `release:${voucherFen}`,
    kind: 'release',
    eventAtMs: noonMs,
    legs: legs.filter((leg) => leg.amountFen !== 0),
  };
  getOrThrow(await database.db.transaction((tx) => postJournals(tx, [journal])));
}

async function brokenLaws(operatorId: OperatorId) {
  const laws = [...ledgerLaws, ...settlementLaws];
  const proofs = await proveLaws(database.db, { operatorId, laws });
  return proofs.filter((proof) => !proof.holds);
}

describe('the public vectors of kind order, through the books', () => {
  it.each(vectors.filter((one) => one.kind === 'order').map((one) => [one.id, one] as const))(
    '%s',
    async (_, { input, expect: expected }) => {
      const operatorId = await freshOperator();
      const voucherFen = input['V'] ?? 0;
      if (voucherFen > 0) await release(operatorId, voucherFen, voucherFen);
      const order = paidOrder({
        operatorId,
        index: 1,
        amountFen: input['A'] ?? 0,
        voucherFen,
        concessionBp: input['rateBp'] ?? 0,
      });
      const outcome = await book([order]);
      if (expected['error'] !== undefined) {
        const type =
          String(expected['error']) === 'COUPON_SHARE_EXCEEDED'
            ? { type: 'voucher-share-exceeded', voucherFenMax: expected['maxCoupon'] }
            : { type: 'concession-out-of-range' };
        expect(outcome).toMatchObject({ ok: false, error: { type: 'order-refused', why: type } });
        return;
      }
      expect(getOrThrow(outcome)).toEqual({ booked: 1 });
      const before = await balancesOf(database.db, operatorId);
      expect(before['merchant_payable']).toBe(Number(expected['merchantSameDay']) + voucherFen);
      expect((before['merchant_reserve'] ?? 0) + (before['concession_pending'] ?? 0)).toBe(
        expected['reserve'],
      );
      expect(before['concession_pending'] ?? 0).toBe(expected['concession']);
      await finality(operatorId, noonMs + 7 * dayMs);
      const after = await balancesOf(database.db, operatorId);
      expect(after['merchant_payable']).toBe(expected['merchantTotal']);
      expect(after['merchant_reserve'] ?? 0).toBe(0);
      expect(await brokenLaws(operatorId)).toEqual([]);
    },
  );
});

describe('the public ledger story', () => {
  it('stands after every event exactly as published', async () => {
    const operatorId = await freshOperator();
    await signThreeRoles(database.db, operatorId);
    const story = vectors.find((one) => one.id === 'ledger-story');
    const log = (story!.expect as unknown as { log: Readonly<Record<string, unknown>>[] }).log;
    let subsidyFen = 0;
    const check = async (event: number) => {
      const balance = await balancesOf(database.db, operatorId);
      const at = (account: string): number => balance[account] ?? 0;
      const { event: _words, ...expected } = log[event]!;
      expect({
        channelIn: -at('channel_clearing') - subsidyFen + takenByFinality(at),
        merchantPaid: at('merchant_payable'),
        reserve: at('merchant_reserve'),
        pendingConcession: at('concession_pending'),
        fundFree: at('fund_free'),
        couponOutstanding: at('voucher_outstanding'),
        agentPayable: at('agent_payable'),
        margin: at('margin'),
        contingency: at('contingency'),
      }).toEqual(expected);
      expect(await brokenLaws(operatorId)).toEqual([]);
    };
    /** Concession that finality moved from the channel to the operator's accounts. */
    const takenByFinality = (at: (account: string) => number): number =>
      -at('ring_fenced_cash') - at('operating_cash') + subsidyFen;

    getOrThrow(await book([paidOrder({ operatorId, index: 1, amountFen: 100_000 })]));
    await check(0);
    await finality(operatorId, noonMs + 7 * dayMs);
    await check(1);
    await release(operatorId, 2_500);
    await check(2);
    const second = { index: 2, amountFen: 6_000, voucherFen: 2_500, concessionBp: 1_000 };
    const acceptedAtMs = noonMs + 8 * dayMs;
    getOrThrow(await book([paidOrder({ operatorId, ...second, acceptedAtMs })]));
    subsidyFen = 2_500;
    await check(3);
    await finality(operatorId, acceptedAtMs + 7 * dayMs);
    await check(4);
  });
});

describe('booking', () => {
  it('books an order once, however often it is delivered', async () => {
    const operatorId = await freshOperator();
    const order = paidOrder({ operatorId, index: 1, amountFen: 10_001, concessionBp: 1_000 });
    expect(getOrThrow(await book([order, order]))).toEqual({ booked: 1 });
    const once = await balancesOf(database.db, operatorId);
    expect(getOrThrow(await book([{ ...order, acceptedAtMs: noonMs + 5 }]))).toEqual({ booked: 0 });
    expect(await balancesOf(database.db, operatorId)).toEqual(once);
  });

  it('books an order once when many connections deliver it at the same time', async () => {
    const operatorId = await freshOperator();
    const orders = Array.from({ length: 20 }, (_, index) =>
      paidOrder({ operatorId, index, merchant: 1 + (index % 3), amountFen: 1_000 + index }),
    );
    const outcomes = await Promise.all([
      book(orders),
      book(orders.toReversed()),
      book(orders.slice(5)),
      book(orders.slice(0, 15)),
    ]);
    const booked = outcomes.map((outcome) => getOrThrow(outcome).booked);
    expect(booked.reduce((sum, one) => sum + one, 0)).toBe(20);
    expect(await brokenLaws(operatorId)).toEqual([]);
  });

  it('keeps to what was booked when the merchant changes his same-day share later', async () => {
    const operatorId = await freshOperator();
    const order = paidOrder({ operatorId, index: 1, amountFen: 10_000 });
    getOrThrow(await book([order]));
    await database.db.execute(
      sql`UPDATE merchant SET same_day_bp = 5000 WHERE operator_id = ${operatorId}`,
    );
    expect(getOrThrow(await book([order]))).toEqual({ booked: 0 });
    getOrThrow(await book([paidOrder({ operatorId, index: 2, amountFen: 10_000 })]));
    expect((await balancesOf(database.db, operatorId))['merchant_payable']).toBe(8_000 + 5_000);
  });

  it('does not judge what was booked by rules that came later', async () => {
    const operatorId = await freshOperator();
    const order = paidOrder({ operatorId, index: 1, amountFen: 10_000, concessionBp: 300 });
    getOrThrow(await book([order]));
    const config = { ...defaultPointsConfig, concessionMinBp: basisPoints(500) };
    const approval = { proposedBy: 'one', approvedBy: 'two' };
    await database.db.transaction(async (tx) => {
      const change = { operatorId, effectivePeriod: '2026-04', config, ...approval };
      getOrThrow(await putPointsConfig(tx, change));
    });
    const inApril = { acceptedAtMs: noonMs + 40 * dayMs };
    expect(getOrThrow(await book([{ ...order, ...inApril }]))).toEqual({ booked: 0 });
    const second = paidOrder({ operatorId, index: 2, amountFen: 10_000, concessionBp: 300 });
    expect(await book([{ ...second, ...inApril }])).toMatchObject({
      error: { type: 'order-refused', why: { type: 'concession-out-of-range', minBp: 500 } },
    });
  });

  it('refuses the same order with other money and books nothing of that batch', async () => {
    const operatorId = await freshOperator();
    getOrThrow(await book([paidOrder({ operatorId, index: 1, amountFen: 100 })]));
    const outcome = await book([
      paidOrder({ operatorId, index: 2, amountFen: 500 }),
      paidOrder({ operatorId, index: 1, amountFen: 101 }),
    ]);
    expect(outcome).toEqual({
      ok: false,
      error: { type: 'order-contradicted', orderIds: [orderNo(1)] },
    });
    expect((await balancesOf(database.db, operatorId))['channel_clearing']).toBe(-100);
  });

  it('names the orders whose vouchers are not covered and leaves the transaction usable', async () => {
    const operatorId = await freshOperator();
    await release(operatorId, 100, 100);
    const covered = paidOrder({ operatorId, index: 1, amountFen: 1_000, voucherFen: 100 });
    const uncovered = paidOrder({ operatorId, index: 2, amountFen: 1_000, voucherFen: 1 });
    const plain = paidOrder({ operatorId, index: 3, amountFen: 1_000 });
    await database.db.transaction(async (tx) => {
      expect(await bookPaidOrders(tx, [covered, uncovered, plain])).toEqual({
        ok: false,
        error: { type: 'voucher-not-covered', orderIds: [orderNo(1), orderNo(2)] },
      });
      getOrThrow(await bookPaidOrders(tx, [covered, plain]));
    });
    expect(await brokenLaws(operatorId)).toEqual([]);
  });

  it.each([
    ['net that is not gross less vouchers', { netFen: 99 as Fen }],
    ['vouchers below nothing', { voucherFen: -1 as Fen, netFen: 101 as Fen }],
    ['nothing paid', { amountFen: 0 as Fen, netFen: 0 as Fen }],
  ])('refuses an order with %s', async (_, change: Partial<PaidOrder>) => {
    const order = paidOrder({ operatorId: await freshOperator(), index: 1, amountFen: 100 });
    expect(await book([{ ...order, ...change }])).toMatchObject({
      ok: false,
      error: { type: 'order-refused', why: { type: 'amounts-disagree' } },
    });
  });

  it('gives identical balances for 1,000 orders in any order, batching and repetition', async () => {
    const seed = 20_260_302;
    const [reference, shuffled] = [await freshOperator(), await freshOperator()];
    const choices = sample(
      record({
        amountFen: integer({ min: 1, max: 5_000_000 }),
        merchant: integer({ min: 1, max: 3 }),
        concessionBp: integer({ min: 300, max: 2_000 }),
        source: constantFrom<PaidOrder['source']>('channel', 'channel', 'cash', 'box'),
        acceptedAtMs: integer({ min: noonMs, max: noonMs + 5 * dayMs }),
      }),
      { numRuns: 1_000, seed },
    );
    const ordersOf = (operatorId: OperatorId) =>
      choices.map((choice, index) => paidOrder({ operatorId, index, ...choice }));
    getOrThrow(await book(ordersOf(reference)));
    const deliveries = sample(
      shuffledSubarray([...ordersOf(shuffled), ...ordersOf(shuffled).slice(300)], {
        minLength: 1_700,
      }),
      { numRuns: 1, seed },
    )[0]!;
    const size = 170;
    for (let start = 0; start < deliveries.length; start += size)
      getOrThrow(await book(deliveries.slice(start, start + size)));
    expect(await balancesOf(database.db, shuffled)).toEqual(
      await balancesOf(database.db, reference),
    );
    await finality(reference, noonMs + 30 * dayMs);
    for (const day of [8, 9, 10, 11, 30]) await finality(shuffled, noonMs + day * dayMs);
    for (const operatorId of [reference, shuffled])
      expect(await brokenLaws(operatorId)).toEqual([]);
  });
});
