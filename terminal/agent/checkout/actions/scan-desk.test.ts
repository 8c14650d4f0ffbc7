import { afterEach, describe, expect, it, test } from 'vitest';
import { noticeOf } from '#terminal/agent/checkout/actions/scan-desk.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

const wechat = '134567890123456789';
const member = '99'.padEnd(262, '7');

describe('scans at the counter', () => {
  let bench: TillBench;
  afterEach(() => bench.close());

  test.each([
    ['a product', '6901234567892'],
    ['a coupon', '9912345678909'],
    ['a member', member],
    ['a link', 'https://example.com/'],
    ['another payment code', '134567890123456780'],
    ['what nobody knows', 'ABC'],
  ])(
    '%s scanned while a sale waits is kept out and explained, and the sale goes on',
    async (_, text) => {
      const { ask, screen, till, cloud, until } = (bench = await openTillBench());
      cloud.behave('charge', 'never');
      await ask('till.setAmount', { amountFen: 500 });
      await ask('till.scan', { text: wechat });
      await screen('waiting');
      await ask('till.scan', { text });
      expect(await till()).toMatchObject({
        notice: { code: 'scan-during-charge' },
        screen: { type: 'waiting', secondScan: true },
      });
      await until('one request', () => cloud.requests.includes('POST /v1/charges'));
      expect(cloud.requests.filter((line) => line === 'POST /v1/charges')).toHaveLength(1);
    },
  );

  it('a keyboard scanner that tells AIM identifiers is understood, and they are evidence', async () => {
    const { ask, screen, till } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 500 });
    await ask('till.scan', { text: `]A0${wechat}` });
    expect(await till()).toMatchObject({ notice: { code: 'code-not-recognised' } });
    await ask('till.scan', { text: `]Q1${wechat}` });
    await screen('paid');
  });

  it('a product before the sale is named, and the amount stays', async () => {
    const { ask, till } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 500 });
    await ask('till.scan', { text: '6901234567892' });
    expect(await till()).toMatchObject({
      notice: { code: 'code-is-product' },
      draft: { amountFen: 500 },
      screen: { type: 'ready' },
    });
  });
});

test('an empty scan is worth no words', () => {
  expect(noticeOf({ type: 'unknown', reason: 'empty' })).toBeUndefined();
});
