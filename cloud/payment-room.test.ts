import { createPublicKey } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TerminalId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import {
  createChannelSimulator,
  type ChannelSimulator,
} from '#cloud/channel-simulator/channel-simulator.ts';
import { loadAlipaySandboxKeys } from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { loadUnionpaySandboxKeys } from '#cloud/channel-simulator/faces/unionpay/keys.ts';
import {
  loadWechatSandboxKeys,
  makeWechatSandboxKeys,
  publicKeyId,
  type WechatSandboxKeys,
} from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { wechatFace } from '#cloud/channel-simulator/faces/wechat/wechat-face.ts';
import { loadSandboxKeys, sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import { openChannels, type PaymentEnvironment } from '#cloud/open-channels.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'payment-room-'));
  loadSandboxKeys(folder);
  loadWechatSandboxKeys(join(folder, 'wechat'));
  loadAlipaySandboxKeys(join(folder, 'alipay'));
  loadUnionpaySandboxKeys(join(folder, 'unionpay'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const line = {
  clock: createManualClock(1_790_000_000_000),
  random: createSystemRandom(),
  readTimeoutMs: 5_000,
};
const kindsWith = (environment: PaymentEnvironment) => {
  const channels = openChannels(line, environment);
  return Object.fromEntries([...channels].map(([name, { profile }]) => [name, profile.kind]));
};
const aggregator = () => ({ CHANNEL_URL: 'http://channel.invalid', CHANNEL_KEYS: folder });

it('without an address there is no channel; with the aggregator alone it carries every wallet', () => {
  expect(kindsWith({})).toEqual({});
  expect(kindsWith(aggregator())).toEqual({
    wechat: 'aggregator',
    alipay: 'aggregator',
    unionpay: 'aggregator',
    withholding: 'aggregator',
  });
});

it('a wallet’s own channel takes its place, with the keys that the simulator made', () => {
  const environment = {
    ...aggregator(),
    WECHAT_URL: 'http://wechat.invalid',
    WECHAT_KEYS: join(folder, 'wechat'),
    WECHAT_MCHID: '1800000001',
    WECHAT_APPID: 'wx',
    WECHAT_PLATFORM_KEY_ID: publicKeyId,
    WECHAT_STORE_ID: '1',
    ALIPAY_URL: 'http://alipay.invalid/gateway.do',
    ALIPAY_KEYS: join(folder, 'alipay'),
    ALIPAY_APP_ID: '2021',
    UNIONPAY_URL: 'http://unionpay.invalid',
    UNIONPAY_KEYS: join(folder, 'unionpay'),
    UNIONPAY_MERCHANTS: '777290058110048',
    UNIONPAY_TERM_ID: '49000002',
    UNIONPAY_BACK_URL: 'none',
  };
  expect(kindsWith(environment)).toEqual({
    wechat: 'wechat',
    alipay: 'alipay',
    unionpay: 'unionpay',
    withholding: 'aggregator',
  });
});

const ownAccount = (url: string): readonly string[] => [
  `WECHAT_URL=${url}`,
  'WECHAT_MODE=direct',
  'WECHAT_MCHID=1900000777',
  'WECHAT_APPID=wxown',
  `WECHAT_PLATFORM_KEY_ID=${publicKeyId}`,
  'WECHAT_STORE_ID=9',
];

const callerOf = (keys: WechatSandboxKeys) => ({
  serial: keys.merchantSerial,
  publicKey: createPublicKey(keys.merchantPrivateKey),
});

describe('further accounts', () => {
  let accounts: string;
  let simulator: ChannelSimulator;
  const ownKeys = makeWechatSandboxKeys();
  beforeAll(async () => {
    accounts = mkdtempSync(join(tmpdir(), 'channel-accounts-'));
    const first = loadWechatSandboxKeys(join(folder, 'wechat'));
    simulator = await createChannelSimulator({
      port: 0,
      seed: 'accounts',
      clock: line.clock,
      channelPrivateKey: sandboxKeysFromSeed('accounts').channelPrivateKey,
      apps: new Map(),
      faces: [
        wechatFace({
          callers: new Map([
            ['1800000001', callerOf(first)],
            ['1900000777', callerOf(ownKeys)],
          ]),
          platform: first.platform,
          apiV3Key: first.apiV3Key,
          appid: 'wx',
        }),
      ],
    });
  });
  afterAll(async () => {
    await simulator.close();
    rmSync(accounts, { recursive: true });
  });
  /** A folder as an operator would lay it out: settings, keys of this account alone, the platform's public keys. */
  const layOut = (name: string, settings: readonly string[]): void => {
    const at = join(accounts, name);
    cpSync(join(folder, 'wechat', 'platform'), join(at, 'platform'), { recursive: true });
    const pem = ownKeys.merchantPrivateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(join(at, 'private-key.pem'), pem);
    writeFileSync(join(at, 'key-serial'), ownKeys.merchantSerial);
    writeFileSync(join(at, 'apiv3-key'), ownKeys.apiV3Key);
    writeFileSync(join(at, 'account.env'), settings.join('\n'));
  };
  const both = () => ({
    WECHAT_URL: simulator.baseUrl,
    WECHAT_KEYS: join(folder, 'wechat'),
    WECHAT_MCHID: '1800000001',
    WECHAT_APPID: 'wx',
    WECHAT_PLATFORM_KEY_ID: publicKeyId,
    WECHAT_STORE_ID: '1',
    CHANNEL_ACCOUNTS: accounts,
  });

  it('a provider and a merchant of his own charge side by side, each with his own keys and number', async () => {
    layOut('wechat-own', ownAccount(simulator.baseUrl));
    const channels = openChannels(line, both());
    expect([...channels.keys()]).toEqual(['wechat', 'wechat-own']);
    const charge = (name: string, channelMerchantNo: string, authCode: string) =>
      channels.get(name)!.charge({
        channelMerchantNo,
        outTradeNo: `ACCOUNT${authCode.slice(-4)}`,
        netFen: fen(100),
        wallet: 'wechat',
        authCode,
        terminalId: 'trm_1' as TerminalId,
      });
    const provided = await charge('wechat', '1900000109', '130000000000000101');
    const own = await charge('wechat-own', '1900000777', '130000000000000201');
    expect([provided.outcome.type, own.outcome.type]).toEqual(['paid', 'paid']);
    const lines = simulator.books().map(({ merchantNo }) => merchantNo);
    expect(lines.toSorted()).toEqual(['1900000109', '1900000777']);
    rmSync(join(accounts, 'wechat-own'), { recursive: true });
  });

  it.each([
    ['Wechat_Own', ['WECHAT_URL=http://x.invalid'], /a channel account is named/],
    ['wechat', ['WECHAT_URL=http://x.invalid'], /has the name of another channel/],
    [
      'two',
      ['WECHAT_URL=http://x.invalid', 'ALIPAY_URL=http://y.invalid'],
      /one channel's address/,
    ],
    ['none', [], /one channel's address/],
    ['faceless', ['CHANNEL_URL=http://x.invalid'], /CHANNEL_FACE of faceless is one of/],
  ])('the account %s is refused at the start, by name', (name, settings, words) => {
    layOut(name, name === 'wechat' ? ownAccount(simulator.baseUrl) : settings);
    expect(() => openChannels(line, both())).toThrow(words);
    rmSync(join(accounts, name), { recursive: true });
  });

  it('each account is told where its notifies go, by its own name', async () => {
    layOut('wechat-own', ownAccount(simulator.baseUrl));
    const posted: string[] = [];
    const server = createServer((request, response) => {
      posted.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const NOTIFY_ORIGIN = `http://127.0.0.1:${String(port)}`;
    const channels = openChannels(line, { ...both(), NOTIFY_ORIGIN });
    for (const [name, no, merchantNo] of [
      ['wechat', 'ACCOUNT0101', '1900000109'],
      ['wechat-own', 'ACCOUNT0201', '1900000777'],
    ] as const) {
      const order = { channelMerchantNo: merchantNo, outTradeNo: no, netFen: fen(100) };
      const refund = { ...order, outRefundNo: `${no}R1`, refundFen: fen(100) };
      expect((await channels.get(name)!.refund(refund)).outcome.type).toBe('refunded');
    }
    await expect.poll(() => posted).toHaveLength(2);
    expect(posted).toEqual(['/notify/v1/wechat', '/notify/v1/wechat-own']);
    server.closeAllConnections();
    server.close();
  });
});
