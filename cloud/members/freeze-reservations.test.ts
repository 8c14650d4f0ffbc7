import { sql } from 'drizzle-orm';
import {
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
  type Arbitrary,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freezeToldHandler, freezeToldTopic } from '#cloud/members/freeze-message.ts';
import { freezeMember, thawMember } from '#cloud/members/member-freeze.ts';
import { readMessages } from '#cloud/members/member-messages.ts';
import { createVoucherDesk } from '#cloud/payments/voucher-desk.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import { proveLaws } from '#cloud/ledger/proofs.ts';
import { bookTillSales } from '#cloud/orders/book-till-sales.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { fundWith, memberOf, operatorOf, orderOf } from '#cloud/points/testing/points-fixtures.ts';
import { wasFrozenAt } from '#cloud/review/frozen-member.ts';
import { mayUseVouchers } from '#cloud/review/voucher-guard.ts';
import { merchantNo } from '#cloud/settlement/testing/paid-orders.ts';
import { expireVouchers } from '#cloud/vouchers/expire-vouchers.ts';
import {
  commitReservation,
  releaseLapsed,
  reservationHoldMs,
  reserveVouchers,
} from '#cloud/vouchers/reservations.ts';
import { voucherLaws } from '#cloud/vouchers/voucher-laws.ts';
import type { OperatorId, PersonId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, dayStartMs } from '#shared/time/calendar-day.ts';

const database = useTestDatabase();
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => retriedTransaction(database.db, work);
const memberId = memberOf(1);
const merchantId = merchantNo(1);
const startMs = dayStartMs('2026-04-01');
const faceFen = 900;
const vouchers = 3;
const why = '手机被盗，本人来电要求冻结账户';

/** The laws that hold between wallets and reservations; the books have no part in these worlds. */
const laws = voucherLaws.filter(({ name }) => name !== 'wallets-equal-ledger');
let worlds = 0;

/**
 * One member with a wallet of 27.00, and orders that use it. Everything moves by the functions that
 * tills and people call.
 */
async function newWorld() {
  worlds += 1;
  const operatorId = operatorOf(worlds);
  await database.db.execute(sql`
    insert into member (operator_id, member_id, phone_hash, phone_mask, phone_cipher, created_at_ms)
    values (${operatorId}, ${memberId}, ${'a'.repeat(64)}, '138****0001', 'x', 0)`);
  await inTx(async (tx) => {
    const amountFen = vouchers * faceFen;
    await fundWith(tx, operatorId, { key: 'fund', amountFen });
    const legs = [
      { account: 'fund_free', amountFen: fen(-amountFen) },
      { account: 'voucher_outstanding', amountFen: fen(amountFen) },
    ] as const;
    const journal = { operatorId, merchantId: null, kind: 'release', eventAtMs: 0, legs };
    getOrThrow(await postJournals(tx, [{ ...journal, idemKey: 'release' }]));
  });
  for (let at = 1; at <= vouchers; at += 1)
    await database.db.execute(sql`
      insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen, expires_on)
      values (${operatorId}, ${`v${at}`}, ${memberId}, '2026-03', '2026-03-30', ${faceFen}, ${faceFen},
        ${`2026-04-0${at + 1}`})`);
  return createWorld(operatorId);
}

interface Reserved {
  readonly reservationId: string;
  readonly voucherFen: number;
  readonly atMs: number;
}

function createWorld(operatorId: OperatorId) {
  let nowMs = startMs;
  const desk = createVoucherDesk();
  const reserved = new Map<number, Reserved>();
  const own = () => ({ operatorId, memberId, nowMs });
  const part = (order: number) => {
    const { reservationId, voucherFen } = reserved.get(order)!;
    const orderId = orderOf(order);
    return { operatorId, orderId, memberId, reservationId, voucherFen: fen(voucherFen), nowMs };
  };
  return {
    operatorId,
    nowMs: () => nowMs,
    wait: (ms: number) => {
      nowMs += ms;
    },
    reserve: async (order: number): Promise<boolean> => {
      const taken = await inTx(async (tx) => {
        const allowed = await mayUseVouchers(tx, { ...own(), merchantId });
        if (!allowed.ok) return allowed;
        const today = accountingDate(nowMs);
        const sale = { ...own(), orderId: orderOf(order), amountFen: fen(1_000), today };
        return await reserveVouchers(tx, sale);
      });
      if (taken.ok) reserved.set(order, { ...taken.value, atMs: nowMs });
      return taken.ok;
    },
    pin: async (order: number): Promise<boolean> =>
      reserved.has(order) && (await inTx((tx) => desk.pin(tx, part(order)))),
    unpin: async (order: number): Promise<void> => {
      if (reserved.has(order)) await inTx((tx) => desk.unpin(tx, part(order)));
    },
    /** The channel said paid. */
    paid: async (order: number): Promise<boolean> => {
      if (!reserved.has(order)) return false;
      const state = await stateOf(operatorId, reserved.get(order)!.reservationId);
      if (state !== 'pinned') return false;
      return (await inTx((tx) => commitReservation(tx, part(order)))).ok;
    },
    /** The till's journal tells of a cash sale that was made `agoMs` ago. */
    tillSale: (order: number, agoMs: number): Promise<boolean> =>
      inTx(async (tx) => {
        const sale = { operatorId, memberId, atMs: nowMs - agoMs };
        if (!reserved.has(order) || (await wasFrozenAt(tx, sale))) return false;
        return (await commitReservation(tx, part(order))).ok;
      }),
    freeze: async (): Promise<boolean> =>
      (await inTx((tx) => freezeMember(tx, { ...own(), by: 'prs_1' as PersonId, why }))).ok,
    thaw: async (): Promise<boolean> =>
      (await inTx((tx) => thawMember(tx, { ...own(), by: 'prs_1 prs_2', why }))).ok,
    sweep: () => inTx((tx) => releaseLapsed(tx, { operatorId, nowMs })),
    expire: () => inTx((tx) => expireVouchers(tx, { operatorId, today: accountingDate(nowMs) })),
  };
}
type World = ReturnType<typeof createWorld>;

async function stateOf(operatorId: OperatorId, reservationId: string): Promise<string | undefined> {
  const { rows } = await database.db.execute<{ state: string }>(sql`
    select case when state = 'held' and expires_at_ms = ${Number.MAX_SAFE_INTEGER} then 'pinned'
                else state end as state
      from voucher_reservation
     where operator_id = ${operatorId} and reservation_id = ${reservationId}`);
  return rows[0]?.state;
}
async function sums(operatorId: OperatorId) {
  const { rows } = await database.db.execute<
    Record<'left' | 'held' | 'spent' | 'ended', number>
  >(sql`
    select sum(left_fen)::bigint as left, sum(held_fen)::bigint as held,
           sum(spent_fen)::bigint as spent, sum(expired_fen)::bigint as ended
      from voucher where operator_id = ${operatorId}`);
  return rows[0]!;
}

const aMinute = 60_000;

describe('what is set aside when an account is frozen', () => {
  it('is whole in the wallet at once, is not taken again while it is frozen, and can be after the thaw', async () => {
    const world = await newWorld();
    expect(await world.reserve(1)).toBe(true);
    expect(await sums(world.operatorId)).toMatchObject({ left: 2_200, held: 500 });
    await world.freeze();
    expect(await sums(world.operatorId)).toEqual({ left: 2_700, held: 0, spent: 0, ended: 0 });
    expect([await world.pin(1), await world.reserve(1), await world.reserve(2)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(await world.tillSale(1, 0)).toBe(false);
    world.wait(aMinute);
    await world.thaw();
    expect(await world.pin(1)).toBe(true);
    expect(await world.paid(1)).toBe(true);
    expect(await sums(world.operatorId)).toEqual({ left: 2_200, held: 0, spent: 500, ended: 0 });
  });

  it('a sale that a till had made before, and tells of later, spends it: the goods are gone', async () => {
    const world = await newWorld();
    await world.reserve(1);
    world.wait(aMinute);
    await world.freeze();
    world.wait(aMinute);
    expect(await world.tillSale(1, aMinute)).toBe(false);
    expect(await world.tillSale(1, 2 * aMinute - 1)).toBe(true);
    expect(await world.tillSale(1, 2 * aMinute - 1)).toBe(true);
    expect(await sums(world.operatorId)).toMatchObject({ left: 2_200, spent: 500 });
  });

  it('money that was on its way by then spends what it had set aside, once', async () => {
    const world = await newWorld();
    await world.reserve(1);
    await world.pin(1);
    await world.freeze();
    expect(await sums(world.operatorId)).toMatchObject({ left: 2_200, held: 500 });
    expect(await world.paid(1)).toBe(true);
    expect(await sums(world.operatorId)).toMatchObject({ left: 2_200, held: 0, spent: 500 });
  });

  it('refuses to book a cash sale of the time in which it was frozen, in words, and nothing is spent', async () => {
    const world = await newWorld();
    await world.reserve(1);
    await world.freeze();
    const { operatorId } = world;
    const booked = await inTx((tx) => {
      const paid = { operatorId, memberId, orderId: orderOf(1), voucherFen: fen(500) };
      const sale = { paid, reservationId: 'rsv', ratedAtMs: world.nowMs() + 1 };
      return bookTillSales(tx, [sale as never]);
    });
    expect(booked).toMatchObject({ ok: false });
    expect(await sums(operatorId)).toMatchObject({ left: 2_700, spent: 0 });
  });
});

type Step =
  | { readonly do: 'reserve' | 'pin' | 'unpin' | 'paid'; readonly order: number }
  | { readonly do: 'tillSale'; readonly order: number; readonly agoMs: number }
  | { readonly do: 'freeze' | 'thaw' | 'sweep' | 'expire' }
  | { readonly do: 'wait'; readonly ms: number };

const orderArb = integer({ min: 1, max: 4 });
const stepArb: Arbitrary<Step> = oneof(
  { weight: 4, arbitrary: record({ do: constant('reserve' as const), order: orderArb }) },
  {
    weight: 4,
    arbitrary: record({
      do: constantFrom('pin' as const, 'unpin' as const, 'paid' as const),
      order: orderArb,
    }),
  },
  {
    weight: 3,
    arbitrary: record({
      do: constant('tillSale' as const),
      order: orderArb,
      agoMs: constantFrom(0, aMinute, reservationHoldMs, 4 * reservationHoldMs),
    }),
  },
  {
    weight: 4,
    arbitrary: record({
      do: constantFrom('freeze' as const, 'thaw' as const, 'sweep' as const, 'expire' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: record({
      do: constant('wait' as const),
      ms: constantFrom(1_000, aMinute, reservationHoldMs + 1, 86_400_000),
    }),
  },
);

async function take(world: World, step: Step): Promise<boolean> {
  switch (step.do) {
    case 'reserve':
    case 'pin':
    case 'paid':
      return await world[step.do](step.order);
    case 'unpin':
      await world.unpin(step.order);
      return false;
    case 'tillSale':
      return await world.tillSale(step.order, step.agoMs);
    case 'freeze':
    case 'thaw':
      return await world[step.do]();
    case 'wait':
      world.wait(step.ms);
      return false;
    case 'sweep':
    case 'expire':
      await world[step.do]();
      return false;
  }
}

it('whatever comes in whatever order: no fen is lost or spent twice, and of a frozen account only what went before is spent', async () => {
  await assert(
    asyncProperty(array(stepArb, { minLength: 8, maxLength: 30 }), async (steps) => {
      const world = await newWorld();
      const { operatorId } = world;
      let frozenSinceMs: number | undefined;
      const committed = new Set<number>();
      for (const step of steps) {
        const before = await sums(operatorId);
        const done = await take(world, step);
        const after = await sums(operatorId);
        if (step.do === 'freeze' && done) frozenSinceMs = world.nowMs();
        if (step.do === 'thaw' && done) frozenSinceMs = undefined;
        expect(after.left + after.held + after.spent + after.ended).toBe(vouchers * faceFen);
        const isFirst = 'order' in step && !committed.has(step.order);
        if (after.spent !== before.spent) {
          expect([step.do, done, isFirst]).toEqual([step.do, true, true]);
          expect(['paid', 'tillSale']).toContain(step.do);
          if (frozenSinceMs !== undefined && step.do === 'tillSale')
            expect(world.nowMs() - step.agoMs).toBeLessThan(frozenSinceMs);
        }
        if ((step.do === 'paid' || step.do === 'tillSale') && done) committed.add(step.order);
        // A frozen wallet loses nothing: neither to a new order nor to the calendar.
        if (frozenSinceMs !== undefined && step.do !== 'tillSale' && step.do !== 'freeze')
          expect(after.left).toBeGreaterThanOrEqual(before.left);
        if (step.do === 'freeze' && done)
          expect(after.left).toBe(before.left + before.held - after.held);
      }
      const proofs = await proveLaws(database.db, { operatorId, laws });
      expect(proofs.filter(({ holds }) => !holds)).toEqual([]);
    }),
    { numRuns: 25 },
  );
}, 120_000);

it('the member is told that it happened and that it goes on, once each, and never why', async () => {
  const world = await newWorld();
  const { operatorId } = world;
  await world.freeze();
  world.wait(aMinute);
  await world.thaw();
  const jobs = await database.db.execute<{ effect_key: string; payload: unknown }>(sql`
    select effect_key, payload from outbox
     where operator_id = ${operatorId} and topic = ${freezeToldTopic} order by due_at_ms`);
  expect(jobs.rows).toHaveLength(2);
  expect(JSON.stringify(jobs.rows)).not.toContain(why);
  for (const { effect_key: effectKey, payload } of [...jobs.rows, ...jobs.rows]) {
    const job = { operatorId, topic: freezeToldTopic, effectKey, payload };
    expect(await inTx((tx) => freezeToldHandler(tx, job))).toMatchObject({ ok: true });
  }
  const today = accountingDate(world.nowMs());
  const told = await readMessages(database.db, { operatorId, memberId, today });
  expect(told).toEqual([
    { kind: 'thawed', onDay: today },
    { kind: 'frozen', onDay: today },
  ]);
});
