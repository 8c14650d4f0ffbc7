import { afterEach, describe, expect, test } from 'vitest';
import type { OwnerWish } from '#terminal/ipc/owner.ts';
import { defaultPromiseLimits } from '#shared/promise/promise-limits.ts';
import { createMemoryCounter } from '#terminal/agent/testing/memory-counter.ts';
import { setOwnerPin } from '#terminal/agent/testing/owner-pin.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const pin = '270518';

async function openShop(options: Parameters<typeof openTillBench>[0] = {}): Promise<TillBench> {
  bench = await openTillBench(options);
  await setOwnerPin(bench, pin);
  return bench;
}

/** The line is cut and the till has noticed. */
async function cutLine({ cloud, until, status }: TillBench): Promise<void> {
  await cloud.goDown();
  await until('the outage is seen', async () => !(await status()).online);
}

async function approvalFor({ ask }: TillBench, wish: OwnerWish): Promise<string> {
  const given = await ask('owner.approve', { pin, ...wish });
  if ('refused' in given) throw new Error(given.refused);
  return given.approvalId;
}

const wang = { kind: 'iou', who: '王阿姨' } as const;

async function promise(
  till: TillBench,
  { amountFen, ...what }: { amountFen: number; kind: 'iou' | 'static-code'; who: string },
) {
  await till.ask('till.setAmount', { amountFen });
  const approvalId = await approvalFor(till, { action: 'till.payPromise' });
  return till.ask('till.payPromise', { ...what, approvalId });
}

describe('a promise is taken in an outage only, with the owner, inside the limits', () => {
  test('an IOU: amber, named, with what is left; no sum of the day knows it, the exceptions list does', async () => {
    const till = await openShop();
    const { ask, screen, status } = till;
    await cutLine(till);
    expect((await status()).promises).toEqual({
      perPromiseFen: 20_000,
      remainingFen: 200_000,
      totalFen: 200_000,
      remainingCount: 50,
    });
    expect(await promise(till, { amountFen: 3_500, ...wang })).toEqual({});
    expect(await screen('promised')).toMatchObject({
      amountFen: 3_500,
      ...wang,
      remainingFen: 196_500,
      remainingCount: 49,
    });
    expect(await ask('today.get', {})).toMatchObject({
      turnoverFen: 0,
      settledFen: 0,
      cashFen: 0,
      offlineFen: 0,
      pendingFen: 0,
      orderCount: 0,
      promises: { iouFen: 3_500, staticCodeFen: 0, openCount: 1, keptFen: 0 },
    });
    expect(await ask('exceptions.list', {})).toMatchObject({
      rows: [{ code: 'promise-open', amountFen: 3_500, promise: wang, actions: [] }],
    });
    expect((await status()).promises).toMatchObject({ remainingFen: 196_500, remainingCount: 49 });
  });

  test('while payments work none is taken, and the approval is still good in the outage that follows', async () => {
    const till = await openShop();
    const { ask } = till;
    await ask('till.setAmount', { amountFen: 3_500 });
    const approvalId = await approvalFor(till, { action: 'till.payPromise' });
    expect(await ask('till.payPromise', { ...wang, approvalId })).toEqual({
      refused: 'promise-line-up',
    });
    await cutLine(till);
    expect(await ask('till.payPromise', { ...wang, approvalId })).toEqual({});
    await ask('till.dismiss', {});
    await ask('till.setAmount', { amountFen: 100 });
    expect(await ask('till.payPromise', { ...wang, approvalId })).toEqual({
      refused: 'owner-approval-stale',
    });
  });

  test('channels that do not answer count as an outage for the sale they failed; a payer without money does not', async () => {
    const till = await openShop();
    const { ask, cloud, screen } = till;
    for (const [code, text, answer] of [
      ['payer-balance', '130000000000000001', { refused: 'promise-line-up' }],
      ['channel-unreachable', '130000000000000002', {}],
    ] as const) {
      cloud.nextCharge({ status: 'failed', code });
      await ask('till.setAmount', { amountFen: 1_500 });
      await ask('till.scan', { text });
      expect(await screen('not-paid')).toMatchObject({ code });
      expect(await promise(till, { amountFen: 1_500, ...wang })).toEqual(answer);
    }
    expect(await screen('promised')).toMatchObject({ amountFen: 1_500 });
  });

  test('nobody approves: nothing is written; without a PIN there are no promises at all', async () => {
    const till = (bench = await openTillBench());
    const { ask } = till;
    await cutLine(till);
    await ask('till.setAmount', { amountFen: 3_500 });
    expect(await ask('till.payPromise', wang)).toEqual({ refused: 'owner-pin-not-set' });
    await setOwnerPin({ ask }, pin);
    expect(await ask('till.payPromise', wang)).toEqual({ refused: 'owner-approval-missing' });
    const approvalId = await approvalFor(till, { action: 'drawer.open' });
    expect(await ask('till.payPromise', { ...wang, approvalId })).toEqual({
      refused: 'owner-approval-stale',
    });
    // Approved at 35 yuan, used at 200.
    const ofLess = await approvalFor(till, { action: 'till.payPromise' });
    await ask('till.setAmount', { amountFen: 20_000 });
    expect(await ask('till.payPromise', { ...wang, approvalId: ofLess })).toEqual({
      refused: 'owner-approval-stale',
    });
    expect(await ask('orders.list', { limit: 9 })).toMatchObject({ rows: [] });
  });

  test.each([
    ['', 'promise-who-missing'],
    ['   ', 'promise-who-missing'],
    ['130000000000000001', 'promise-who-unfit'],
    ['老王 1380 0000 001', 'promise-who-unfit'],
  ])('an IOU of %j is refused with words', async (who, code) => {
    const till = await openShop();
    await cutLine(till);
    expect(await promise(till, { amountFen: 100, kind: 'iou', who })).toEqual({ refused: code });
  });

  test('limits: one promise, all of them, and their number', async () => {
    const till = (bench = await openTillBench());
    const { ask, cloud, until, status } = till;
    const limits = { ...defaultPromiseLimits, version: 2, perPromiseFen: 600 };
    cloud.newCaps({ promises: { ...limits, openFen: 1_000, openCount: 2 } });
    await until('new limits', async () => (await status()).promises?.totalFen === 1_000);
    await setOwnerPin({ ask }, pin);
    await cutLine(till);
    const taken = (amountFen: number) => promise(till, { amountFen, ...wang });
    expect(await taken(601)).toEqual({ refused: 'promise-too-large' });
    expect(await taken(600)).toEqual({});
    expect(await taken(401)).toEqual({ refused: 'promise-sum-used' });
    expect(await taken(100)).toEqual({});
    expect(await taken(100)).toEqual({ refused: 'promise-count-used' });
    expect(await status()).toMatchObject({ promises: { remainingFen: 0, remainingCount: 0 } });
  });

  test('signed caps that say nothing of promises allow none', async () => {
    const till = (bench = await openTillBench());
    const { ask, cloud, until, status } = till;
    cloud.forgetPromises();
    await until('no limits', async () => (await status()).promises === null);
    await setOwnerPin({ ask }, pin);
    await cutLine(till);
    expect(await promise(till, { amountFen: 100, ...wang })).toEqual({
      refused: 'promise-not-allowed',
    });
  });
});

describe('a promise ends by a person’s word', () => {
  test('kept in cash: the day it came has it on its own line, the list says who; never twice', async () => {
    const till = await openShop();
    const { ask, screen, cloud, until, status } = till;
    await cutLine(till);
    await promise(till, { amountFen: 3_500, ...wang });
    const { orderId } = await screen('promised');
    expect(await ask('orders.keepPromise', { orderId, how: 'cash' })).toEqual({});
    expect(await ask('orders.keepPromise', { orderId, how: 'cash' })).toEqual({
      refused: 'promise-not-open',
    });
    expect(await ask('today.get', {})).toMatchObject({
      turnoverFen: 0,
      cashFen: 0,
      promises: { iouFen: 0, openCount: 0, keptFen: 3_500, keptCashFen: 3_500, keptCount: 1 },
    });
    expect(await ask('exceptions.list', {})).toEqual({ rows: [] });
    expect(await ask('exceptions.handled', {})).toMatchObject({
      rows: [
        { code: 'promise-open', action: 'cash', cashier: '小王', amountFen: 3_500 },
        { code: 'owner-pin-first-set' },
      ],
    });
    expect(await ask('orders.get', { orderId })).toMatchObject({
      state: 'promise-kept',
      bucket: 'none',
      promise: { ...wang, kept: { how: 'cash' } },
    });
    await cloud.comeBack();
    await until('all sent', async () => (await status()).unsentCount === 0);
    expect(cloud.delivered()).toEqual(
      expect.arrayContaining(['order.opened', 'offline.promised', 'offline.promise-kept']),
    );
  });

  test('broken: only with the owner, with his words, and the room is free again', async () => {
    const till = await openShop();
    const { ask, screen, status } = till;
    await cutLine(till);
    await promise(till, { amountFen: 3_500, kind: 'static-code', who: '' });
    const { orderId } = await screen('promised');
    const note = '查了一天没有到账';
    expect(await ask('orders.breakPromise', { orderId, note })).toEqual({
      refused: 'owner-approval-missing',
    });
    const approvalId = await approvalFor(till, { action: 'orders.breakPromise', orderId });
    expect(await ask('orders.breakPromise', { orderId, note, approvalId })).toEqual({});
    expect(await status()).toMatchObject({
      exceptionCount: 0,
      promises: { remainingFen: 200_000, remainingCount: 50 },
    });
    expect(await ask('exceptions.handled', {})).toMatchObject({
      rows: [{ action: 'broken', note, cashier: '小王' }, { code: 'owner-pin-first-set' }],
    });
    expect(await ask('today.get', {})).toMatchObject({
      turnoverFen: 0,
      promises: { staticCodeFen: 0, keptFen: 0 },
    });
  });

  test('kept by transfer and given back: from the owner’s account, with his PIN; the drawer stays shut', async () => {
    const till = await openShop();
    const { ask, screen } = till;
    await cutLine(till);
    await promise(till, { amountFen: 3_500, ...wang });
    const { orderId } = await screen('promised');
    expect(await ask('orders.keepPromise', { orderId, how: 'transfer' })).toEqual({});
    expect(await ask('orders.get', { orderId })).toMatchObject({ refundWay: 'own-account' });
    const wanted = { orderId, amountFen: 3_500, reason: '退货' };
    expect(await ask('orders.refund', wanted)).toEqual({ refused: 'owner-approval-missing' });
    const approvalId = await approvalFor(till, {
      action: 'orders.refund',
      orderId,
      amountFen: 3_500,
    });
    expect(await ask('orders.refund', { ...wanted, approvalId })).toEqual({ refundNo: 1 });
    expect(await ask('orders.get', { orderId })).toMatchObject({
      refunds: [{ how: 'own-account', state: 'done', cashFen: 3_500 }],
    });
    expect(await ask('today.get', {})).toMatchObject({
      promises: { keptFen: 3_500, keptCashFen: 0 },
      refunds: { cashFen: 0, ownAccountFen: 3_500, count: 1 },
    });
  });

  test('a general word about the row does not end it, and a restart forgets nothing', async () => {
    const till = await openShop();
    const { ask, restart } = till;
    await cutLine(till);
    await promise(till, { amountFen: 3_500, ...wang });
    await restart();
    const list = await ask('exceptions.list', {});
    expect(list).toMatchObject({ rows: [{ code: 'promise-open', amountFen: 3_500 }] });
    const [row] = 'rows' in list ? list.rows : [];
    const said = { key: row!.key, action: 'acknowledged', note: '知道了' } as const;
    expect(await ask('exceptions.resolve', said)).toEqual({ refused: 'exception-action-unfit' });
    expect((await till.status()).promises).toMatchObject({ remainingFen: 196_500 });
  });

  test('money that comes late for the scan before it: people decide, nothing is doubled', async () => {
    const till = await openShop();
    const { ask, cloud, screen, until, status, restart } = till;
    cloud.nextCharge({ status: 'failed', code: 'channel-unreachable' });
    await ask('till.setAmount', { amountFen: 1_500 });
    await ask('till.scan', { text: '130000000000000001' });
    const { orderId } = await screen('not-paid');
    await promise(till, { amountFen: 1_500, ...wang });
    await screen('promised');
    await until('all sent', async () => (await status()).unsentCount === 0);
    const late = { result: 'paid', attempt: 1, channel: 'simulator', channelRef: '4200' } as const;
    cloud.results.push({ cursor: 1, orderId: orderId!, atMs: Date.now(), ...late });
    await restart();
    await until('the contradiction stands', async () => {
      const order = await ask('orders.get', { orderId: orderId! });
      return 'state' in order && order.state === 'manual';
    });
    expect(await ask('orders.keepPromise', { orderId: orderId!, how: 'cash' })).toEqual({
      refused: 'promise-not-open',
    });
  });
});

test('the slip says what it is: unpaid, by whom, with a line to sign; the copy of a kept one says how it came', async () => {
  const counter = createMemoryCounter();
  const till = await openShop({ devices: counter.devices, transports: counter.transports });
  const { ask, screen, until } = till;
  await until(
    'the printer is there',
    async () =>
      (await till.status()).devices.some(
        ({ role, state }) => role === 'printer' && state === 'online',
      ),
    15_000,
  );
  await cutLine(till);
  await promise(till, { amountFen: 3_500, ...wang });
  const { orderId } = await screen('promised');
  await until('the slip', () => counter.papers().length === 1, 15_000);
  const [slip = ''] = counter.papers();
  expect(slip).toContain('赊账（未收款）');
  expect(slip).toContain('王阿姨');
  expect(slip).toContain('赊账人签名');
  expect(slip).not.toMatch(/已收款|收款成功|已到账|已收现金|预计积分|领取/u);
  await ask('orders.keepPromise', { orderId, how: 'cash' });
  await ask('orders.reprint', { orderId });
  await until('the copy', () => counter.papers().length === 2, 15_000);
  const copy = counter.papers()[1] ?? '';
  expect(copy).toContain('补打');
  expect(copy).toContain('赊账已收回');
  expect(copy).toMatch(/收回方式.*现金/u);
  expect(copy).not.toContain('赊账人签名');
});
