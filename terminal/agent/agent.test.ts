import { afterEach, describe, expect, test } from 'vitest';
import { createAgent } from '#terminal/agent/agent.ts';
import { testMember } from '#terminal/agent/testing/scripted-platform.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const wechat = (last: number): string => `13000000000000${String(last).padStart(4, '0')}`;

describe('a sale', () => {
  test('digits and one scan: the intent is durable before the request, then paid, and the code is nowhere', async () => {
    const { ask, screen, cloud, till, until } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 1_250 });
    await ask('till.scan', { text: wechat(1) });
    const paid = await screen('paid');
    expect(paid).toMatchObject({ amountFen: 1_250, wallet: 'wechat', pointsEstimateFen: 125 });
    expect(cloud.bodies).toMatchObject([{ attempt: 1, authCode: wechat(1), amountFen: 1_250 }]);
    await until('all delivered', () => cloud.delivered().includes('charge.paid'));
    const types = cloud.delivered();
    expect(types.indexOf('order.opened')).toBeLessThan(types.indexOf('charge.submitted'));
    expect(types.indexOf('charge.submitted')).toBeLessThan(types.indexOf('charge.paid'));
    expect(JSON.stringify(cloud.batches)).not.toContain(wechat(1));
    expect(await till()).toMatchObject({ draft: { amountFen: 0 } });
    expect(cloud.refusedSignatures).toEqual([]);
  });

  test('USERPAYING: the screen waits, amber, and turns green only on the word of the channel', async () => {
    const { ask, screen, cloud } = (bench = await openTillBench(fastWorld(10)));
    cloud.nextCharge({ status: 'paid', afterQueries: 2 });
    await ask('till.setAmount', { amountFen: 9_900 });
    await ask('till.scan', { text: wechat(2) });
    expect(await screen('waiting')).toMatchObject({ amountFen: 9_900 });
    expect(await ask('till.dismiss', {})).toEqual({ refused: 'result-not-known' });
    expect(await ask('till.setAmount', { amountFen: 1 })).toEqual({ refused: 'result-not-known' });
    expect(await ask('till.payCash', { tenderedFen: 10_000 })).toEqual({
      refused: 'result-not-known',
    });
    await screen('paid');
    expect(cloud.requests.filter((line) => line === 'POST /v1/charges')).toHaveLength(1);
  });

  test('cancel is a request: the wish is in the journal, the cloud reverses, and cash takes the same order', async () => {
    const { ask, screen, cloud, until } = (bench = await openTillBench(fastWorld(5)));
    cloud.nextCharge({ status: 'paid', afterQueries: 999 });
    await ask('till.setAmount', { amountFen: 2_000 });
    await ask('till.scan', { text: wechat(3) });
    await until('the payer is asked', () => cloud.bodies.length === 1);
    expect(await ask('till.cancel', {})).toEqual({});
    const red = await screen('not-paid');
    expect(red.code).toBe('cancelled-by-cashier');
    expect(await ask('till.payCash', { tenderedFen: 5_000 })).toEqual({});
    const cash = await screen('cash');
    expect(cash).toMatchObject({ orderId: red.orderId, tenderedFen: 5_000, changeFen: 3_000 });
    await until('all delivered', () => cloud.delivered().includes('cash.recorded'));
    expect(cloud.delivered().filter((type) => type === 'order.opened')).toHaveLength(1);
    expect(cloud.delivered()).toContain('charge.cancel-wanted');
  });

  test('a failed attempt and a fresh code: attempt 2 of the same order', async () => {
    const { ask, screen, cloud } = (bench = await openTillBench());
    cloud.nextCharge({ status: 'failed', code: 'payer-balance' });
    await ask('till.setAmount', { amountFen: 2_000 });
    await ask('till.scan', { text: wechat(4) });
    expect(await screen('not-paid')).toMatchObject({ code: 'payer-balance', amountFen: 2_000 });
    cloud.nextCharge({ status: 'paid' });
    await ask('till.scan', { text: wechat(5) });
    await screen('paid');
    expect(cloud.bodies.map((body) => body.attempt)).toEqual([1, 2]);
    expect(new Set(cloud.bodies.map((body) => body.orderId)).size).toBe(1);
  });

  test('a member and his voucher: set aside before the charge, carried by order and request', async () => {
    const { ask, screen, cloud, till } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 2_000 });
    expect(await ask('till.attachMember', { phone: '13800000001' })).toEqual({});
    expect(await till()).toMatchObject({ draft: { member: testMember, voucherFen: 600 } });
    await ask('till.scan', { text: wechat(6) });
    expect(await screen('paid')).toMatchObject({ voucherFen: 600, pointsEstimateFen: 140 });
    expect(cloud.bodies).toMatchObject([
      { amountFen: 2_000, voucherFen: 600, reservationId: 'rsv_1', memberId: testMember.memberId },
    ]);
  });

  test('cash: what is given must reach what is due; the change is right; the tally adds up', async () => {
    const { ask, screen } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 2_350 });
    expect(await ask('till.payCash', { tenderedFen: 2_000 })).toEqual({ refused: 'cash-short' });
    await ask('till.payCash', { tenderedFen: 5_000 });
    expect(await screen('cash')).toMatchObject({ changeFen: 2_650, receipt: 'off' });
    await ask('till.setAmount', { amountFen: 1_000 });
    await ask('till.scan', { text: wechat(7) });
    await screen('paid');
    expect(await ask('today.get', {})).toMatchObject({
      settledFen: 1_000,
      settledVoucherFen: 0,
      cashFen: 2_350,
      offlineFen: 0,
      pendingFen: 0,
      turnoverFen: 3_350,
      orderCount: 2,
      takenCount: 2,
    });
    expect(await ask('orders.list', { limit: 1 })).toMatchObject({
      rows: [{ tender: 'wechat', state: 'paid' }],
    });
    expect(await ask('orders.list', { limit: 9, search: '23.50' })).toMatchObject({
      rows: [{ tender: 'cash' }],
    });
  });

  test('cash far above what is due was typed by a scanner: refused, nothing is booked', async () => {
    const { ask, screen } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 800 });
    expect(await ask('till.payCash', { tenderedFen: 1_345_600 })).toEqual({
      refused: 'tendered-too-large',
    });
    expect(await ask('orders.list', { limit: 9 })).toMatchObject({ rows: [] });
    await ask('till.payCash', { tenderedFen: 10_000 });
    expect(await screen('cash')).toMatchObject({ changeFen: 9_200 });
  });

  test('restart in the middle: the waiting screen comes back, the query decides, nothing is charged twice', async () => {
    const { ask, screen, cloud, restart, until } = (bench = await openTillBench(fastWorld(10)));
    cloud.nextCharge({ status: 'paid', afterQueries: 999 });
    await ask('till.setAmount', { amountFen: 3_000 });
    await ask('till.scan', { text: wechat(8) });
    const before = await screen('waiting');
    await until('the request arrived', () => cloud.bodies.length === 1);
    await restart();
    expect(await screen('waiting')).toMatchObject({ orderId: before.orderId, amountFen: 3_000 });
    expect(await ask('exceptions.list', {})).toMatchObject({ rows: [{ orderId: before.orderId }] });
    cloud.settleAll('paid');
    await screen('paid');
    expect(cloud.bodies).toHaveLength(1);
  });

  test('a till without identity does not sell and says so', async () => {
    const { ask, till } = (bench = await openTillBench({ activated: false }));
    await ask('till.setAmount', { amountFen: 100 });
    expect(await ask('till.payCash', { tenderedFen: 100 })).toEqual({
      refused: 'agent-not-activated',
    });
    await ask('till.scan', { text: wechat(9) });
    expect(await till()).toMatchObject({ notice: { code: 'agent-not-activated' } });
  });

  test('a wrong activation code is refused in the words of the cloud', async () => {
    const { agent } = (bench = await openTillBench({ activated: false }));
    expect(await agent().activate('ZZZZZZZZZZZZ')).toEqual({
      ok: false,
      error: { code: 'activation-code-invalid' },
    });
    expect(agent().isActivated()).toBe(false);
  });

  test('a second till program on the same folder is refused and disturbs nothing', async () => {
    const { cloud, dataDir } = (bench = await openTillBench());
    const config = { dataDir, cloudUrl: cloud.url, cashier: '小李', devices: [] };
    expect(await createAgent({ config, appVersion: 'test' })).toMatchObject({
      ok: false,
      error: { code: 'store-locked' },
    });
  });
});
