import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVoucherDesk } from '#cloud/payments/voucher-desk.ts';
import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { attachMember } from '#cloud/points/claim-points.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import { memberPoints } from '#cloud/points/member-points.ts';
import {
  fundWith,
  memberOf,
  merchantOf,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { runProofs } from '#cloud/proof/proof-run.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import { mayUseVouchers } from '#cloud/review/voucher-guard.ts';
import { expireVouchers } from '#cloud/vouchers/expire-vouchers.ts';
import { remindOfExpiry, reminders } from '#cloud/vouchers/expiry-reminders.ts';
import { releaseLapsed, reservationHoldMs, reserveVouchers } from '#cloud/vouchers/reservations.ts';
import { readWallet } from '#cloud/vouchers/wallet.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createManualClock, type ManualClock } from '#shared/testing/manual-clock.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';

let cloud: TestCloud;
let app: CloudApp;
let clock: ManualClock;
const keys: string[] = [];
const why = '手机被盗，本人来电要求冻结账户';

const send = (path: string, payload?: object, person?: number) =>
  app.inject({
    method: payload === undefined ? 'GET' : 'POST',
    url: `/admin/v1/${path}`,
    headers: {
      authorization: `Bearer ${cloud.deps.operatorToken}`,
      ...(person === undefined ? {} : { 'x-person-key': keys[person] }),
    },
    ...(payload === undefined ? {} : { payload }),
  });
const inTx: TestCloud['deps']['db']['transaction'] = (work) => cloud.deps.db.transaction(work);
const own = (member: number, today: string) => ({
  operatorId: cloud.deps.operatorId,
  memberId: memberOf(member),
  today,
});
const walletFen = async (member: number, today: string) =>
  (await readWallet(cloud.deps.db, own(member, today))).totalFen;
const release = async (day: string) => {
  const { operatorId, db } = cloud.deps;
  clock.advanceTo(dayStartMs(addDays(day, 1)));
  getOrThrow(await runReleaseDay(db, { operatorId, period: '2026-02', day }));
};
const agreed = async (path: string) => {
  const proposed = await send(path, { why }, 0);
  expect(proposed.statusCode, proposed.body).toBe(202);
  const { actNo } = proposed.json<{ actNo: number }>();
  return await send(`acts/${actNo}/agree`, { note: '核对过' }, 1);
};

/**
 * Vouchers of member 1 for one order, in the transaction that asks whether they may be used;
 * `between` the two steps.
 */
const setAside = (order: number, between?: () => Promise<unknown>): Promise<string> =>
  inTx(async (tx) => {
    const wish = { ...own(1, accountingDate(clock.nowMs())), nowMs: clock.nowMs() };
    getOrThrow(await mayUseVouchers(tx, { ...wish, merchantId: merchantOf(1) }));
    await between?.();
    const sale = { ...wish, orderId: orderOf(order), amountFen: fen(1_000) };
    return getOrThrow(await reserveVouchers(tx, sale)).reservationId;
  });

/** February is closed with an open gate; members 1 and 2 are due the same; sales in March feed the days. */
beforeAll(async () => {
  clock = createManualClock(dayStartMs('2026-03-01'));
  cloud = await createTestCloud({ clock });
  app = await buildTestApp(cloud);
  const { db, operatorId } = cloud.deps;
  for (const name of ['陈', '王']) keys.push((await makePerson(cloud.deps, name)).key);
  for (const member of [1, 2, 3])
    await db.execute(sql`
      insert into member (operator_id, member_id, phone_hash, phone_mask, phone_cipher, created_at_ms)
      values (${operatorId}, ${memberOf(member)}, ${String(member).repeat(64)}, '138****0001', 'x', 0)`);
  let index = 0;
  const sell = async (day: string, asOf?: string) => {
    const orders = [1, 2].map((member) => {
      index += 1;
      return paidOrder(operatorId, index, { day, member, netFen: 1_000_000 });
    });
    const orderIds = orders.map(({ orderId }) => orderId);
    await inTx(async (tx) => {
      await issuePendingPoints(tx, orders);
      if (asOf !== undefined) await makePointsFinal(tx, { operatorId, orderIds, asOf });
    });
  };
  await inTx(async (tx) => {
    await usePilotConfig(tx, operatorId);
    await fundWith(tx, operatorId, { key: 'fund', amountFen: 2_000_000 });
  });
  await sell('2026-01-05', '2026-01-12');
  expect((await send('period-closes', { period: '2026-01' })).statusCode).toBe(200);
  await sell('2026-02-05', '2026-02-12');
  expect((await send('period-closes', { period: '2026-02' })).statusCode).toBe(200);
  for (const day of ['2026-03-05', '2026-03-06', '2026-03-20']) await sell(day);
  clock.advance(personAgeMsMin);
  await release('2026-03-05');
}, 120_000);
afterAll(async () => {
  await app.close();
  await cloud.close();
});

describe('an account that is frozen', () => {
  it('is held by one person with a reason, once, and by nobody who is none', async () => {
    const path = `members/${memberOf(1)}/freeze`;
    expect((await send(path, { why })).statusCode).toBe(403);
    expect((await send(path, { why: '' }, 0)).statusCode).toBe(400);
    expect((await send(`members/${memberOf(9)}/freeze`, { why }, 0)).statusCode).toBe(404);
    expect((await send(path, { why }, 0)).json()).toEqual({ frozen: true });
    expect((await send(path, { why }, 1)).json()).toMatchObject({ code: 'member-frozen' });
    const { freezes } = (await send(`members/${memberOf(1)}/freezes`)).json<{
      freezes: object[];
    }>();
    expect(freezes).toMatchObject([{ frozenWhy: why, thawedAtMs: null }]);
  });

  it('is given nothing while another one is, and what was due goes on being due', async () => {
    const before = [await walletFen(1, '2026-03-07'), await walletFen(2, '2026-03-07')];
    expect(before[0]).toBeGreaterThan(0);
    await release('2026-03-06');
    expect(await walletFen(1, '2026-03-07')).toBe(before[0]);
    expect(await walletFen(2, '2026-03-07')).toBeGreaterThan(before[1]!);
  });

  it('keeps its vouchers, which nobody can use: not online, and no code is made for it', async () => {
    const { operatorId } = cloud.deps;
    const wish = { operatorId, merchantId: merchantOf(1), memberId: memberOf(1) };
    const nowMs = clock.nowMs();
    expect(await inTx((tx) => mayUseVouchers(tx, { ...wish, nowMs }))).toEqual({
      ok: false,
      error: { type: 'member-frozen' },
    });
    const code = await app.inject({
      method: 'POST',
      url: `/v1/members/${memberOf(1)}/codes`,
      headers: { authorization: `Bearer ${cloud.deps.operatorToken}` },
    });
    expect(code.json()).toMatchObject({ code: 'member-frozen' });
  });

  it('gets the points of a receipt that is claimed, and they wait with the rest', async () => {
    const { operatorId, db } = cloud.deps;
    const order = paidOrder(operatorId, 90, { day: '2026-03-06' });
    const asOf = '2026-03-20';
    await inTx((tx) => issuePendingPoints(tx, [order]));
    const final = { operatorId, orderIds: [order.orderId], asOf };
    await inTx((tx) => makePointsFinal(tx, final));
    const claim = { operatorId, orderId: orderOf(90), memberId: memberOf(1), asOf };
    const before = await memberPoints(db, { operatorId, memberId: memberOf(1) });
    expect(await inTx((tx) => attachMember(tx, claim))).toEqual({
      ok: true,
      value: { points: 2_000 },
    });
    const after = await memberPoints(db, { operatorId, memberId: memberOf(1) });
    expect(after.unreleasedPoints).toBe(before.unreleasedPoints + 2_000);
  });

  it('loses no voucher to its last day, and is told of none', async () => {
    const { operatorId } = cloud.deps;
    const [one, two] = [await walletFen(1, '2026-03-21'), await walletFen(2, '2026-03-21')];
    const { rows } = await cloud.deps.db.execute<{ last: string }>(sql`
      select max(expires_on)::text as last from voucher where member_id = ${memberOf(1)}`);
    const today = addDays(rows[0]!.last, 1);
    clock.advanceTo(dayStartMs(today));
    const look = { operatorId, today: addDays(today, -8), nowMs: clock.nowMs() };
    await inTx((tx) => remindOfExpiry(tx, { ...look, reminder: reminders[1]! }));
    const told = await cloud.deps.db.execute<{ member_id: string }>(
      sql`select distinct member_id from member_message where kind = 'expiry'`,
    );
    expect(told.rows).toEqual([{ member_id: memberOf(2) }]);
    const ended = await inTx((tx) => expireVouchers(tx, { operatorId, today }));
    expect(ended.backToFundFen).toBe(two);
    const left = await cloud.deps.db.execute<{ fen: number }>(sql`
      select sum(left_fen)::bigint as fen from voucher where member_id = ${memberOf(1)}`);
    expect(left.rows).toEqual([{ fen: one }]);
  });

  it('goes on when two people say so, and its vouchers are good for the days that it was held', async () => {
    const path = `members/${memberOf(1)}/thaw`;
    const proposed = await send(path, { why }, 0);
    const { actNo } = proposed.json<{ actNo: number }>();
    expect((await send(`acts/${actNo}/agree`, { note: '核对过' }, 0)).statusCode).toBe(409);
    const before = await cloud.deps.db.execute<{ last: string }>(sql`
      select max(expires_on)::text as last from voucher where member_id = ${memberOf(1)}`);
    const done = await send(`acts/${actNo}/agree`, { note: '核对过' }, 1);
    const { days } = done.json<{ outcome: { days: number } }>().outcome;
    expect(days).toBeGreaterThan(80);
    const after = await cloud.deps.db.execute<{ last: string }>(sql`
      select max(expires_on)::text as last from voucher where member_id = ${memberOf(1)}`);
    expect(after.rows[0]!.last).toBe(addDays(before.rows[0]!.last, days));
    const today = after.rows[0]!.last;
    const { operatorId } = cloud.deps;
    const order = { operatorId, memberId: memberOf(1), orderId: orderOf(91), today };
    const nowMs = clock.nowMs();
    const reserved = await inTx((tx) =>
      reserveVouchers(tx, { ...order, amountFen: fen(1_000), nowMs }),
    );
    expect(reserved).toMatchObject({ ok: true, value: { voucherFen: 500 } });
    expect((await send(path, { why }, 0)).statusCode).toBe(404);
    const { rows } = await cloud.deps.db.execute<{ thawed_by: string }>(
      sql`select thawed_by from member_freeze`,
    );
    expect(rows[0]!.thawed_by).toMatch(/^prs_\w+ prs_\w+$/);
  });

  it('gives back at once, whole, what was set aside for an order that is not being paid', async () => {
    expect((await send(`members/${memberOf(1)}/freeze`, { why }, 1)).statusCode).toBe(200);
    const { rows } = await cloud.deps.db.execute(sql`
      select state from voucher_reservation where order_id = ${orderOf(91)}`);
    expect(rows).toEqual([{ state: 'lapsed' }]);
    expect((await agreed(`members/${memberOf(1)}/thaw`)).statusCode).toBe(200);
  });

  it('leaves nothing set aside that was being set aside at that moment', async () => {
    clock.advance(1_000);
    let frozen: Promise<unknown> | undefined;
    await setAside(92, () => {
      frozen = send(`members/${memberOf(1)}/freeze`, { why }, 1);
      const soon = new Promise((resolve) => void setTimeout(resolve, 500));
      return Promise.race([frozen, soon]);
    });
    expect(await frozen).toMatchObject({ statusCode: 200 });
    const { rows } = await cloud.deps.db.execute(sql`
      select state from voucher_reservation where member_id = ${memberOf(1)} and state = 'held'`);
    expect(rows).toEqual([]);
    expect((await agreed(`members/${memberOf(1)}/thaw`)).statusCode).toBe(200);
  });

  it('takes nothing again for a charge that was set aside before and had lapsed', async () => {
    const { operatorId } = cloud.deps;
    const reservationId = await setAside(93);
    clock.advance(reservationHoldMs + 1);
    const nowMs = clock.nowMs();
    await inTx((tx) => releaseLapsed(tx, { operatorId, nowMs }));
    const { rows } = await cloud.deps.db.execute<{ fen: number }>(sql`
      select voucher_fen as fen from voucher_reservation where reservation_id = ${reservationId}`);
    const voucherFen = fen(rows[0]!.fen);
    const part = { operatorId, orderId: orderOf(93), memberId: memberOf(1), reservationId, nowMs };
    const pin = () => inTx((tx) => createVoucherDesk().pin(tx, { ...part, voucherFen }));
    expect((await send(`members/${memberOf(1)}/freeze`, { why }, 1)).statusCode).toBe(200);
    expect(await pin()).toBe(false);
    expect((await agreed(`members/${memberOf(1)}/thaw`)).statusCode).toBe(200);
    expect(await pin()).toBe(true);
    const proofs = await runProofs(cloud.deps);
    expect(proofs.filter(({ holds }) => !holds)).toEqual([]);
  });
});
