import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newId, type MerchantId, type OperatorId, type OrderId } from '#shared/ids/ids.ts';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { projectOnce, type ProjectionDeps } from '#cloud/journal/projection/project-journal.ts';
import { cloudTally } from '#cloud/orders/cloud-tally.ts';
import { paymentTiming } from '#cloud/payments/payment-timing.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import {
  activateTestTerminal,
  createTestJournal,
  type TestJournal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { proveBooks } from '#cloud/proof/proof-run.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';

/** Cash that a till gave back reaches the cloud by its journal alone. */
let cloud: TestCloud;
let app: CloudApp;
let till: TestTerminal;
let deps: ProjectionDeps;
let journal: TestJournal;

beforeAll(async () => {
  cloud = await createTestCloud();
  app = await buildTestApp(cloud);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  till = await activateTestTerminal({ origin, operatorToken: testOperatorToken });
  deps = { ...cloud.deps, effects: createProjectionEffects() };
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});
beforeEach(() => {
  journal = createTestJournal();
  journal.append('store.opened', { reason: 'created', appVersion: '0.1.0' });
});

function sellForCash(amountFen: number, businessDate: string): OrderId {
  const orderId = newId('ord', cloud.deps);
  journal.append('order.opened', {
    orderId,
    amountFen,
    voucherFen: 0,
    concessionBp: 1_000,
    businessDate,
    cashier: '小王',
    claimToken: randomBytes(8).toString('hex').toUpperCase(),
  });
  const sums = { dueFen: amountFen, tenderedFen: amountFen, changeFen: 0 };
  journal.append('cash.recorded', { orderId, ...sums });
  return orderId;
}
function giveBack(orderId: OrderId, refundNo: number, cashFen: number, how = 'cash'): void {
  const rest = { businessDate: '2026-10-09', cashier: '小王', reason: '退货' };
  journal.append('refund.asked', { orderId, refundNo, amountFen: cashFen, how, ...rest });
  journal.append('refund.done', { orderId, refundNo, cashFen, voucherFen: 0 });
}
async function tell(): Promise<void> {
  expect((await till.post('/v1/journal/batches', journal.batch(1))).status).toBe(200);
  while ((await projectOnce(deps)) > 0);
  const { timing } = { timing: paymentTiming };
  while ((await runRefundsOnce({ ...cloud.deps, channels: new Map(), timing })) > 0);
}
const rowsOf = async (statement: ReturnType<typeof sql>) =>
  (await cloud.deps.db.execute(statement)).rows;
async function shop() {
  const [row] = await rowsOf(sql`select operator_id, merchant_id from terminal
    where terminal_id = ${till.terminalId}`);
  return {
    operatorId: row?.['operator_id'] as OperatorId,
    merchantId: row?.['merchant_id'] as MerchantId,
  };
}
async function provesItself(): Promise<void> {
  const { operatorId } = await shop();
  const proofs = await proveBooks({ db: cloud.deps.db, operatorId });
  expect(proofs.filter(({ holds }) => !holds)).toEqual([]);
}

test('cash back is booked once however often it is delivered: the concession owed shrinks, turnover stays', async () => {
  const orderId = sellForCash(10_000, '2026-10-08');
  giveBack(orderId, 1, 2_500);
  giveBack(orderId, 2, 1_000);
  await tell();
  await tell();
  expect(
    await rowsOf(sql`select refund_no, status, how, concession_fen, in_hold from order_refund
      where order_id = ${orderId} order by refund_no`),
  ).toEqual([
    { refund_no: 1, status: 'done', how: 'cash', concession_fen: 250, in_hold: true },
    { refund_no: 2, status: 'done', how: 'cash', concession_fen: 100, in_hold: true },
  ]);
  const soldOn = await cloudTally(cloud.deps.db, { ...(await shop()), businessDate: '2026-10-08' });
  expect(soldOn).toMatchObject({ cashFen: 10_000, refunds: { cashFen: 0, count: 0 } });
  const backOn = await cloudTally(cloud.deps.db, { ...(await shop()), businessDate: '2026-10-09' });
  expect(backOn).toMatchObject({ cashFen: 0, refunds: { cashFen: 3_500, count: 2 } });
  await provesItself();
});

test('a promise that came by transfer goes back from the owner’s account: booked once, and no cash of the day', async () => {
  const orderId = newId('ord', cloud.deps);
  const day = '2026-10-11';
  journal.append('order.opened', {
    orderId,
    amountFen: 2_000,
    voucherFen: 0,
    concessionBp: 1_000,
    businessDate: day,
    cashier: '小王',
    claimToken: randomBytes(8).toString('hex').toUpperCase(),
  });
  const promised = { orderId, kind: 'iou', amountFen: 2_000, who: '王阿姨', approvedBy: '店主' };
  journal.append('offline.promised', { ...promised, capsVersion: 1, limitsVersion: 1 });
  const cashier = '小王';
  journal.append('offline.promise-kept', { orderId, how: 'transfer', businessDate: day, cashier });
  giveBack(orderId, 1, 500, 'own-account');
  await tell();
  await tell();
  expect(
    await rowsOf(sql`select status, how, concession_fen from order_refund
      where order_id = ${orderId}`),
  ).toEqual([{ status: 'done', how: 'own-account', concession_fen: 50 }]);
  const tally = await cloudTally(cloud.deps.db, { ...(await shop()), businessDate: '2026-10-09' });
  expect(tally.refunds).toMatchObject({ ownAccountFen: 500 });
  await provesItself();
});

test('a journal that gives back more than the sale, or calls a channel’s refund its own, is parked', async () => {
  const orderId = sellForCash(1_000, '2026-10-10');
  giveBack(orderId, 1, 600);
  giveBack(orderId, 2, 600);
  giveBack(orderId, 2, 100, 'channel');
  await tell();
  const parked = await rowsOf(sql`select code from journal_parked where epoch = ${journal.epoch}`);
  expect(parked).toHaveLength(4);
  expect(await rowsOf(sql`select refund_no from order_refund where order_id = ${orderId}`)).toEqual(
    [{ refund_no: 1 }],
  );
  await provesItself();
});
