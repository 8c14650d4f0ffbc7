import { createPublicKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadAlipaySandboxKeys } from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { readAlipayAccount, tokenFor } from '#cloud/payments/channels/alipay/config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alipay-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('what the sandbox wrote is what the cloud reads, and a second start changes nothing', () => {
  const made = loadAlipaySandboxKeys(folder);
  expect(loadAlipaySandboxKeys(folder).appPrivateKey.equals(made.appPrivateKey)).toBe(true);
  mkdirSync(join(folder, 'tokens'), { recursive: true });
  writeFileSync(join(folder, 'tokens', '2088000000000109'), 'token-109\n');
  const account = readAlipayAccount({ ALIPAY_KEYS: folder, ALIPAY_APP_ID: '2021' });
  expect(account.privateKey.equals(made.appPrivateKey)).toBe(true);
  const trusted = account.alipayKeys.get('public-key');
  expect(trusted?.equals(createPublicKey(made.alipayPrivateKey))).toBe(true);
  expect(tokenFor(account.identity, '2088000000000109')).toBe('token-109');
  expect(tokenFor(account.identity, '2088000000000110')).toBeUndefined();
  expect(account.certificates).toBeUndefined();
});

it('a merchant for himself, with certificates', () => {
  loadAlipaySandboxKeys(folder);
  writeFileSync(join(folder, 'app-cert-sn'), 'a1');
  writeFileSync(join(folder, 'root-cert-sn'), 'b2');
  const account = readAlipayAccount({
    ALIPAY_KEYS: folder,
    ALIPAY_APP_ID: '2021',
    ALIPAY_SELLER_ID: '2088000000000109',
    ALIPAY_FREEZE: 'yes',
  });
  expect(account.certificates).toEqual({ appSerial: 'a1', rootSerial: 'b2' });
  expect(tokenFor(account.identity, '2088000000000109')).toBe('');
  expect(account.freezesMoney).toBe(true);
});

it('what is missing is named, never shown', () => {
  expect(() => readAlipayAccount({ ALIPAY_KEYS: folder })).toThrow('ALIPAY_APP_ID is not set');
  expect(() => readAlipayAccount({ ALIPAY_APP_ID: '1' })).toThrow('ALIPAY_KEYS is not set');
});
