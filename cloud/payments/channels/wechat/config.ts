import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '#shared/result/assert.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';

/**
 * Who we are at WeChat Pay. A partner charges for sub-merchants; a direct merchant for himself
 * alone.
 */
export type WechatIdentity =
  | { readonly type: 'direct'; readonly mchid: string; readonly appid: string }
  | { readonly type: 'partner'; readonly spMchid: string; readonly spAppid: string };

export interface WechatAccount {
  readonly identity: WechatIdentity;
  /** Signs our requests. RSA, 2048 bits. */
  readonly privateKey: KeyObject;
  /** Serial of our API certificate, hex. */
  readonly keySerial: string;
  /**
   * What we believe, by `Wechatpay-Serial`: a platform certificate's serial or `PUB_KEY_ID_…`. Both
   * kinds may stand here at once while a merchant moves from one to the other.
   */
  readonly platformKeys: ReadonlyMap<string, KeyObject>;
  /** Which of them we ask for, and encrypt names with. */
  readonly platformKeyId: string;
  /** The APIv3 key, 32 bytes: decrypts notifies. */
  readonly apiV3Key: Uint8Array;
  /** The offline place's id at WeChat; rules of the acquiring trade ask for it on every charge. */
  readonly storeId: string;
  /** Address of the cashier's machine as charges carry it. */
  readonly deviceIp: string;
  /** Hold the money of charges for splitting. */
  readonly freezesMoney: boolean;
  /** The payout scene that was granted. */
  readonly payoutSceneId: string;
  /** Where notifies about refunds go; a codepay charge has none. Without it none is asked for. */
  readonly notifyUrl?: string | undefined;
}

export interface WechatOptions {
  readonly baseUrl: string;
  readonly account: WechatAccount;
  readonly clock: Clock;
  readonly random: Random;
  /** How long one answer may take, milliseconds of real time. */
  readonly readTimeoutMs: number;
}

/** Whose API certificate signs: the partner's, or the merchant's own. */
export const signerOf = (identity: WechatIdentity): string =>
  identity.type === 'partner' ? identity.spMchid : identity.mchid;

export const appidOf = (identity: WechatIdentity): string =>
  identity.type === 'partner' ? identity.spAppid : identity.appid;

/**
 * | variable                | meaning                                                                          |
 * |-------------------------|----------------------------------------------------------------------------------|
 * | WECHAT_MODE             | `partner` (default) or `direct`                                                  |
 * | WECHAT_MCHID, _APPID    | ours (the partner's in partner mode)                                             |
 * | WECHAT_KEYS             | folder: private-key.pem, key-serial, apiv3-key, platform/{serial}.pem            |
 * | WECHAT_PLATFORM_KEY_ID  | which of platform/ we ask for                                                    |
 * | WECHAT_STORE_ID         | id of the offline place                                                          |
 * | WECHAT_DEVICE_IP        | default 127.0.0.1                                                                |
 * | WECHAT_FREEZE           | `yes`: hold the money of charges for splitting                                   |
 * | WECHAT_PAYOUT_SCENE     | payout scene id                                                                  |
 * | WECHAT_NOTIFY_URL       | where notifies about refunds go                                                  |
 *
 * Throws, naming the variable and never its value, when something is missing.
 */
export function readWechatAccount(
  environment: Readonly<Record<string, string | undefined>>,
): WechatAccount {
  const need = (name: string): string => {
    const value = environment[name];
    assert(value !== undefined && value !== '', () => `${name} is not set`);
    return value;
  };
  const folder = need('WECHAT_KEYS');
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8').trim();
  const apiV3Key = Buffer.from(text('apiv3-key'), 'utf8');
  assert(apiV3Key.length === 32, () => 'the APIv3 key has 32 bytes');
  const platformKeys = new Map(
    readdirSync(join(folder, 'platform'))
      .filter((name) => name.endsWith('.pem'))
      .map((name) => [name.slice(0, -'.pem'.length), createPublicKey(text(`platform/${name}`))]),
  );
  const [mchid, appid] = [need('WECHAT_MCHID'), need('WECHAT_APPID')];
  return {
    identity:
      environment['WECHAT_MODE'] === 'direct'
        ? { type: 'direct', mchid, appid }
        : { type: 'partner', spMchid: mchid, spAppid: appid },
    privateKey: createPrivateKey(text('private-key.pem')),
    keySerial: text('key-serial'),
    platformKeys,
    platformKeyId: need('WECHAT_PLATFORM_KEY_ID'),
    apiV3Key,
    storeId: need('WECHAT_STORE_ID'),
    deviceIp: environment['WECHAT_DEVICE_IP'] ?? '127.0.0.1',
    freezesMoney: environment['WECHAT_FREEZE'] === 'yes',
    payoutSceneId: environment['WECHAT_PAYOUT_SCENE'] ?? '1000',
    notifyUrl: environment['WECHAT_NOTIFY_URL'],
  };
}
