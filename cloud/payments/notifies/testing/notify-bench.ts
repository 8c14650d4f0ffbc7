import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { sealedNotify } from '#cloud/channel-simulator/faces/aggregator/announce.ts';
import { alipayFace, gatewayPath } from '#cloud/channel-simulator/faces/alipay/alipay-face.ts';
import { makeAlipaySandboxKeys, sandboxAppId } from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { signedNotice } from '#cloud/channel-simulator/faces/alipay/seal.ts';
import { yuan } from '#cloud/channel-simulator/faces/alipay/words.ts';
import { makeUnionpaySandboxKeys } from '#cloud/channel-simulator/faces/unionpay/keys.ts';
import { signedWords } from '#cloud/channel-simulator/faces/unionpay/seal.ts';
import { unionpayFace } from '#cloud/channel-simulator/faces/unionpay/unionpay-face.ts';
import {
  makeWechatSandboxKeys,
  publicKeyId,
  sandboxPartner,
} from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { wechatNotice } from '#cloud/channel-simulator/faces/wechat/seal.ts';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import { rfc3339Of, shanghaiTimeOf } from '#cloud/channel-simulator/shanghai-time.ts';
import { createAggregatorChannel } from '#cloud/payments/channels/aggregator/aggregator-channel.ts';
import { createAlipayChannel } from '#cloud/payments/channels/alipay/alipay-channel.ts';
import { publicKeyMode } from '#cloud/payments/channels/alipay/config.ts';
import { accountOf } from '#cloud/payments/channels/unionpay/testing/unionpay-rig.ts';
import { createUnionpayChannel } from '#cloud/payments/channels/unionpay/unionpay-channel.ts';
import {
  sandboxAccount,
  sandboxFace,
} from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';
import { createWechatChannel } from '#cloud/payments/channels/wechat/wechat-channel.ts';
import { registerAdminIdentityRoutes } from '#cloud/identity/admin-routes.ts';
import { registerIdentityRoutes } from '#cloud/identity/routes.ts';
import { registerOrderRoutes } from '#cloud/orders/routes.ts';
import { registerPaymentRoutes } from '#cloud/payments/routes.ts';
import { openMerchantChannels } from '#cloud/payments/merchant-channels.ts';
import { notifyPathOf, registerNotifyRoutes } from '#cloud/payments/notifies/notify-routes.ts';
import {
  createPaymentBench,
  type BenchLine,
  type PaymentBench,
} from '#cloud/payments/testing/payment-bench.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createHttpShell } from '#cloud/platform/http/http-shell.ts';
import { hurryRefund } from '#cloud/refunds/refund-store.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';

export const merchantNo = '1900000109';

/** The dialects whose charges are notified, with what makes a code theirs. */
export const speakers = {
  alipay: { wallet: 'alipay', prefix: '28', digits: 18 },
  unionpay: { wallet: 'unionpay', prefix: '62', digits: 19 },
  aggregator: { wallet: 'wechat', prefix: '13', digits: 18 },
} as const satisfies Readonly<
  Record<string, { readonly wallet: Wallet; readonly prefix: string; readonly digits: number }>
>;
export type Speaker = keyof typeof speakers;

/** A notify as a channel would post it. */
export interface Posted {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a payment's notify says; everything else is as the channel says it. */
export interface PaymentSaid {
  readonly outTradeNo: string;
  readonly amountFen: number;
  readonly merchantNo?: string;
  readonly channelRef?: string;
  readonly eventNo?: number;
}

/** Every secret of the far end, so that a test can say what a channel would. */
export interface FarKeys {
  readonly wechat: ReturnType<typeof makeWechatSandboxKeys>;
  readonly alipay: ReturnType<typeof makeAlipaySandboxKeys>;
  readonly unionpay: ReturnType<typeof makeUnionpaySandboxKeys>;
  readonly aggregator: KeyObject;
}

export interface NotifyBench {
  readonly bench: PaymentBench;
  readonly app: CloudApp;
  /** Where tills and channels reach it. */
  readonly origin: string;
  readonly keys: FarKeys;
  /** While above 0 the cloud answers 503, as behind a proxy that lost it. */
  setDown(requests: number): void;
  say(speaker: Speaker | 'wechat', said: PaymentSaid): Posted;
  post(
    channel: string,
    posted: Posted,
  ): Promise<{ readonly status: number; readonly body: string; readonly contentType: string }>;
  close(): Promise<void>;
}

/** Made once per file: RSA keys take long. */
export const makeFarKeys = (): FarKeys => ({
  wechat: makeWechatSandboxKeys(),
  alipay: makeAlipaySandboxKeys(),
  unionpay: makeUnionpaySandboxKeys(),
  aggregator: sandboxKeysFromSeed('payment-bench').channelPrivateKey,
});

/**
 * The cloud's routes for tills and notifies and the simulator's faces, each on a socket of its own,
 * posting to each other. No worker runs: nothing is asked of a channel unless a test does it.
 */
export async function openNotifyBench(
  keys = makeFarKeys(),
  isProbing = () => false,
): Promise<NotifyBench> {
  let origin = '';
  const urlOf = (channel: string): string => `${origin}${notifyPathOf(channel)}`;
  const bench = await createPaymentBench({
    simulator: { faces: facesOf(keys), noticeSpeedUp: 1_000, slowAnswerMs: 400, isProbing },
    dialects: (line) => dialectsOf(keys, line, urlOf),
  });
  await openMerchantChannels(bench.deps.db, {
    ...bench.till,
    channels: [
      {
        channel: 'aggregator',
        channelMerchantNo: merchantNo,
        wallets: ['wechat'],
        priority: 0,
        perTxnMaxFen: 5_000_000,
        dayQuotaFen: 500_000_000,
      },
    ],
  });
  const { deps } = bench.cloud;
  const app = await createHttpShell(deps);
  let down = 0;
  app.addHook('onRequest', async (_request, reply) => {
    if (down > 0) {
      down -= 1;
      await reply.code(503).send('');
    }
  });
  registerIdentityRoutes(app, deps);
  registerAdminIdentityRoutes(app, deps);
  registerOrderRoutes(app, deps);
  registerPaymentRoutes(app, bench.deps);
  registerNotifyRoutes(app, {
    ...deps,
    ...bench.deps,
    wakes: { refund: hurryRefund, instruction: () => Promise.resolve(undefined) },
  });
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    bench,
    app,
    origin,
    keys,
    setDown: (requests) => {
      down = requests;
    },
    say: (speaker, said) => sayings(keys, bench.clock.nowMs())[speaker](said),
    post: async (channel, { headers, body }) => {
      const answer = await fetch(urlOf(channel), { method: 'POST', headers, body });
      const contentType = answer.headers.get('content-type') ?? '';
      return { status: answer.status, body: await answer.text(), contentType };
    },
    close: async () => {
      await app.close();
      await bench.close();
    },
  };
}

const facesOf = (keys: FarKeys) => [
  sandboxFace(keys.wechat),
  alipayFace({
    callers: new Map([
      [
        sandboxAppId,
        {
          publicKey: createPublicKey(keys.alipay.appPrivateKey),
          merchantOfToken: () => merchantNo,
        },
      ],
    ]),
    privateKey: keys.alipay.alipayPrivateKey,
  }),
  unionpayFace({
    callers: new Map([
      [
        merchantNo,
        {
          certId: keys.unionpay.certId,
          publicKey: createPublicKey(keys.unionpay.merchantPrivateKey),
        },
      ],
    ]),
    signer: { key: keys.unionpay.signerPrivateKey, certificate: keys.unionpay.signerCertificate },
  }),
];

/** Addresses are read when a charge is sent: the cloud's port is known only when it listens. */
const dialectsOf = (keys: FarKeys, line: BenchLine, urlOf: (channel: string) => string) => {
  const neutral = sandboxKeysFromSeed('payment-bench');
  return [
    [
      'wechat',
      createWechatChannel({
        ...line,
        account: {
          ...sandboxAccount(keys.wechat),
          get notifyUrl() {
            return urlOf('wechat');
          },
        },
      }),
    ],
    [
      'alipay',
      createAlipayChannel({
        ...line,
        gatewayUrl: `${line.baseUrl}${gatewayPath}`,
        account: {
          appId: sandboxAppId,
          identity: { type: 'direct', sellerId: merchantNo },
          privateKey: keys.alipay.appPrivateKey,
          alipayKeys: new Map([[publicKeyMode, createPublicKey(keys.alipay.alipayPrivateKey)]]),
          certificates: undefined,
          get notifyUrl() {
            return urlOf('alipay');
          },
          billOrigins: [],
          storeId: '',
          freezesMoney: false,
        },
      }),
    ],
    [
      'unionpay',
      createUnionpayChannel({
        ...line,
        account: {
          ...accountOf(keys.unionpay, ''),
          merchantNos: new Set([merchantNo]),
          get backUrl() {
            return urlOf('unionpay');
          },
        },
      }),
    ],
    [
      'aggregator',
      createAggregatorChannel({
        ...line,
        appId: 'greentill',
        appPrivateKey: neutral.appPrivateKey,
        channelPublicKey: neutral.channelPublicKey,
        face: 'wechat',
        get notifyUrl() {
          return urlOf('aggregator');
        },
      }),
    ],
  ] as const;
};

const refOf = (said: PaymentSaid): string => said.channelRef ?? `REF${said.outTradeNo}`;

/** A paid notify in each dialect, signed with the channel's own key. */
const sayings = (
  keys: FarKeys,
  nowMs: number,
): Readonly<Record<Speaker | 'wechat', (said: PaymentSaid) => Posted>> => ({
  wechat: (said) => sayWechat(keys.wechat, { ...said, nowMs }),
  alipay: (said) => ({
    headers: formHeaders,
    body: signedNotice(
      {
        notify_id: `n${said.eventNo ?? 1}-${said.outTradeNo}`,
        notify_type: 'trade_status_sync',
        app_id: sandboxAppId,
        seller_id: said.merchantNo ?? merchantNo,
        out_trade_no: said.outTradeNo,
        trade_no: refOf(said),
        trade_status: 'TRADE_SUCCESS',
        total_amount: yuan(said.amountFen),
        gmt_payment: shanghaiTimeOf(nowMs),
      },
      { key: keys.alipay.alipayPrivateKey },
    ),
  }),
  unionpay: (said) => ({
    headers: formHeaders,
    body: new URLSearchParams(
      signedWords(
        {
          version: '5.1.0',
          encoding: 'UTF-8',
          bizType: '000000',
          txnType: '01',
          txnSubType: '06',
          merId: said.merchantNo ?? merchantNo,
          orderId: said.outTradeNo,
          txnTime: digitsOf(nowMs),
          txnAmt: String(said.amountFen),
          currencyCode: '156',
          queryId: `${refOf(said)}${said.eventNo === undefined ? '' : `e${said.eventNo}`}`,
          traceTime: digitsOf(nowMs).slice(4),
          respCode: '00',
        },
        { key: keys.unionpay.signerPrivateKey, certificate: keys.unionpay.signerCertificate },
      ),
    ).toString(),
  }),
  aggregator: (said) =>
    sealedNotify(
      {
        code: 'SUCCESS',
        message: 'ok',
        event: 'payment',
        eventId: createHash('sha256')
          .update(`${said.outTradeNo}/${said.eventNo ?? 1}`)
          .digest('hex')
          .slice(0, 32),
        merchantNo: said.merchantNo ?? merchantNo,
        outTradeNo: said.outTradeNo,
        amountFen: said.amountFen,
        state: 'SUCCESS',
        transactionId: refOf(said),
        paidAtMs: nowMs,
      },
      { app: 'greentill', key: keys.aggregator, nowMs },
    ),
});

/**
 * WeChat Pay tells of payments too where they are not made by codepay; signed with either of the
 * platform's keys.
 */
export function sayWechat(
  far: FarKeys['wechat'],
  said: PaymentSaid & {
    readonly nowMs: number;
    readonly serial?: string;
    readonly isProbe?: boolean;
    readonly apiV3Key?: string;
  },
): Posted {
  const serial = said.serial ?? publicKeyId;
  const key = far.platform.get(serial);
  if (key === undefined) throw new Error(`no platform key ${serial}`);
  return wechatNotice(
    {
      type: 'TRANSACTION.SUCCESS',
      originalType: 'transaction',
      resource: {
        sp_mchid: sandboxPartner,
        sub_mchid: said.merchantNo ?? merchantNo,
        out_trade_no: said.outTradeNo,
        trade_state: 'SUCCESS',
        trade_type: 'MICROPAY',
        transaction_id: refOf(said),
        success_time: rfc3339Of(said.nowMs),
        payer: { openid: `oSandbox${said.eventNo ?? 1}` },
        amount: { total: said.amountFen, currency: 'CNY' },
      },
    },
    {
      serial,
      key,
      nowMs: said.nowMs,
      apiV3Key: said.apiV3Key ?? far.apiV3Key,
      ...(said.isProbe === undefined ? {} : { isProbe: said.isProbe }),
    },
  );
}

const formHeaders = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const digitsOf = (atMs: number): string => shanghaiTimeOf(atMs).replaceAll(/[^0-9]/g, '');

/** What the cloud keeps of notifies about an order number, oldest first. */
export async function keptOf(
  { deps }: PaymentBench,
  outNo: string,
): Promise<
  readonly {
    readonly verdict: string;
    readonly finding: string | null;
    readonly seen_count: number;
  }[]
> {
  const { rows } = await deps.db.execute<{
    verdict: string;
    finding: string | null;
    seen_count: number;
  }>(sql`
    select verdict, finding, seen_count from channel_notify where out_no = ${outNo}
     order by first_at_ms, event_id`);
  return rows;
}
