import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import type { Random } from '#shared/time/random.ts';
import { judgeForm } from '#cloud/channel-simulator/faces/alipay/guard.ts';
import { makeAlipaySandboxKeys, sandboxAppId } from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { sealedAnswer, signedNotice } from '#cloud/channel-simulator/faces/alipay/seal.ts';
import { publicKeyMode, type AlipayAccount } from '#cloud/payments/channels/alipay/config.ts';
import { createAlipayNotify } from '#cloud/payments/channels/alipay/notify.ts';
import { signatureOf } from '#cloud/payments/channels/alipay/sign.ts';
import { provider, sellerId } from '#cloud/payments/channels/alipay/testing/alipay-rig.ts';
import { judgeAnswer } from '#cloud/payments/channels/alipay/verify.ts';
import {
  differentialRounds,
  differentialTimeoutMs,
} from '#cloud/payments/channels/wire/testing/differential-rounds.ts';

const keys = makeAlipaySandboxKeys();
const publicPem = (key: KeyObject): string =>
  String(createPublicKey(key).export({ type: 'spki', format: 'pem' }));
const sdkTrusting = (key: KeyObject): AlipaySdk =>
  new AlipaySdk({
    appId: sandboxAppId,
    privateKey: String(keys.appPrivateKey.export({ type: 'pkcs8', format: 'pem' })),
    keyType: 'PKCS8',
    alipayPublicKey: publicPem(key),
    camelcase: false,
  });
/** As merchants use it, and as Alipay's side would check what merchants sent. */
const [merchantSdk, gatewaySdk] = [
  sdkTrusting(keys.alipayPrivateKey),
  sdkTrusting(keys.appPrivateKey),
];
const account: AlipayAccount = {
  appId: sandboxAppId,
  identity: provider,
  privateKey: keys.appPrivateKey,
  alipayKeys: new Map([[publicKeyMode, createPublicKey(keys.alipayPrivateKey)]]),
  certificates: undefined,
  notifyUrl: undefined,
  billOrigins: [],
  storeId: '',
  freezesMoney: false,
};
const callers = new Map([
  [
    sandboxAppId,
    { publicKey: createPublicKey(keys.appPrivateKey), merchantOfToken: () => sellerId },
  ],
]);

const pick = <T>(random: Random, values: readonly T[]): T =>
  values[Math.floor(random.unit() * values.length)] as T;
const odd = '绿点收银 😀 é ¥ %2B "sign" _response'.split(' ');
const alphabet = ['aZ09 "\\/:{}[],%&=+~!()*\n\r\t'.split(''), odd].flat();
const textOf = (random: Random, length: number): string =>
  Array.from({ length: 1 + Math.floor(random.unit() * length) }, () => pick(random, alphabet)).join(
    '',
  );

/** One character of the text replaced by another one. */
function changed(random: Random, text: string): string {
  const at = Math.floor(random.unit() * text.length);
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

/** The SDK says no, throws, or gives nothing back. */
function isAccepted(check: () => unknown): boolean {
  try {
    return check() !== false;
  } catch {
    return false;
  }
}

describe('differential: our signing and the public SDK say the same', () => {
  it(
    'requests: the same signature, and the same verdict when something was changed on the way',
    () => {
      const random = createSeededRandom(11);
      const verdicts = { accepted: 0, refused: 0 };
      for (let round = 0; round < differentialRounds; round += 1) {
        const bizContent = {
          out_trade_no: `NO${round}`,
          subject: textOf(random, 40),
          body: textOf(random, 200),
        };
        const sent = merchantSdk.sdkExecute(
          pick(random, ['alipay.trade.pay', 'alipay.trade.query']),
          {
            format: 'JSON',
            ...(random.unit() < 0.5 ? { app_auth_token: textOf(random, 10) } : {}),
            ...(random.unit() < 0.5 ? { notify_url: `https://n.invalid/?a=${round}&b=+%2B` } : {}),
            bizContent,
          },
          { bizContentAutoSnakeCase: false },
        );
        const params = Object.fromEntries(new URLSearchParams(sent));
        expect(signatureOf(params, keys.appPrivateKey), `round ${round}`).toBe(params['sign']);

        const what = pick(random, ['nothing', 'biz_content', 'method', 'sign', 'app_auth_token']);
        const value = params[what];
        const arrived =
          value === undefined ? params : { ...params, [what]: changed(random, value) };
        const theirs = isAccepted(() => gatewaySdk.checkNotifySignV2(arrived));
        // The SDK prints local time where Alipay reads Shanghai's; here the face takes its word for
        // it.
        const nowMs = Date.parse(`${params['timestamp']?.replace(' ', 'T') ?? ''}+08:00`);
        const body = new URLSearchParams(arrived).toString();
        const ours = judgeForm(body, callers, nowMs);
        expect('method' in ours, `round ${round}, changed: ${what}`).toBe(theirs);
        verdicts[theirs ? 'accepted' : 'refused'] += 1;
      }
      // Both verdicts must really have been compared.
      expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(
        differentialRounds / 20,
      );
    },
    differentialTimeoutMs,
  );

  it(
    'answers: the same verdict about every node, and none that we believe and the SDK does not',
    () => {
      const random = createSeededRandom(12);
      const verdicts = { accepted: 0, refused: 0 };
      const method = 'alipay.trade.query';
      for (let round = 0; round < differentialRounds; round += 1) {
        const node = JSON.stringify({
          code: '10000',
          out_trade_no: `NO${round}`,
          deep: { list: [{ text: textOf(random, 30) }, []] },
          subject: textOf(random, 60),
        });
        const key = random.unit() < 0.1 ? keys.appPrivateKey : keys.alipayPrivateKey;
        const whole = sealedAnswer(node, { key, method });
        const at = whole.indexOf(node) + 1 + Math.floor(random.unit() * (node.length - 2));
        const isChanged = random.unit() < 0.5;
        const other = whole[at] === 'A' ? 'B' : 'A';
        const arrived = isChanged ? whole.slice(0, at) + other + whole.slice(at + 1) : whole;
        const { sign: signature = '' } = JSON.parse(whole) as { readonly sign?: string };
        const ours = judgeAnswer(Buffer.from(arrived), method, account.alipayKeys).signature;
        const theirs = isAccepted(() =>
          merchantSdk.checkResponseSign(arrived, 'alipay_trade_query_response', signature, ''),
        );
        expect(ours === 'valid', `round ${round}: ${arrived}`).toBe(theirs);
        verdicts[theirs ? 'accepted' : 'refused'] += 1;
      }
      expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(
        differentialRounds / 20,
      );
    },
    differentialTimeoutMs,
  );

  it(
    'notifies: the same verdict as the SDK’s check that does not decode twice',
    () => {
      const random = createSeededRandom(13);
      const reader = createAlipayNotify({ account });
      const verdicts = { accepted: 0, refused: 0 };
      for (let round = 0; round < differentialRounds; round += 1) {
        const params = {
          ...noticeParams,
          out_trade_no: `NO${round}`,
          subject: textOf(random, 40),
          body: textOf(random, 80),
          passback_params: encodeURIComponent(textOf(random, 20)),
        };
        const key = random.unit() < 0.1 ? keys.appPrivateKey : keys.alipayPrivateKey;
        const body = signedNotice(params, { key });
        const form = Object.fromEntries(new URLSearchParams(body));
        const what = pick(random, ['nothing', 'nothing', 'subject', 'body', 'sign', 'seller_id']);
        const value = form[what];
        const arrived = value === undefined ? form : { ...form, [what]: changed(random, value) };
        const theirs = isAccepted(() => merchantSdk.checkNotifySignV2(arrived));
        const bytes = Buffer.from(new URLSearchParams(arrived).toString());
        const ours = reader.read({ headers: {}, body: bytes });
        // The SDK lets base64's spare bits be anything; we believe one spelling of a signature
        // alone.
        const isCanonical = canonical(arrived['sign'] ?? '') === arrived['sign'];
        expect(ours.ok, `round ${round}, changed: ${what}`).toBe(theirs && isCanonical);
        verdicts[theirs ? 'accepted' : 'refused'] += 1;
      }
      expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(
        differentialRounds / 20,
      );
    },
    differentialTimeoutMs,
  );
});

const canonical = (base64: string): string => Buffer.from(base64, 'base64').toString('base64');

const noticeParams = {
  notify_id: 'n1',
  notify_type: 'trade_status_sync',
  app_id: sandboxAppId,
  seller_id: sellerId,
  trade_no: '2026092122001400000000000001',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '12.34',
  gmt_payment: '2026-09-21 12:00:00',
};

describe('what the SDK does and we do not', () => {
  const method = 'alipay.trade.query';
  const nodeName = 'alipay_trade_query_response';
  const judged = (answer: string) =>
    judgeAnswer(Buffer.from(answer), method, account.alipayKeys).signature;

  it('its plain notify check refuses a true value that holds a literal %2B; ours and its V2 do not', () => {
    const body = signedNotice(
      { ...noticeParams, out_trade_no: 'NO1', subject: 'a%2Bb' },
      { key: keys.alipayPrivateKey },
    );
    const form = Object.fromEntries(new URLSearchParams(body));
    expect(merchantSdk.checkNotifySign(form)).toBe(false);
    expect(merchantSdk.checkNotifySignV2(form)).toBe(true);
    const read = createAlipayNotify({ account }).read({ headers: {}, body: Buffer.from(body) });
    expect(read.ok).toBe(true);
  });

  it('it finds no signature that stands before the answer; ours does', () => {
    const answer = sealedAnswer('{"code":"10000"}', {
      key: keys.alipayPrivateKey,
      method,
      signFirst: true,
    });
    const { sign: signature = '' } = JSON.parse(answer) as { readonly sign?: string };
    expect(isAccepted(() => merchantSdk.checkResponseSign(answer, nodeName, signature, ''))).toBe(
      false,
    );
    expect(judged(answer)).toBe('valid');
  });

  it('two answers in one envelope, even with one name spelled in escapes: ours refuses both', () => {
    const node = '{"code":"10000","trade_status":"TRADE_SUCCESS"}';
    const forged = '{"code":"10000","trade_status":"TRADE_CLOSED"}';
    const signature = sign('sha256', Buffer.from(node), keys.alipayPrivateKey).toString('base64');
    for (const pair of [
      [node, forged],
      [forged, node],
    ])
      for (const name of [nodeName, String.raw`alipay_trade_query_respons\u0065`]) {
        const answer = `{"${nodeName}":${pair[0]},"${name}":${pair[1]},"sign":"${signature}"}`;
        expect(judged(answer)).toBe('garbled');
      }
  });

  it('a notify whose signature covers sign_type too is not one of trade.pay: ours refuses it', () => {
    const params = { ...noticeParams, out_trade_no: 'NO1', sign_type: 'RSA2' };
    const text = Object.entries(params)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
    const signature = sign('sha256', Buffer.from(text), keys.alipayPrivateKey).toString('base64');
    const form = { ...params, sign: signature };
    expect(merchantSdk.checkNotifySignV2(form)).toBe(true);
    const body = Buffer.from(new URLSearchParams(form).toString());
    expect(createAlipayNotify({ account }).read({ headers: {}, body }).ok).toBe(false);
  });
});
