import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadAlipaySandboxKeys } from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { loadUnionpaySandboxKeys } from '#cloud/channel-simulator/faces/unionpay/keys.ts';
import { loadWechatSandboxKeys, publicKeyId } from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { loadSandboxKeys } from '#cloud/channel-simulator/sandbox-keys.ts';
import { openChannels, type PaymentEnvironment } from '#cloud/payment-room.ts';
import { createManualClock } from '#cloud/payments/testing/manual-clock.ts';
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

const kindsWith = (environment: PaymentEnvironment) => {
  const deps = { clock: createManualClock(1), random: createSystemRandom() };
  const channels = openChannels(deps, environment, 1_000);
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
