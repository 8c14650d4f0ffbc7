import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { createWechatGuard } from '#cloud/channel-simulator/faces/wechat/guard.ts';
import { authorizationOf } from '#cloud/payments/channels/wechat/sign.ts';

const nowMs = 1_790_000_000_000;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const mchid = '1900000001';
const caller = { serial: 'SERIAL', publicKey: createPublicKey(privateKey) };
const parts = {
  method: 'POST',
  target: '/v3/pay/transactions/codepay',
  timestamp: String(nowMs / 1_000),
  nonce: '0123456789ABCDEF0123456789ABCDEF',
  body: '{"amount":1}',
};
const signer = { mchid, serial: 'SERIAL', privateKey };
let guard: ReturnType<typeof createWechatGuard>;

beforeEach(() => {
  guard = createWechatGuard(new Map([[mchid, caller]]));
});

const judge = (change: Partial<typeof parts> = {}, by = signer, atMs = nowMs) => {
  const signed = { ...parts, ...change };
  const authorization = authorizationOf(signed, by);
  return guard.judge({ ...signed, authorization, nowMs: atMs }).type;
};

const at = (seconds: number, nonce: string) =>
  judge({ timestamp: String(nowMs / 1_000 + seconds), nonce });

it('a true request is let in once; its nonce not again for ten minutes', () => {
  expect(judge()).toBe('caller');
  expect(judge()).toBe('refused');
  expect(judge({ body: '{"amount":2}' })).toBe('refused');
  const laterMs = nowMs + 600_000;
  expect(judge({ timestamp: String(laterMs / 1_000) }, signer, laterMs)).toBe('caller');
});

it('300 seconds are near enough, 301 are not, in both directions', () => {
  expect(at(300, 'A'.repeat(32))).toBe('caller');
  expect(at(-300, 'B'.repeat(32))).toBe('caller');
  expect(at(301, 'C'.repeat(32))).toBe('refused');
  expect(at(-301, 'D'.repeat(32))).toBe('refused');
});

it('another key, another serial, an unknown merchant, a nonce too short', () => {
  expect(judge({}, { ...signer, privateKey: other.privateKey })).toBe('refused');
  expect(judge({}, { ...signer, serial: 'OTHER' })).toBe('refused');
  expect(judge({}, { ...signer, mchid: '1900000002' })).toBe('refused');
  expect(judge({ nonce: 'short' })).toBe('refused');
  expect(guard.judge({ ...parts, authorization: '', nowMs }).type).toBe('refused');
});

it('a refused request does not use its nonce up', () => {
  expect(judge({}, { ...signer, serial: 'OTHER' })).toBe('refused');
  expect(judge()).toBe('caller');
});
