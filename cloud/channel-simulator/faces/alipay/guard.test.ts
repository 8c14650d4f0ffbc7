import { createPublicKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { judgeForm } from '#cloud/channel-simulator/faces/alipay/guard.ts';
import { makeAlipaySandboxKeys } from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { signedForm } from '#cloud/payments/channels/alipay/sign.ts';

const keys = makeAlipaySandboxKeys();
const callers = new Map([
  [
    'app1',
    {
      publicKey: createPublicKey(keys.appPrivateKey),
      merchantOfToken: (token: string) => (token === 'good' ? '2088000000000109' : undefined),
    },
  ],
]);
/** 2026-09-21 21:33:20 in Shanghai. */
const nowMs = 1_789_997_600_000;
const params = {
  app_id: 'app1',
  method: 'alipay.trade.pay',
  format: 'JSON',
  charset: 'utf-8',
  sign_type: 'RSA2',
  timestamp: '2026-09-21 21:33:20',
  version: '1.0',
  app_auth_token: 'good',
  biz_content: '{"subject":"门店 +%2B"}',
};
const judge = (change: Readonly<Record<string, string>> = {}) =>
  judgeForm(signedForm({ ...params, ...change }, keys.appPrivateKey), callers, nowMs);

it('a true request is read; a token that is nobody’s names nobody', () => {
  expect(judge()).toMatchObject({
    merchantNo: '2088000000000109',
    bizContent: '{"subject":"门店 +%2B"}',
  });
  expect(judge({ app_auth_token: 'bad' })).toMatchObject({ merchantNo: undefined });
});

it('ten minutes off Shanghai’s clock are allowed, not one second more, and no other zone’s time', () => {
  expect(judge({ timestamp: '2026-09-21 21:43:20' })).toHaveProperty('method');
  expect(judge({ timestamp: '2026-09-21 21:43:21' })).toEqual({ refusal: 'TIMESTAMP_ERROR' });
  expect(judge({ timestamp: '2026-09-21 21:23:19' })).toEqual({ refusal: 'TIMESTAMP_ERROR' });
  expect(judge({ timestamp: '2026-09-21 13:33:20' })).toEqual({ refusal: 'TIMESTAMP_ERROR' });
  expect(judge({ timestamp: 'now' })).toEqual({ refusal: 'TIMESTAMP_ERROR' });
});

it('another app, another signature method, a changed byte, a name that stands twice', () => {
  expect(judge({ app_id: 'app2' })).toEqual({ refusal: 'APP_UNKNOWN' });
  expect(judge({ sign_type: 'RSA' })).toEqual({ refusal: 'PARAM_ERROR' });
  const form = signedForm(params, keys.appPrivateKey);
  const changed = form.replace('alipay.trade.pay', 'alipay.trade.bay');
  expect(judgeForm(changed, callers, nowMs)).toEqual({ refusal: 'SIGN_ERROR' });
  expect(judgeForm(`${form}&method=x`, callers, nowMs)).toEqual({ refusal: 'PARAM_ERROR' });
});
