import { sql } from 'drizzle-orm';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { newId, type MerchantId, type OperatorId, type OrderId } from '#shared/ids/ids.ts';
import { projectOnce, type ProjectionDeps } from '#cloud/journal/projection/project-journal.ts';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { createTillJournal, openOrder } from '#cloud/journal/testing/till-journal.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import type { Journal } from '#cloud/ledger/posting.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { cloudTally } from '#cloud/orders/cloud-tally.ts';
import {
  activateTestTerminal,
  type TestJournal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';
import { fundWith, memberOf } from '#cloud/points/testing/points-fixtures.ts';
import { reserveVouchers } from '#cloud/vouchers/reservations.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';

/** Sales at a box POS reach the cloud by the till's journal alone. */
const cloud = useTestCloud();
let till: TestTerminal;
let deps: ProjectionDeps;
let journal: TestJournal;

beforeAll(async () => {
  till = await activateTestTerminal(cloud);
  deps = { ...cloud.deps, effects: createProjectionEffects() };
});
beforeEach(() => {
  journal = createTillJournal();
});

let dayNo = 0;
/** A business day of its own for each test, so that its tally has only its own orders. */
const freshDate = (): string => `2026-10-${String((dayNo += 1)).padStart(2, '0')}`;

const amountFen = 10_000;

function open(businessDate: string, more: object = {}): OrderId {
  const orderId = newId('ord', cloud.deps);
  openOrder(journal, { orderId, amountFen, businessDate, ...more });
  return orderId;
}

const sent = (orderId: OrderId, attempt = 1, dueFen = amountFen) =>
  journal.append('pos.sent', { orderId, attempt, amountFen: dueFen, protocol: 'ecr-hub' });
const paid = (orderId: OrderId, attempt = 1, dueFen = amountFen) =>
  journal.append('pos.paid', {
    orderId,
    attempt,
    amountFen: dueFen,
    boxRef: '20261122000123',
    method: 'scan',
    paidAtMs: Date.now(),
  });
const failed = (orderId: OrderId, attempt = 1) =>
  journal.append('pos.failed', { orderId, attempt, code: 'charge-not-received' });

async function tell(): Promise<void> {
  expect((await till.post('/v1/journal/batches', journal.batch(1))).status).toBe(200);
  while ((await projectOnce(deps)) > 0);
}

const rowsOf = async (statement: ReturnType<typeof sql>) =>
  (await cloud.deps.db.execute(statement)).rows;
const stateOf = async (orderId: OrderId) =>
  (await rowsOf(sql`select state from customer_order where order_id = ${orderId}`))[0]?.['state'];
const linesOf = (orderId: OrderId) =>
  rowsOf(sql`select source, channel, net_fen, concession_fen, same_day_fen, reserve_fen
    from settlement_line where order_id = ${orderId}`);
const parked = () =>
  rowsOf(sql`select seq, code from journal_parked where epoch = ${journal.epoch} order by seq`);

async function shop() {
  const [row] = await rowsOf(sql`select operator_id, merchant_id from terminal
    where terminal_id = ${till.terminalId}`);
  return {
    operatorId: row?.['operator_id'] as OperatorId,
    merchantId: row?.['merchant_id'] as MerchantId,
  };
}

async function brokenLaws() {
  const { operatorId } = await shop();
  const laws = [...ledgerLaws, ...settlementLaws];
  return (await proveLaws(cloud.deps.db, { operatorId, laws })).filter(({ holds }) => !holds);
}

const releaseOf = (operatorId: OperatorId, valueFen: number): Journal => ({
  operatorId,
  merchantId: null,
  idemKey: 'release',
  kind: 'release',
  eventAtMs: 0,
  legs: [
    { account: 'fund_free', amountFen: fen(-valueFen) },
    { account: 'voucher_outstanding', amountFen: fen(valueFen) },
  ],
});

test('a box sale is booked once, owes its concession, and counts as 已到账, however often it is delivered', async () => {
  const businessDate = freshDate();
  const orderId = open(businessDate);
  sent(orderId);
  paid(orderId);
  await tell();
  await tell();
  expect(await stateOf(orderId)).toBe('pos-paid');
  expect(await linesOf(orderId)).toEqual([
    {
      source: 'box',
      channel: 'box',
      net_fen: amountFen,
      concession_fen: 1_000,
      same_day_fen: 0,
      reserve_fen: 0,
    },
  ]);
  expect(
    await rowsOf(sql`select kind from ledger_txn where idem_key = ${`sale:${orderId}`}`),
  ).toEqual([{ kind: 'box-sale' }]);
  expect(
    await rowsOf(sql`select order_id from order_claim where order_id = ${orderId}`),
  ).toHaveLength(1);
  expect(await cloudTally(cloud.deps.db, { ...(await shop()), businessDate })).toMatchObject({
    settledFen: amountFen,
    cashFen: 0,
    pendingFen: 0,
    orderCount: 1,
    sameDayFen: 0,
    reserveFen: 0,
  });
  expect(await brokenLaws()).toEqual([]);
});

test('a second pos.paid is parked, told to the till, and not booked', async () => {
  const orderId = open(freshDate());
  sent(orderId);
  paid(orderId);
  const second = paid(orderId);
  await tell();
  expect(await parked()).toEqual([{ seq: second.seq, code: 'order-transition-refused' }]);
  expect(await linesOf(orderId)).toHaveLength(1);
  const { results } = (await till.get('/v1/results?after=0')).body as unknown as {
    results: readonly { orderId: string; result: string }[];
  };
  expect(results.filter((one) => one.orderId === orderId).map(({ result }) => result)).toEqual([
    'parked',
  ]);
  expect(await brokenLaws()).toEqual([]);
});

test('another sum than what is due is parked: the order stays 待确认', async () => {
  const businessDate = freshDate();
  const orderId = open(businessDate);
  sent(orderId);
  const wrong = paid(orderId, 1, amountFen - 1);
  await tell();
  expect(await parked()).toEqual([{ seq: wrong.seq, code: 'order-transition-refused' }]);
  expect(await stateOf(orderId)).toBe('pos-sent');
  expect(await linesOf(orderId)).toEqual([]);
  expect(await cloudTally(cloud.deps.db, { ...(await shop()), businessDate })).toMatchObject({
    settledFen: 0,
    pendingFen: amountFen,
  });
});

test('a no of the box that turns into a yes waits for people and is not booked', async () => {
  const businessDate = freshDate();
  const orderId = open(businessDate);
  sent(orderId);
  failed(orderId);
  paid(orderId);
  await tell();
  expect(await stateOf(orderId)).toBe('manual');
  expect(await linesOf(orderId)).toEqual([]);
  expect(await cloudTally(cloud.deps.db, { ...(await shop()), businessDate })).toMatchObject({
    pendingFen: amountFen,
  });
});

test('an order that was paid in cash after a no of the box is booked once, as cash', async () => {
  const orderId = open(freshDate());
  sent(orderId);
  failed(orderId);
  journal.append('cash.recorded', {
    orderId,
    dueFen: amountFen,
    tenderedFen: amountFen,
    changeFen: 0,
  });
  const late = paid(orderId);
  await tell();
  expect(await parked()).toEqual([{ seq: late.seq, code: 'order-transition-refused' }]);
  expect(await linesOf(orderId)).toMatchObject([{ source: 'cash' }]);
  expect(await brokenLaws()).toEqual([]);
});

test('a second attempt at the box is booked under the order, and asking to cancel changes nothing', async () => {
  const orderId = open(freshDate());
  sent(orderId);
  failed(orderId);
  sent(orderId, 2);
  journal.append('pos.unknown', { orderId, attempt: 2, code: 'charge-outcome-unknown' });
  journal.append('pos.cancel-wanted', { orderId, attempt: 2, cashier: '小王' });
  paid(orderId, 2);
  await tell();
  expect(await parked()).toEqual([]);
  expect(await linesOf(orderId)).toMatchObject([{ source: 'box' }]);
});

test('a rate the shop never had is not booked, and the money is listed for people', async () => {
  const orderId = open(freshDate(), { concessionBp: 2_000 });
  sent(orderId);
  const wrong = paid(orderId);
  await tell();
  expect(await parked()).toEqual([{ seq: wrong.seq, code: 'entry-not-bookable' }]);
  expect(await linesOf(orderId)).toEqual([]);
});

test('vouchers that were set aside are spent by a box sale and subsidised as for cash', async () => {
  const { operatorId } = await shop();
  const memberId = memberOf(1);
  await cloud.deps.db.transaction(async (tx) => {
    await fundWith(tx, operatorId, { key: 'fund', amountFen: 700 });
    getOrThrow(await postJournals(tx, [releaseOf(operatorId, 700)]));
    await tx.execute(sql`
      insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen, expires_on)
      values (${operatorId}, 'vch_box', ${memberId}, '2026-02', '2026-03-01', 700, 700, '2030-12-31')`);
  });
  const orderId = newId('ord', cloud.deps);
  const held = getOrThrow(
    await cloud.deps.db.transaction((tx) =>
      reserveVouchers(tx, {
        operatorId,
        orderId,
        memberId,
        amountFen: fen(amountFen),
        today: '2026-10-01',
        nowMs: Date.now(),
      }),
    ),
  );
  open(freshDate(), { orderId, memberId, voucherFen: 700, reservationId: held.reservationId });
  sent(orderId, 1, amountFen - 700);
  paid(orderId, 1, amountFen - 700);
  await tell();
  expect(await parked()).toEqual([]);
  expect(await linesOf(orderId)).toMatchObject([{ source: 'box', net_fen: amountFen - 700 }]);
  expect(
    await rowsOf(sql`select left_fen from voucher where voucher_id = 'vch_box'
      and operator_id = ${operatorId}`),
  ).toEqual([{ left_fen: 0 }]);
  expect(
    await rowsOf(sql`select subsidy_fen from settlement_line where order_id = ${orderId}`),
  ).toEqual([{ subsidy_fen: 700 }]);
  expect(await brokenLaws()).toEqual([]);
});

test('vouchers that nobody set aside are not spent by a box sale', async () => {
  const orderId = open(freshDate(), { voucherFen: 500 });
  sent(orderId, 1, amountFen - 500);
  const wrong = paid(orderId, 1, amountFen - 500);
  await tell();
  expect(await parked()).toEqual([{ seq: wrong.seq, code: 'entry-not-bookable' }]);
  expect(await linesOf(orderId)).toEqual([]);
  expect(await brokenLaws()).toEqual([]);
});
