import { createPublicKey } from 'node:crypto';
import type { SimulatorFace } from '#cloud/channel-simulator/face.ts';
import {
  publicKeyId,
  sandboxPartner,
  type WechatSandboxKeys,
} from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { wechatFace } from '#cloud/channel-simulator/faces/wechat/wechat-face.ts';
import type { WechatAccount, WechatIdentity } from '#cloud/payments/channels/wechat/config.ts';

export const partner = {
  type: 'partner',
  spMchid: sandboxPartner,
  spAppid: 'wxsandbox',
} as const satisfies WechatIdentity;
export const direct = {
  type: 'direct',
  mchid: '1900000109',
  appid: 'wxdirect',
} as const satisfies WechatIdentity;

/** The far side: the partner and the direct merchant may call. */
export function sandboxFace(keys: WechatSandboxKeys): SimulatorFace {
  const publicKey = createPublicKey(keys.merchantPrivateKey);
  const caller = { serial: keys.merchantSerial, publicKey };
  return wechatFace({
    callers: new Map([partner.spMchid, direct.mchid].map((mchid) => [mchid, caller])),
    platform: keys.platform,
    apiV3Key: keys.apiV3Key,
    appid: 'wxsandbox',
  });
}

/** Our side, with both keys of the platform. */
export const sandboxAccount = (
  keys: WechatSandboxKeys,
  identity: WechatIdentity = partner,
): WechatAccount => ({
  identity,
  privateKey: keys.merchantPrivateKey,
  keySerial: keys.merchantSerial,
  platformKeys: new Map([...keys.platform].map(([serial, key]) => [serial, createPublicKey(key)])),
  platformKeyId: publicKeyId,
  apiV3Key: Buffer.from(keys.apiV3Key),
  storeId: '12345678',
  deviceIp: '10.0.0.2',
  freezesMoney: true,
  payoutSceneId: '1000',
});
