import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeWechatSandboxKeys } from '#cloud/channel-simulator/faces/wechat/keys.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { registerAdminIdentityRoutes } from '#cloud/identity/admin-routes.ts';
import { registerIdentityRoutes } from '#cloud/identity/routes.ts';
import { registerPaymentAdminRoutes } from '#cloud/payments/admin-routes.ts';
import { createWechatChannel } from '#cloud/payments/channels/wechat/wechat-channel.ts';
import {
  openWechatRig,
  type WechatRig,
} from '#cloud/payments/channels/wechat/testing/wechat-rig.ts';
import { partner } from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';
import { registerPaymentRoutes } from '#cloud/payments/routes.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createHttpShell } from '#cloud/platform/http/http-shell.ts';
import { testOperatorToken } from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, type TestTerminal } from '#cloud/platform/testing/test-terminal.ts';

let bench: PaymentBench;
let rig: WechatRig;
let app: CloudApp;
let terminal: TestTerminal;
beforeAll(async () => {
  // A terminal signs with the machine's clock, so the bench starts there.
  bench = await createPaymentBench({ startMs: Date.now() });
  rig = await openWechatRig(partner);
  const { account } = rig.options;
  const strangerKey = makeWechatSandboxKeys().merchantPrivateKey;
  const channels: ReadonlyMap<string, Channel> = new Map([
    ...bench.deps.channels,
    ['wechat-own', bench.deps.channels.get('wechat')!],
    ['wechat-rig', rig.channel],
    [
      'wechat-old-key',
      createWechatChannel({ ...rig.options, account: { ...account, privateKey: strangerKey } }),
    ],
  ]);
  app = await createHttpShell(bench.cloud.deps);
  registerIdentityRoutes(app, bench.cloud.deps);
  registerAdminIdentityRoutes(app, bench.cloud.deps);
  registerPaymentRoutes(app, { ...bench.deps, channels });
  registerPaymentAdminRoutes(app, { ...bench.cloud.deps, channels });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  terminal = await activateTestTerminal({ origin, operatorToken: testOperatorToken });
});
afterAll(async () => {
  await app.close();
  await rig.close();
  await bench.close();
});
afterEach(() => rig.setLine('none'));

const ask = async (method: 'GET' | 'POST' | 'PUT', path: string, payload?: object) => {
  const answer = await app.inject({
    method,
    url: `/admin/v1/${path}`,
    headers: { authorization: `Bearer ${testOperatorToken}` },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
};
const probe = (account: string) => ask('POST', `channel-accounts/${account}/probe`);
const shop = () => `merchants/${terminal.merchantId}`;
const open = (channel: string, change: object = {}) =>
  ask('PUT', `${shop()}/channels`, {
    channels: [
      {
        channel,
        channelMerchantNo: '1900000109',
        wallets: ['wechat'],
        priority: 1,
        perTxnMaxFen: 5_000_000,
        dayQuotaFen: 50_000_000,
        ...change,
      },
    ],
  });

describe('a further account of a channel', () => {
  it('is opened for a shop under its own name, and the shop charges there', async () => {
    expect(await open('wechat-own')).toEqual({ status: 200, body: { open: 1 } });
    const request = bench.request('01');
    const paid = await terminal.post('/v1/charges', request);
    expect(paid).toMatchObject({ status: 200, body: { status: 'paid' } });
    const { rows } = await bench.deps.db.execute(sql`
      select channel from payment_attempt where order_id = ${request.orderId}`);
    expect(rows).toEqual([{ channel: 'wechat-own' }]);
  });

  it('is closed for the shop and opened again: meanwhile nothing is sent there', async () => {
    await open('wechat-own', { enabled: false });
    expect(await terminal.post('/v1/charges', bench.request('01'))).toMatchObject({
      status: 422,
      body: { code: 'no-channel' },
    });
    await open('wechat-own');
    expect(await terminal.post('/v1/charges', bench.request('01'))).toMatchObject({
      body: { status: 'paid' },
    });
  });

  it('has terminals of its own', async () => {
    const till = { terminalId: terminal.terminalId, channelTerminalNo: 'T001' };
    expect(await ask('PUT', `${shop()}/channels/wechat-own/terminals`, till)).toMatchObject({
      status: 200,
      body: { registered: true },
    });
    const { rows } = await bench.deps.db.execute(sql`select channel from channel_terminal`);
    expect(rows).toEqual([{ channel: 'wechat-own' }]);
  });

  it('that this cloud does not have is refused by name, and nothing is opened', async () => {
    expect(await open('wechat-nobody')).toMatchObject({
      status: 422,
      body: {
        code: 'request-invalid',
        detail: expect.stringContaining('wechat-nobody') as unknown,
      },
    });
    const { rows } = await bench.deps.db.execute(sql`
      select channel from merchant_channel where merchant_id = ${terminal.merchantId}`);
    expect(rows).toEqual([{ channel: 'wechat-own' }]);
  });

  it('is listed with what it can do', async () => {
    const { body } = await ask('GET', 'channel-accounts');
    expect(body['accounts']).toContainEqual({
      account: 'wechat-own',
      kind: 'wechat',
      wallets: ['wechat'],
      abilities: ['bill', 'notify', 'payout', 'probe', 'query-refund', 'split', 'subsidy'],
    });
  });
});

describe('the self test of an account', () => {
  it('says healthy when both sides know each other’s keys, and moves nothing', async () => {
    expect(await probe('wechat-rig')).toEqual({
      status: 200,
      body: { result: 'healthy', signature: 'valid', httpStatus: 200 },
    });
    expect([...rig.simulator.requestCounts().keys()]).toEqual(['/v3/security/echo']);
  });

  it('says refused, with the channel’s word, when the channel does not know our key', async () => {
    expect(await probe('wechat-old-key')).toMatchObject({
      status: 200,
      body: { result: 'refused', code: 'SIGN_ERROR', signature: 'valid' },
    });
  });

  it.each([
    ['forge-answer', 'bad-signature', 'invalid'],
    ['lose-answer', 'no-answer', 'no-answer'],
  ] as const)('says unknown when %s', async (fault, code, signature) => {
    rig.setLine(fault);
    expect(await probe('wechat-rig')).toMatchObject({
      status: 200,
      body: { result: 'unknown', code, signature },
    });
  });

  it('is refused where a channel has none, and of an account that is not there', async () => {
    expect(await probe('alipay')).toMatchObject({ status: 422, body: { code: 'request-invalid' } });
    expect(await probe('nobody')).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });
});
