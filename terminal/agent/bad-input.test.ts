import { afterEach, describe, expect, test } from 'vitest';
import { errorCatalogue, isErrorCode } from '#shared/errors/catalogue.ts';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import type { CallAnswer } from '#terminal/ipc/dispatch.ts';
import type { Agent } from '#terminal/agent/agent.ts';
import type { MethodName } from '#terminal/ipc/terminal-api.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const wechat = (last: number): string => `13000000000000${String(last).padStart(4, '0')}`;

/** Calls as a window that was taken over would: past the types. */
const untyped =
  (agent: Agent) =>
  (method: string, input: object): Promise<CallAnswer> =>
    agent.api.call(method as MethodName, input);

describe('what bad input gets', () => {
  test.each([
    ['letters', '12a'],
    ['negative', -1],
    ['a fraction', 12.5],
    ['over the limit', 5_000_001],
  ])('an amount with %s is input-invalid and changes nothing', async (_name, amountFen) => {
    const { agent, till } = (bench = await openTillBench());
    const call = untyped(agent());
    const before = await till();

    expect(await call('till.setAmount', { amountFen })).toMatchObject({
      ok: false,
      error: { code: 'input-invalid' },
    });
    expect(await till()).toEqual(before);
  });

  test('an unknown method and an extra field are input-invalid', async () => {
    const { agent } = (bench = await openTillBench());
    const call = untyped(agent());

    expect(await call('till.giveRefund', {})).toMatchObject({ error: { code: 'input-invalid' } });
    expect(await call('till.payCash', { tenderedFen: 1, extra: 1 })).toMatchObject({
      error: { code: 'input-invalid' },
    });
  });

  test('a scan with amount 0, an unknown code and an over-long one are said, and no order begins', async () => {
    const { ask, till, cloud } = (bench = await openTillBench());
    const noticeAfter = async (text: string) => {
      await ask('till.scan', { text });
      const { notice } = await till();
      expect(
        notice !== null && isErrorCode(notice.code) && errorCatalogue[notice.code].zh,
      ).toBeTruthy();
      return notice?.code;
    };
    expect(await noticeAfter(wechat(1))).toBe('amount-not-positive');
    await ask('till.setAmount', { amountFen: 100 });
    expect((await till()).notice).toBeNull();
    expect(await noticeAfter('6901234567892')).toBe('code-is-product');
    expect(await noticeAfter('9912345678909')).toBe('code-is-voucher');
    expect(await noticeAfter('wxp://f2f0abc')).toBe('code-is-receiving');
    expect(await noticeAfter('https://example.com/')).toBe('code-is-link');
    expect(await noticeAfter('1234567')).toBe('code-not-recognised');
    expect(await noticeAfter('１３００００００００００００００００')).toBe(
      'scan-through-input-method',
    );
    expect(await noticeAfter('9'.repeat(600))).toBe('code-too-long');
    expect(await noticeAfter('99'.padEnd(262, '1'))).toMatch(/^member-code-|^not-found$/);
    expect(cloud.bodies).toEqual([]);
    expect(await ask('orders.list', { limit: 9 })).toMatchObject({ rows: [] });
  });

  test('a second code during a charge is kept out and explained; the same code again is one intent', async () => {
    const { ask, screen, till, cloud, until } = (bench = await openTillBench());
    cloud.behave('charge', 'never');
    await ask('till.setAmount', { amountFen: 500 });
    await ask('till.scan', { text: wechat(1) });
    await screen('waiting');
    await ask('till.scan', { text: wechat(1) });
    expect(await till()).toMatchObject({ notice: null, screen: { secondScan: false } });
    await ask('till.scan', { text: wechat(2) });
    expect(await till()).toMatchObject({
      notice: { code: 'scan-during-charge' },
      screen: { type: 'waiting', secondScan: true },
    });
    await until('one request', () => cloud.requests.includes('POST /v1/charges'));
    expect(cloud.requests.filter((line) => line === 'POST /v1/charges')).toHaveLength(1);
  });

  test('two scans at once begin one charge', async () => {
    const { ask, screen, cloud } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 500 });
    await Promise.all([
      ask('till.scan', { text: wechat(1) }),
      ask('till.scan', { text: wechat(2) }),
    ]);
    await screen('paid');
    expect(cloud.bodies).toHaveLength(1);
  });

  test('a code that paid one sale is refused for the next', async () => {
    const { ask, screen, till, cloud } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 500 });
    await ask('till.scan', { text: wechat(1) });
    await screen('paid');
    await ask('till.setAmount', { amountFen: 700 });
    await ask('till.scan', { text: wechat(1) });
    expect(await till()).toMatchObject({ notice: { code: 'code-used-before' } });
    expect(cloud.bodies).toHaveLength(1);
  });

  test.each([
    ['500', 'cloud-error'],
    ['garbage', 'cloud-answer-invalid'],
    ['never', 'cloud-timeout'],
    ['drop', 'cloud-error'],
  ] as const)(
    'a charge answered %s is unknown, never failed, and the query finds it paid',
    async (behaviour, code) => {
      const { ask, screen, cloud, until, till } = (bench = await openTillBench(fastWorld(10)));
      cloud.behave('charge', behaviour);
      cloud.behave('query', 'garbage');
      await ask('till.setAmount', { amountFen: 800 });
      await ask('till.scan', { text: wechat(1) });
      await until('unknown is shown', async () => {
        const { screen: now } = await till();
        return now.type === 'waiting' && now.phase === 'unknown';
      });
      expect(await till()).toMatchObject({ screen: { type: 'waiting' } });
      await until('the journal says unknown', () => cloud.delivered().includes('charge.unknown'));
      expect(JSON.stringify(cloud.batches)).toContain(code);
      cloud.behave('charge', 'ok');
      cloud.behave('query', 'ok');
      await screen('paid');
    },
  );

  test('a charge refused with 429 goes out again under the same number, in case something on the way handed it on twice', async () => {
    const { ask, screen, cloud } = (bench = await openTillBench(fastWorld(5)));
    cloud.behave('charge', '429');
    await ask('till.setAmount', { amountFen: 800 });
    await ask('till.scan', { text: wechat(1) });
    await screen('waiting');
    cloud.behave('charge', 'ok');
    await screen('paid');
    expect(cloud.bodies).toMatchObject([{ attempt: 1, authCode: wechat(1) }]);
  });

  test('a request that never arrived is sent again with the same number while its code is alive', async () => {
    const { ask, screen, cloud } = (bench = await openTillBench(fastWorld(10)));
    cloud.behave('charge', '500');
    await ask('till.setAmount', { amountFen: 800 });
    await ask('till.scan', { text: wechat(1) });
    await screen('waiting');
    cloud.behave('charge', 'ok');
    await screen('paid');
    expect(cloud.bodies).toMatchObject([{ attempt: 1 }]);
  });

  test('while a voucher cannot be set aside nothing is charged, and without it the sale goes on', async () => {
    const { ask, screen, till, cloud } = (bench = await openTillBench());
    cloud.behave('voucher-reservations', '500');
    await ask('till.setAmount', { amountFen: 2_000 });
    await ask('till.attachMember', { phone: '13800000001' });
    await ask('till.scan', { text: wechat(1) });
    expect(await till()).toMatchObject({ notice: { code: 'voucher-unavailable' } });
    expect(cloud.bodies).toEqual([]);
    await ask('till.useVoucher', { use: false });
    await ask('till.scan', { text: wechat(1) });
    expect(await screen('paid')).toMatchObject({ voucherFen: 0 });
  });

  test('a clock 40 minutes off signs again with the time of the cloud and sells', async () => {
    const { ask, screen, cloud } = (bench = await openTillBench());
    cloud.skew(40 * 60_000);
    await ask('till.setAmount', { amountFen: 800 });
    await ask('till.scan', { text: wechat(1) });
    await screen('paid');
  });
});
