import { afterEach, describe, expect, test } from 'vitest';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { dumpProjections } from '#terminal/agent/journal/projections.ts';
import { rebuildProjections } from '#terminal/agent/journal/rebuild.ts';
import { setOwnerPin } from '#terminal/agent/testing/owner-pin.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const pin = '270518';

async function openShop(): Promise<TillBench> {
  bench = await openTillBench();
  await setOwnerPin(bench, pin);
  return bench;
}

const cutLine = async ({ cloud, until, status }: TillBench): Promise<void> => {
  await cloud.goDown();
  await until('the outage is seen', async () => !(await status()).online);
};

let codes = 0;
async function sell(till: TillBench, how: 'cash' | 'wallet', amountFen: number): Promise<string> {
  await till.ask('till.setAmount', { amountFen });
  if (how === 'cash') await till.ask('till.payCash', { tenderedFen: amountFen });
  else {
    codes += 1;
    await till.ask('till.scan', { text: `13${String(codes).padStart(16, '0')}` });
  }
  await till.screen(how === 'cash' ? 'cash' : 'paid');
  await till.ask('till.dismiss', {});
  const page = await till.ask('orders.list', { limit: 1 });
  if ('refused' in page) throw new Error(page.refused);
  return page.rows[0]!.orderId;
}

async function refund(till: TillBench, orderId: string, amountFen: number) {
  const given = await till.ask('owner.approve', {
    pin,
    action: 'orders.refund',
    orderId,
    amountFen,
  });
  if ('refused' in given) throw new Error(given.refused);
  const { approvalId } = given;
  return till.ask('orders.refund', { orderId, amountFen, reason: '退货', approvalId });
}

async function orderOf(till: TillBench, orderId: string): Promise<OrderRow> {
  const row = await till.ask('orders.get', { orderId });
  if ('refused' in row) throw new Error(row.refused);
  return row;
}
const untilRefund = (till: TillBench, orderId: string, state: 'done' | 'failed' | 'unknown') =>
  till.until(
    `refund ${state}`,
    async () => (await orderOf(till, orderId)).refunds?.at(-1)?.state === state,
    8_000,
  );
const refundsToday = async (till: TillBench) => {
  const today = await till.ask('today.get', {});
  if ('refused' in today) throw new Error(today.refused);
  return { ...today.refunds, turnoverFen: today.turnoverFen };
};

describe('cash goes back out of the drawer, also while the line is down', () => {
  test('in parts, each counted beside the turnover, which stays what was sold', async () => {
    const till = await openShop();
    await cutLine(till);
    const orderId = await sell(till, 'cash', 5_000);
    expect(await refund(till, orderId, 1_200)).toEqual({ refundNo: 1 });
    expect(await refund(till, orderId, 3_801)).toEqual({ refused: 'refund-too-large' });
    expect(await refund(till, orderId, 3_800)).toEqual({ refundNo: 2 });
    expect(await refund(till, orderId, 1)).toEqual({ refused: 'refund-not-possible' });
    expect(await orderOf(till, orderId)).toMatchObject({
      state: 'cash-recorded',
      refundedFen: 5_000,
      refundableFen: 0,
      refundWay: 'cash',
      refunds: [
        { refundNo: 1, cashFen: 1_200, how: 'cash', state: 'done', cashier: '小王' },
        { refundNo: 2, cashFen: 3_800, state: 'done' },
      ],
    });
    expect(await refundsToday(till)).toEqual({
      channelFen: 0,
      cashFen: 5_000,
      boxSlipFen: 0,
      voucherFen: 0,
      count: 2,
      openFen: 0,
      turnoverFen: 5_000,
    });
    await till.cloud.comeBack();
    await till.until('delivered', () => till.cloud.delivered().includes('refund.done'));
  });

  test('without a PIN no money goes back on the word of a cashier alone', async () => {
    bench = await openTillBench({});
    const orderId = await sell(bench, 'cash', 5_000);
    const wanted = { orderId, amountFen: 1, reason: '' };
    expect(await bench.ask('orders.refund', wanted)).toEqual({ refused: 'owner-pin-not-set' });
    await setOwnerPin(bench, pin);
    expect(await refund(bench, orderId, 1)).toEqual({ refundNo: 1 });
  });

  test('an approval of one sum pays no other, nor for another order', async () => {
    const till = await openShop();
    const orderId = await sell(till, 'cash', 5_000);
    const other = await sell(till, 'cash', 6_000);
    const approve = async () => {
      const wish = { action: 'orders.refund', orderId, amountFen: 100 } as const;
      const given = await till.ask('owner.approve', { pin, ...wish });
      if ('refused' in given) throw new Error(given.refused);
      return given.approvalId;
    };
    const stale = { refused: 'owner-approval-stale' };
    const reason = '退货';
    let approvalId = await approve();
    const more = { orderId, amountFen: 5_000, reason, approvalId };
    expect(await till.ask('orders.refund', more)).toEqual(stale);
    approvalId = await approve();
    const elsewhere = { orderId: other, amountFen: 100, reason, approvalId };
    expect(await till.ask('orders.refund', elsewhere)).toEqual(stale);
    expect(await refundsToday(till)).toMatchObject({ count: 0 });
  });

  test('nobody approves: nothing is written, and what is not possible does not use an approval up', async () => {
    const till = await openShop();
    const orderId = await sell(till, 'cash', 5_000);
    const wanted = { orderId, amountFen: 5_000, reason: '' };
    expect(await till.ask('orders.refund', wanted)).toEqual({ refused: 'owner-approval-missing' });
    const given = await till.ask('owner.approve', {
      pin,
      action: 'orders.refund',
      orderId,
      amountFen: 5_000,
    });
    const { approvalId } = given as { approvalId: string };
    const tooMuch = { ...wanted, amountFen: 5_001, approvalId };
    expect(await till.ask('orders.refund', tooMuch)).toEqual({ refused: 'refund-too-large' });
    expect(await till.ask('orders.refund', { ...wanted, approvalId })).toEqual({ refundNo: 1 });
  });
});

describe('money of a wallet goes back through the cloud', () => {
  test('done: with what the cloud says of concession and points', async () => {
    const till = await openShop();
    const orderId = await sell(till, 'wallet', 3_000);
    expect(await refund(till, orderId, 3_000)).toEqual({ refundNo: 1 });
    await untilRefund(till, orderId, 'done');
    expect(await refundsToday(till)).toMatchObject({ channelFen: 3_000, count: 1 });
    expect(till.cloud.refunds.bodies).toEqual([
      { refundNo: 1, amountFen: 3_000, cashier: '小王', reason: '退货' },
    ]);
  });

  test('offline it is refused in words, and nothing waits in a queue', async () => {
    const till = await openShop();
    const orderId = await sell(till, 'wallet', 3_000);
    await cutLine(till);
    expect(await refund(till, orderId, 3_000)).toEqual({ refused: 'refund-needs-network' });
    await till.cloud.comeBack();
    expect((await orderOf(till, orderId)).refunds).toBeUndefined();
  });

  test('unknown keeps everything else out and stands among the exceptions until it is definite', async () => {
    const till = await openShop();
    const orderId = await sell(till, 'wallet', 3_000);
    till.cloud.refunds.script({ afterAsks: 2 });
    await refund(till, orderId, 1_000);
    await untilRefund(till, orderId, 'unknown');
    expect(await refund(till, orderId, 500)).toEqual({ refused: 'refund-in-flight' });
    expect(await till.ask('exceptions.list', {})).toMatchObject({
      rows: [{ code: 'refund-unknown', orderId, amountFen: 1_000, actions: [] }],
    });
    expect(await refundsToday(till)).toMatchObject({ channelFen: 0, openFen: 1_000 });
    await untilRefund(till, orderId, 'done');
    expect(await till.ask('exceptions.list', {})).toEqual({ rows: [] });
    expect(till.cloud.refunds.begun()).toHaveLength(1);
  });

  test('failed: told until somebody has taken note, and all of it may be asked for again', async () => {
    const till = await openShop();
    const orderId = await sell(till, 'wallet', 3_000);
    till.cloud.refunds.script({ status: 'failed' });
    await refund(till, orderId, 3_000);
    await untilRefund(till, orderId, 'failed');
    const list = await till.ask('exceptions.list', {});
    if ('refused' in list) throw new Error(list.refused);
    expect(list.rows).toMatchObject([{ code: 'refund-failed', actions: ['acknowledged'] }]);
    const { key } = list.rows[0]!;
    await till.ask('exceptions.resolve', { key, action: 'acknowledged', note: '已改退现金' });
    expect(await till.ask('exceptions.list', {})).toEqual({ rows: [] });
    till.cloud.refunds.script({});
    expect(await refund(till, orderId, 3_000)).toEqual({ refundNo: 2 });
    await untilRefund(till, orderId, 'done');
  });

  test('the cloud’s refusal is definite', async () => {
    const till = await openShop();
    const orderId = await sell(till, 'wallet', 3_000);
    till.cloud.refunds.script({ refuse: 'refund-not-booked' });
    await refund(till, orderId, 3_000);
    await untilRefund(till, orderId, 'failed');
    expect(await orderOf(till, orderId)).toMatchObject({
      refunds: [{ code: 'refund-not-booked' }],
      refundableFen: 3_000,
    });
  });

  test('the till stops in the middle: what the cloud did without an answer is taken up, and done once', async () => {
    const till = await openShop();
    const orderId = await sell(till, 'wallet', 3_000);
    till.cloud.behave('orders', 'drop');
    await refund(till, orderId, 3_000);
    await till.until('asked', () => till.cloud.refunds.bodies.length > 0);
    await till.restart();
    till.cloud.behave('orders', 'ok');
    await untilRefund(till, orderId, 'done');
    expect(till.cloud.refunds.begun()).toHaveLength(1);
    expect((await orderOf(till, orderId)).refunds).toHaveLength(1);
  });
});

test('what refunds left in the projections can be thrown away and built again from the entries', async () => {
  const till = await openShop();
  const orderId = await sell(till, 'cash', 5_000);
  await refund(till, orderId, 1_200);
  await till.agent().stop();
  const { store, journal } = openTestJournal(till.dataDir);
  const live = dumpProjections(journal.read);
  rebuildProjections(store);
  expect(dumpProjections(journal.read)).toEqual(live);
  journal.close();
  await till.restart();
});
