import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { assert } from '#shared/result/assert.ts';
import {
  createChannelSimulator,
  slowAnswerMsDefault,
} from '#cloud/channel-simulator/channel-simulator.ts';
import { booksRulesDefault } from '#cloud/channel-simulator/books/channel-books.ts';
import { openBooksFile } from '#cloud/channel-simulator/books/books-file.ts';
import { openMismatchesFile } from '#cloud/channel-simulator/books/mismatches-file.ts';
import { chaosShareDefault, createChaos, createProbes } from '#cloud/channel-simulator/chaos.ts';
import { alipayFace } from '#cloud/channel-simulator/faces/alipay/alipay-face.ts';
import { loadAlipaySandboxKeys, sandboxAppId } from '#cloud/channel-simulator/faces/alipay/keys.ts';
import {
  loadUnionpaySandboxKeys,
  sandboxMerchantNo,
} from '#cloud/channel-simulator/faces/unionpay/keys.ts';
import { unionpayFace } from '#cloud/channel-simulator/faces/unionpay/unionpay-face.ts';
import {
  loadWechatSandboxKeys,
  sandboxPartner,
} from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { wechatFace } from '#cloud/channel-simulator/faces/wechat/wechat-face.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { loadSandboxKeys } from '#cloud/channel-simulator/sandbox-keys.ts';

/**
 * The payment channel simulator alone: `npm run channel-sim`.
 *
 * | variable                     | default        | meaning                                              |
 * |------------------------------|----------------|------------------------------------------------------|
 * | CHANNEL_SIM_PORT             | 7310           | TCP port on CHANNEL_SIM_HOST                         |
 * | CHANNEL_SIM_HOST             | 127.0.0.1      |                                                      |
 * | CHANNEL_SIM_DATA             | .data/channel  | books and keys; the cloud takes app-private-key.pem  |
 * | CHANNEL_SIM_APP              | greentill      | app id that may call                                 |
 * | CHANNEL_SIM_WECHAT_MCHID     | 1800000001     | WeChat partners, and merchants of their own, that may call, comma-separated, keys in DATA/wechat |
 * | CHANNEL_SIM_ALIPAY_SELLER    | 2088000000000109 | Alipay merchant of the app's own, keys in DATA/alipay |
 * | CHANNEL_SIM_UNIONPAY_MERID   | 777290058110048 | UnionPay merchants that may call, comma-separated, keys in DATA/unionpay |
 * | CHANNEL_SIM_SEED             | demo           | transaction numbers                                  |
 * | CHANNEL_SIM_SLOW_MS          | 12000          | delay of suffix 10                                   |
 * | CHANNEL_SPEED_UP             | 1              | demos: reversals allowed and notifies repeated sooner |
 * | CHANNEL_SIM_WITHHOLD_FAIL    | (none)         | comma-separated endings of member ids that fail      |
 * | CHANNEL_SIM_CHAOS            | (none)         | a seed: requests fail on the line by its plan, and notifies probe who checks signatures |
 * | CHANNEL_SIM_CHAOS_PERCENT    | 20             | so many of a hundred                                 |
 * | CHANNEL_SIM_MISMATCHES       | DATA/mismatches.json | what bills lie about, read for each bill (books/mismatches-file.ts) |
 */
const env = process.env;
const folder = env['CHANNEL_SIM_DATA'] ?? join('.data', 'channel');
const keys = loadSandboxKeys(folder);
const wechatKeys = loadWechatSandboxKeys(join(folder, 'wechat'));
const wechatCaller = {
  serial: wechatKeys.merchantSerial,
  publicKey: createPublicKey(wechatKeys.merchantPrivateKey),
};
const mayCall = (env['CHANNEL_SIM_WECHAT_MCHID'] ?? sandboxPartner).split(',');
const alipayKeys = loadAlipaySandboxKeys(join(folder, 'alipay'));
const alipaySeller = env['CHANNEL_SIM_ALIPAY_SELLER'] ?? '2088000000000109';
const unionpayKeys = loadUnionpaySandboxKeys(join(folder, 'unionpay'));
const unionpayCaller = {
  certId: unionpayKeys.certId,
  publicKey: createPublicKey(unionpayKeys.merchantPrivateKey),
};
const chaosSeed = env['CHANNEL_SIM_CHAOS'] ?? '';
const chaosShare = Number(env['CHANNEL_SIM_CHAOS_PERCENT'] ?? chaosShareDefault * 100) / 100;
assert(chaosShare >= 0 && chaosShare <= 1, () => 'CHANNEL_SIM_CHAOS_PERCENT is 0 to 100');
const chaos = { seed: chaosSeed, share: chaosShare };
const simulator = await createChannelSimulator({
  port: Number(env['CHANNEL_SIM_PORT'] ?? 7310),
  host: env['CHANNEL_SIM_HOST'] ?? '127.0.0.1',
  seed: env['CHANNEL_SIM_SEED'] ?? 'demo',
  clock: createSystemClock(),
  channelPrivateKey: keys.channelPrivateKey,
  apps: new Map([[env['CHANNEL_SIM_APP'] ?? 'greentill', keys.appPublicKey]]),
  faces: [
    wechatFace({
      callers: new Map(mayCall.map((mchid) => [mchid, wechatCaller])),
      platform: wechatKeys.platform,
      apiV3Key: wechatKeys.apiV3Key,
      appid: 'wxsandbox',
    }),
    alipayFace({
      callers: new Map([
        [
          sandboxAppId,
          {
            publicKey: createPublicKey(alipayKeys.appPrivateKey),
            // A provider's merchants are authorised by tokens that spell their numbers.
            merchantOfToken: (token) =>
              token === '' ? alipaySeller : /^sandbox-(2088[0-9]{12})$/.exec(token)?.[1],
          },
        ],
      ]),
      privateKey: alipayKeys.alipayPrivateKey,
    }),
    unionpayFace({
      callers: new Map(
        (env['CHANNEL_SIM_UNIONPAY_MERID'] ?? sandboxMerchantNo)
          .split(',')
          .map((merchantNo) => [merchantNo, unionpayCaller]),
      ),
      signer: { key: unionpayKeys.signerPrivateKey, certificate: unionpayKeys.signerCertificate },
    }),
  ],
  store: openBooksFile(join(folder, 'books.jsonl')),
  mismatches: openMismatchesFile(
    env['CHANNEL_SIM_MISMATCHES'] ?? join(folder, 'mismatches.json'),
    (line) => process.stderr.write(`${line}\n`),
  ),
  ...(chaosSeed === '' ? {} : { faultOf: createChaos(chaos), isProbing: createProbes(chaos) }),
  noticeSpeedUp: Number(env['CHANNEL_SPEED_UP'] ?? 1),
  slowAnswerMs: Number(env['CHANNEL_SIM_SLOW_MS'] ?? slowAnswerMsDefault),
  rules: {
    reverseNotBeforeMs: Math.floor(
      booksRulesDefault.reverseNotBeforeMs / Number(env['CHANNEL_SPEED_UP'] ?? 1),
    ),
    paysOnceClosedAfterMs: Math.floor(
      booksRulesDefault.paysOnceClosedAfterMs / Number(env['CHANNEL_SPEED_UP'] ?? 1),
    ),
    withholdFailEndings: (env['CHANNEL_SIM_WITHHOLD_FAIL'] ?? '').split(',').filter(Boolean),
  },
});
process.stdout.write(`channel simulator on ${simulator.baseUrl}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void simulator.close();
  });
