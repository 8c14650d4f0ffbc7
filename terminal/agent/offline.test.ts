import { afterEach, describe, expect, test } from 'vitest';
import { leastOfRounds } from '#shared/testing/least-of-rounds.ts';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const wechat = (last: number): string => `13000000000000${String(last).padStart(4, '0')}`;

/** The line is cut and the till has noticed. */
async function cutLine({ cloud, until, status }: TillBench): Promise<void> {
  await cloud.goDown();
  await until('the outage is seen', async () => !(await status()).online);
}

const outageMsMax = 3_000;

/** How long the till takes to see an outage, milliseconds. */
const msToSee = (
  { until, status }: TillBench,
  line: { readonly cut: () => Promise<void>; readonly mend: () => Promise<void> },
): Promise<number> =>
  leastOfRounds({
    limitMs: outageMsMax,
    measure: async () => {
      const cutAt = performance.now();
      await line.cut();
      await until('the outage is seen', async () => !(await status()).online);
      return performance.now() - cutAt;
    },
    restore: async () => {
      await line.mend();
      await until('the line is up', async () => (await status()).online);
    },
  });

describe('offline', () => {
  test('an outage shows within 3 s, with what is left to sell on', async () => {
    const { cloud, status } = (bench = await openTillBench());
    expect(await status()).toMatchObject({ online: true, offlineSinceMs: null });
    const line = { cut: cloud.goDown, mend: cloud.comeBack };
    expect(await msToSee(bench, line)).toBeLessThan(outageMsMax);
    expect(await status()).toMatchObject({
      offline: { perPaymentFen: 5_000, remainingFen: 50_000, totalFen: 50_000 },
    });
    expect((await status()).offlineSinceMs).not.toBeNull();
  });

  test('an outage that swallows everything shows within 3 s too', async () => {
    const { cloud } = (bench = await openTillBench());
    const behave = (behaviour: 'never' | 'ok') => async (): Promise<void> => {
      cloud.behave('all', behaviour);
      cloud.behave('healthz', behaviour);
    };
    const line = { cut: behave('never'), mend: behave('ok') };
    expect(await msToSee(bench, line)).toBeLessThan(outageMsMax);
  });

  test('cash sells on; the orders wait in the journal and arrive once, in order, when the line is back', async () => {
    const { ask, screen, cloud, until, status } = (bench = await openTillBench());
    await cutLine(bench);
    for (const amountFen of [100, 200, 300]) {
      await ask('till.setAmount', { amountFen });
      await ask('till.payCash', { tenderedFen: amountFen });
      await screen('cash');
    }
    expect(await status()).toMatchObject({ unsentCount: 3, unsentFen: 600 });
    await cloud.comeBack();
    await until('all sent', async () => (await status()).unsentCount === 0);
    expect(cloud.delivered().filter((type) => type === 'cash.recorded')).toHaveLength(3);
    expect(await ask('orders.list', { limit: 9 })).toMatchObject({
      rows: [{ synced: true }, { synced: true }, { synced: true }],
    });
  });

  test('a wallet code waits in memory and is charged once when the line is back in time', async () => {
    const { ask, screen, cloud, until } = (bench = await openTillBench());
    await cutLine(bench);
    await ask('till.setAmount', { amountFen: 1_500 });
    await ask('till.scan', { text: wechat(1) });
    expect(await screen('held')).toMatchObject({ amountFen: 1_500, wallet: 'wechat' });
    await cloud.comeBack();
    await screen('paid');
    expect(cloud.bodies).toMatchObject([{ attempt: 1, authCode: wechat(1) }]);
    await until('all delivered', () => cloud.delivered().includes('charge.paid'));
    expect(cloud.delivered()).toContain('charge.held');
    expect(JSON.stringify(cloud.batches)).not.toContain(wechat(1));
  });

  test('a line that dies at the scan: refused means not a byte left, so the code is held, not lost', async () => {
    const { ask, screen, cloud } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 1_500 });
    await cloud.goDown();
    await ask('till.scan', { text: wechat(1) });
    await screen('held');
    await cloud.comeBack();
    await screen('paid');
    expect(cloud.bodies).toMatchObject([{ attempt: 2, authCode: wechat(1) }]);
  });

  test('a line that dies while the payer confirms: the screen never says that nothing was charged', async () => {
    const { ask, cloud, until, till } = (bench = await openTillBench());
    cloud.nextCharge({ status: 'paid', afterQueries: 50 });
    await ask('till.setAmount', { amountFen: 1_500 });
    await ask('till.scan', { text: wechat(1) });
    await until('the payer is asked', async () => {
      const { screen: shown } = await till();
      return shown.type === 'waiting' && shown.phase === 'waiting-payer';
    });
    await cloud.goDown();
    await until('the failed question is told', async () => {
      const { screen: shown } = await till();
      if (shown.type === 'waiting') expect(shown.code).not.toBe('cloud-unreachable');
      return shown.type === 'waiting' && shown.code === 'result-not-known-offline';
    });
    expect(await ask('exceptions.list', {})).toMatchObject({
      rows: [{ code: 'charge-outcome-unknown', amountFen: 1_500 }],
    });
  });

  test('a held code that runs out is not charged: red, with words, and cash takes the order', async () => {
    const { ask, screen, cloud, status } = (bench = await openTillBench(fastWorld(40)));
    await cutLine(bench);
    await ask('till.setAmount', { amountFen: 1_500 });
    await ask('till.scan', { text: wechat(1) });
    const red = await screen('not-paid');
    expect(red).toMatchObject({ code: 'held-code-expired', amountFen: 1_500 });
    // It waits to be told, and no money waits in it.
    expect(await status()).toMatchObject({ unsentCount: 1, unsentFen: 0 });
    await ask('till.payCash', { tenderedFen: 1_500 });
    expect(await status()).toMatchObject({ unsentCount: 1, unsentFen: 1_500 });
    expect(await screen('cash')).toMatchObject({ orderId: red.orderId });
    await cloud.comeBack();
    await new Promise((resolve) => {
      setTimeout(resolve, 300);
    });
    expect(cloud.bodies).toEqual([]);
  });

  test('a restart forgets held codes: the order is expired, nothing is charged later', async () => {
    const { ask, screen, cloud, restart, until } = (bench = await openTillBench());
    await cutLine(bench);
    await ask('till.setAmount', { amountFen: 1_500 });
    await ask('till.scan', { text: wechat(1) });
    await screen('held');
    await restart();
    expect(await ask('orders.list', { limit: 1 })).toMatchObject({
      rows: [{ state: 'failed', reason: 'held-code-expired' }],
    });
    await cloud.comeBack();
    await until('delivered', () => cloud.delivered().includes('charge.expired'));
    expect(cloud.bodies).toEqual([]);
  });

  test('a member code pays as 离线记账, once, inside the caps, and settles after sync exactly once', async () => {
    const { ask, screen, till, status, cloud, until } = (bench = await openTillBench());
    await cutLine(bench);
    const code = cloud.memberCode(1);
    await ask('till.scan', { text: code });
    expect(await till()).toMatchObject({ notice: { code: 'amount-not-positive' } });
    await ask('till.setAmount', { amountFen: 6_000 });
    await ask('till.scan', { text: code });
    expect(await till()).toMatchObject({ notice: { code: 'offline-payment-limit' } });
    await ask('till.setAmount', { amountFen: 4_000 });
    await ask('till.scan', { text: code });
    const amber = await screen('offline-accepted');
    expect(amber).toMatchObject({
      amountFen: 4_000,
      remainingOfflineFen: 46_000,
      memberRoom: { remainingFen: 6_000, remainingCount: 2 },
    });
    await ask('till.setAmount', { amountFen: 1_000 });
    await ask('till.scan', { text: code });
    expect(await till()).toMatchObject({ notice: { code: 'member-code-used' } });
    expect(await ask('today.get', {})).toMatchObject({ offlineFen: 4_000, settledFen: 0 });
    cloud.results.push({
      cursor: 1,
      orderId: amber.orderId,
      result: 'settled',
      voucherFen: 600,
      debitFen: 3_400,
      atMs: 1,
    });
    await cloud.comeBack();
    await until('settled', async () => {
      const row = await ask('orders.get', { orderId: amber.orderId });
      return 'state' in row && row.state === 'settled';
    });
    expect(await ask('today.get', {})).toMatchObject({ offlineFen: 0, settledFen: 4_000 });
    expect(await status()).toMatchObject({ offline: { remainingFen: 50_000 } });
    await until('told', () => cloud.delivered().includes('offline.settled'));
    expect(cloud.delivered().filter((type) => type === 'offline.settled')).toHaveLength(1);
  });

  test('a failed withholding is an exception for the owner, not turnover that arrived', async () => {
    const { ask, screen, cloud, until, status } = (bench = await openTillBench());
    await cutLine(bench);
    await ask('till.setAmount', { amountFen: 4_000 });
    await ask('till.scan', { text: cloud.memberCode(2) });
    const { orderId } = await screen('offline-accepted');
    const failed = {
      cursor: 5,
      orderId,
      result: 'debit-failed',
      code: 'withholding-failed',
      bearer: 'platform',
      coveredFen: 4_000,
      atMs: 1,
    };
    cloud.results.push(failed as (typeof cloud.results)[number]);
    await cloud.comeBack();
    await until('an exception', async () => (await status()).exceptionCount === 1);
    expect(await ask('exceptions.list', {})).toMatchObject({
      rows: [
        {
          orderId,
          code: 'withholding-failed',
          amountFen: 4_000,
          loss: { bearer: 'platform', coveredFen: 4_000 },
        },
      ],
    });
    expect(await ask('today.get', {})).toMatchObject({ offlineFen: 4_000, settledFen: 0 });
    const list = await ask('exceptions.list', {});
    const key = 'rows' in list ? list.rows[0]!.key : '';
    const word = { key, action: 'acknowledged', note: '顾客明天来付' } as const;
    expect(await ask('exceptions.resolve', word)).toEqual({});
    await until('it leaves the count', async () => (await status()).exceptionCount === 0);
    expect(await ask('exceptions.handled', {})).toMatchObject({
      rows: [{ orderId, cashier: '小王', note: '顾客明天来付' }],
    });
    await until('the cloud has it', () => cloud.delivered().includes('exception.resolved'));
    expect(await ask('orders.get', { orderId })).toMatchObject({ state: 'debit-failed' });
  });

  test('the count of a shop is a cap too: shown as what is left, and the sale after the last is refused', async () => {
    const { ask, screen, till, status, cloud, until } = (bench = await openTillBench());
    cloud.newCaps({ shopUnsyncedCount: 1 });
    await until('new caps', async () => (await status()).offline.remainingCount === 1);
    await cutLine(bench);
    await ask('till.setAmount', { amountFen: 100 });
    await ask('till.scan', { text: cloud.memberCode(4) });
    await screen('offline-accepted');
    await until('none left', async () => (await status()).offline.remainingCount === 0);
    await ask('till.setAmount', { amountFen: 100 });
    await ask('till.scan', { text: cloud.memberCode(5) });
    expect(await till()).toMatchObject({ notice: { code: 'offline-shop-count' } });
    await cloud.comeBack();
    await until('room again', async () => (await status()).offline.remainingCount === 1);
  });

  test('a field that a newer cloud signs into the configuration does not keep the rest of it out', async () => {
    const { status, cloud, until } = (bench = await openTillBench());
    const newer = { perPaymentFen: 1_000, ofANewerVersion: true };
    cloud.newCaps(newer);
    await until('new caps', async () => (await status()).offline.perPaymentFen === 1_000);
  });

  test('after a restart without the line only half of the room is given', async () => {
    const { restart, status, cloud } = (bench = await openTillBench());
    await cloud.goDown();
    await restart();
    expect(await status()).toMatchObject({
      online: false,
      offline: { perPaymentFen: 2_500, totalFen: 25_000 },
    });
  });

  test('a forged member code is refused', async () => {
    const { ask, till, cloud } = (bench = await openTillBench());
    await cutLine(bench);
    const code = cloud.memberCode(3);
    const digits = BigInt(code.slice(2, 260)) + 1n;
    const check = String(digits % 97n).padStart(2, '0');
    await ask('till.setAmount', { amountFen: 100 });
    await ask('till.scan', { text: `99${String(digits).padStart(258, '0')}${check}` });
    expect(await till()).toMatchObject({ notice: { code: 'member-code-forged' } });
  });
});
