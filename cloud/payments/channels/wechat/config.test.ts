import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadWechatSandboxKeys, publicKeyId } from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { readWechatAccount } from '#cloud/payments/channels/wechat/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'wechat-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const keys = loadWechatSandboxKeys(folder);
const environment = {
  WECHAT_KEYS: folder,
  WECHAT_MCHID: '1900000001',
  WECHAT_APPID: 'wx1',
  WECHAT_PLATFORM_KEY_ID: publicKeyId,
  WECHAT_STORE_ID: '100001',
};

it('what the simulator made is what the cloud reads, the second time too', () => {
  const account = readWechatAccount(environment);
  expect(account.identity).toEqual({ type: 'partner', spMchid: '1900000001', spAppid: 'wx1' });
  expect(account.privateKey.equals(keys.merchantPrivateKey)).toBe(true);
  for (const [serial, key] of keys.platform)
    expect(account.platformKeys.get(serial)?.equals(createPublicKey(key))).toBe(true);
  expect(loadWechatSandboxKeys(folder).apiV3Key).toBe(keys.apiV3Key);
  expect(readWechatAccount({ ...environment, WECHAT_MODE: 'direct' }).identity.type).toBe('direct');
});

it('private keys are readable by their owner only', () => {
  for (const name of ['private-key.pem', 'apiv3-key', `simulator/${publicKeyId}.pem`])
    expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
});

it('what is missing is named, and no value is', () => {
  expect(() => readWechatAccount({ ...environment, WECHAT_MCHID: '' })).toThrow('WECHAT_MCHID');
  expect(() => readWechatAccount({ ...environment, WECHAT_MCHID: '' })).not.toThrow(folder);
});
