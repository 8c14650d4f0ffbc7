import { sql } from 'drizzle-orm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { postJournals } from '#cloud/ledger/post.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import {
  balancesOf,
  fundWith,
  memberOf,
  operatorOf,
  orderOf,
} from '#cloud/points/testing/points-fixtures.ts';
import { expireVouchers } from '#cloud/vouchers/expire-vouchers.ts';
import { pinReservation, unpinReservation } from '#cloud/vouchers/pin-reservation.ts';
import {
  commitReservation,
  releaseLapsed,
  releaseReservation,
  reservationHoldMs,
  reserveVouchers,
  spendVouchersUpTo,
} from '#cloud/vouchers/reservations.ts';
import { readWallet } from '#cloud/vouchers/wallet.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);
const nowMs = 1_775_000_000_000;
const today = '2026-04-10';

/** The wallet of the public vector coupon-earliest-first: 5.00 to 31 May, 7.00 to 30 April, 3.00 to 31 March. */
const vectorWallet = [
  ['c1', 500, '2026-05-31'],
  ['c2', 700, '2026-04-30'],
  ['c3', 300, '2026-03-31'],
] as const;

async function plantWallet(
  operatorId: OperatorId,
  vouchers: readonly (readonly [id: string, amountFen: number, expiresOn: string])[] = vectorWallet,
): Promise<void> {
  await inTx(async (tx) => {
    const total = vouchers.reduce((sum, [, amountFen]) => sum + amountFen, 0);
    await fundWith(tx, operatorId, { key: 'fund', amountFen: total });
    getOrThrow(
      await postJournals(tx, [
        {
          operatorId,
          merchantId: null,
          idemKey: 'release',
          kind: 'release',
          eventAtMs: 0,
          legs: [
            { account: 'fund_free', amountFen: fen(-total) },
            { account: 'voucher_outstanding', amountFen: fen(total) },
          ],
        },
      ]),
    );
    for (const [id, amountFen, expiresOn] of vouchers)
      await tx.execute(sql`
        insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen, expires_on)
        values (${operatorId}, ${id}, ${memberOf(1)}, '2026-02', '2026-03-01', ${amountFen}, ${amountFen},
                ${expiresOn}::date)`);
  });
}

const reserve = (
  operatorId: OperatorId,
  options: { order?: number; amount?: number; member?: number; atMs?: number } = {},
) =>
  inTx((tx) =>
    reserveVouchers(tx, {
      operatorId,
      orderId: orderOf(options.order ?? 1),
      memberId: memberOf(options.member ?? 1),
      amountFen: fen(options.amount ?? 1800),
      today,
      nowMs: options.atMs ?? nowMs,
    }),
  );

const commit = (operatorId: OperatorId, reservationId: string, voucherFen = 900, order = 1) =>
  inTx((tx) =>
    commitReservation(tx, {
      operatorId,
      reservationId,
      orderId: orderOf(order),
      voucherFen: fen(voucherFen),
    }),
  );

const total = async (operatorId: OperatorId): Promise<number> =>
  (await readWallet(database.db, { operatorId, memberId: memberOf(1), today })).totalFen;

const leftOf = async (operatorId: OperatorId): Promise<Record<string, number>> => {
  const { rows } = await database.db.execute<{ id: string; left: number }>(sql`
    select voucher_id as id, left_fen as left from voucher
     where operator_id = ${operatorId} order by voucher_id`);
  return Object.fromEntries(rows.map(({ id, left }) => [id, left]));
};

describe('vouchers set aside for an order', () => {
  it('takes the earliest expiry first, up to half of the order, and skips what expired', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    const held = getOrThrow(await reserve(operatorId));
    expect(held).toMatchObject({ voucherFen: 900, expiresAtMs: nowMs + reservationHoldMs });
    expect(held.reservationId.length).toBeLessThanOrEqual(40);
    expect(await leftOf(operatorId)).toEqual({ c1: 300, c2: 0, c3: 300 });
    expect(await total(operatorId)).toBe(300);
  });

  it('floors the half of an odd order and stops at what the wallet holds', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    expect(getOrThrow(await reserve(operatorId, { amount: 999 })).voucherFen).toBe(499);
    expect(getOrThrow(await reserve(operatorId, { amount: 999_999 })).voucherFen).toBe(1200);
  });

  it('starts anew when the same order asks again, and gives back what it held', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    const first = getOrThrow(await reserve(operatorId));
    const second = getOrThrow(await reserve(operatorId, { amount: 200 }));
    expect(second.voucherFen).toBe(100);
    expect(await total(operatorId)).toBe(1100);
    expect(await commit(operatorId, first.reservationId)).toMatchObject({
      error: { type: 'voucher-reservation-invalid' },
    });
  });

  it('spends once, however often the order is committed', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    const { reservationId } = getOrThrow(await reserve(operatorId));
    for (const _ of [1, 2]) {
      const committed = getOrThrow(await commit(operatorId, reservationId));
      expect(committed).toMatchObject({ state: 'committed', voucherFen: 900 });
    }
    expect(await total(operatorId)).toBe(300);
    const release = await inTx((tx) => releaseReservation(tx, { operatorId, reservationId }));
    expect(release).toEqual({ released: false });
    expect(await reserve(operatorId)).toMatchObject({
      error: { type: 'voucher-reservation-invalid' },
    });
  });

  it('refuses another sum, another order and a reservation nobody made', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    const { reservationId } = getOrThrow(await reserve(operatorId));
    for (const attempt of [
      commit(operatorId, reservationId, 899),
      commit(operatorId, reservationId, 900, 2),
      commit(operatorId, 'rsv_unknown'),
    ])
      expect(await attempt).toEqual({ ok: false, error: { type: 'voucher-reservation-invalid' } });
    expect(await reserve(operatorId, { member: 2 })).toMatchObject({ ok: false });
  });

  it('holds for five minutes: then the next order of the member gets them', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    const first = getOrThrow(await reserve(operatorId, { amount: 2400 }));
    const soon = nowMs + reservationHoldMs - 1;
    expect(await reserve(operatorId, { order: 2, atMs: soon })).toMatchObject({
      error: { type: 'voucher-balance' },
    });
    const later = { order: 2, amount: 2400, atMs: nowMs + reservationHoldMs };
    expect(getOrThrow(await reserve(operatorId, later)).voucherFen).toBe(1200);
    expect(await commit(operatorId, first.reservationId, 1200)).toMatchObject({ ok: false });
  });

  it('commits late as long as nobody gave the vouchers back', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    const { reservationId } = getOrThrow(await reserve(operatorId));
    expect((await commit(operatorId, reservationId)).ok).toBe(true);
    const lapse = await inTx((tx) =>
      releaseLapsed(tx, { operatorId, nowMs: nowMs + 2 * reservationHoldMs }),
    );
    expect(lapse).toEqual({ released: 0 });
  });

  it('gives back what lapsed, once', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    getOrThrow(await reserve(operatorId));
    const lapse = () =>
      inTx((tx) => releaseLapsed(tx, { operatorId, nowMs: nowMs + reservationHoldMs }));
    expect(await lapse()).toEqual({ released: 1 });
    expect(await lapse()).toEqual({ released: 0 });
    expect(await total(operatorId)).toBe(1200);
  });

  it('a sale made in time and told late spends the same vouchers, if they are still there', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    const { reservationId } = getOrThrow(await reserve(operatorId));
    const later = nowMs + reservationHoldMs;
    await inTx((tx) => releaseLapsed(tx, { operatorId, nowMs: later }));
    expect(await total(operatorId)).toBe(1200);
    for (const _ of [1, 2]) expect((await commit(operatorId, reservationId)).ok).toBe(true);
    expect(await total(operatorId)).toBe(300);
  });

  it('vouchers that were given back on purpose are not taken again', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    const { reservationId } = getOrThrow(await reserve(operatorId));
    await inTx((tx) => releaseReservation(tx, { operatorId, reservationId }));
    expect((await commit(operatorId, reservationId)).ok).toBe(false);
    expect(await total(operatorId)).toBe(1200);
  });

  it('a lapsed reservation and its successor of the same order are not both spent', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    const first = getOrThrow(await reserve(operatorId, { amount: 400 }));
    const atMs = nowMs + reservationHoldMs;
    await inTx((tx) => releaseLapsed(tx, { operatorId, nowMs: atMs }));
    const second = getOrThrow(await reserve(operatorId, { amount: 400, atMs }));
    expect((await commit(operatorId, first.reservationId, 200)).ok).toBe(false);
    expect((await commit(operatorId, second.reservationId, 200)).ok).toBe(true);
    expect((await commit(operatorId, first.reservationId, 200)).ok).toBe(false);
    expect(await total(operatorId)).toBe(1000);
  });

  it('while a charge is under way its vouchers neither lapse nor change hands', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    const held = getOrThrow(await reserve(operatorId, { amount: 2400 }));
    expect(await inTx((tx) => pinReservation(tx, { ...held, operatorId }))).toBe(true);
    const atMs = nowMs + 100 * reservationHoldMs;
    expect(await inTx((tx) => releaseLapsed(tx, { operatorId, nowMs: atMs }))).toEqual({
      released: 0,
    });
    expect(await reserve(operatorId, { order: 2, atMs })).toMatchObject({ ok: false });
    expect(await reserve(operatorId, { atMs })).toMatchObject({
      error: { type: 'voucher-reservation-invalid' },
    });
    await inTx((tx) => unpinReservation(tx, { ...held, operatorId, nowMs: atMs }));
    expect(
      await inTx((tx) => releaseLapsed(tx, { operatorId, nowMs: atMs + reservationHoldMs })),
    ).toEqual({ released: 1 });
    // Lapsed, but nobody took them: a late second attempt gets the same vouchers, and only the same.
    const other = { ...held, operatorId, voucherFen: fen(1) };
    expect(await inTx((tx) => pinReservation(tx, other))).toBe(false);
    expect(await inTx((tx) => pinReservation(tx, { ...held, operatorId }))).toBe(true);
    expect(await total(operatorId)).toBe(0);
  });

  it('never sets the same fen aside for two tills at once', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    const orders = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((order) => reserve(operatorId, { order, amount: 800 })),
    );
    const held = orders.reduce((sum, result) => sum + (result.ok ? result.value.voucherFen : 0), 0);
    expect(held).toBe(1200);
    expect(await total(operatorId)).toBe(0);
  });
});

const spend = (operatorId: OperatorId, amount: number, order = 1) =>
  inTx((tx) =>
    spendVouchersUpTo(tx, {
      operatorId,
      orderId: orderOf(order),
      memberId: memberOf(1),
      amountFen: fen(amount),
      today,
      nowMs,
    }),
  );

describe('vouchers of an order accepted offline', () => {
  it('spends up to half of the order at once, and the same order once', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    expect(await spend(operatorId, 1800)).toEqual({ voucherFen: 900 });
    expect(await spend(operatorId, 1800)).toEqual({ voucherFen: 900 });
    expect(await spend(operatorId, 1800, 2)).toEqual({ voucherFen: 300 });
    expect(await spend(operatorId, 1800, 3)).toEqual({ voucherFen: 0 });
  });
});

const expire = (operatorId: OperatorId, day: string) =>
  inTx((tx) => expireVouchers(tx, { operatorId, today: day }));

describe('expiry', () => {
  it('returns what is left to the fund after the last day, once', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId);
    expect(await expire(operatorId, '2026-03-31')).toEqual({ vouchers: 0, backToFundFen: 0 });
    expect(await expire(operatorId, '2026-04-01')).toEqual({ vouchers: 1, backToFundFen: 300 });
    expect(await expire(operatorId, '2026-04-01')).toEqual({ vouchers: 0, backToFundFen: 0 });
    expect(await balancesOf(database.db, operatorId)).toMatchObject({
      fund_free: 300,
      voucher_outstanding: 1200,
    });
  });

  it('lets an order under way finish, and ends on the same day what it gives back', async () => {
    const operatorId = freshOperator();
    await plantWallet(operatorId, [['c1', 500, today]]);
    const { reservationId } = getOrThrow(await reserve(operatorId, { amount: 400 }));
    expect(await expire(operatorId, '2026-04-11')).toEqual({ vouchers: 1, backToFundFen: 300 });
    await inTx((tx) => releaseReservation(tx, { operatorId, reservationId }));
    expect(await expire(operatorId, '2026-04-11')).toEqual({ vouchers: 1, backToFundFen: 200 });
    expect((await balancesOf(database.db, operatorId))['fund_free']).toBe(500);
  });
});

describe('any sequence of reservations', () => {
  it('keeps face = left + held + spent + expired and the entries equal to the balances', async () => {
    const step = fc.record({
      what: fc.constantFrom('reserve', 'commit', 'release', 'lapse', 'spend', 'expire'),
      order: fc.integer({ min: 1, max: 4 }),
      amount: fc.integer({ min: 1, max: 1500 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
        const operatorId = freshOperator();
        await plantWallet(operatorId);
        const held = new Map<number, { id: string; voucherFen: number }>();
        let atMs = nowMs;
        for (const { what, order, amount } of steps) {
          atMs += 40_000;
          const own = held.get(order);
          const request = {
            operatorId,
            orderId: orderOf(order),
            memberId: memberOf(1),
            amountFen: fen(amount),
            today,
            nowMs: atMs,
          };
          if (what === 'reserve') {
            const result = await reserve(operatorId, { order, amount, atMs });
            if (result.ok)
              held.set(order, {
                id: result.value.reservationId,
                voucherFen: result.value.voucherFen,
              });
          } else if (what === 'commit' && own !== undefined)
            await commit(operatorId, own.id, own.voucherFen, order);
          else if (what === 'release' && own !== undefined)
            await inTx((tx) => releaseReservation(tx, { operatorId, reservationId: own.id }));
          else if (what === 'lapse')
            await inTx((tx) => releaseLapsed(tx, { operatorId, nowMs: atMs }));
          else if (what === 'spend') await inTx((tx) => spendVouchersUpTo(tx, request));
          else if (what === 'expire') await inTx((tx) => expireVouchers(tx, { operatorId, today }));
        }
        const { rows } = await database.db.execute(sql`
          select v.held_fen = coalesce(h.fen, 0) as held_ok,
                 v.spent_fen = coalesce(s.fen, 0) as spent_ok
            from voucher v
            left join lateral (
              select sum(l.amount_fen) as fen from voucher_reservation_line l
                join voucher_reservation r using (operator_id, reservation_id)
               where l.operator_id = v.operator_id and l.voucher_id = v.voucher_id
                 and r.state = 'held') h on true
            left join lateral (
              select -sum(amount_fen) as fen from voucher_entry e
               where e.operator_id = v.operator_id and e.voucher_id = v.voucher_id
                 and e.kind = 'spent') s on true
           where v.operator_id = ${operatorId}`);
        expect(rows).toEqual(vectorWallet.map(() => ({ held_ok: true, spent_ok: true })));
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});
