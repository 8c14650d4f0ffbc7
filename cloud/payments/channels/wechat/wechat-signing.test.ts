import { createPublicKey, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Aes, Decorator, Formatter, Rsa } from 'wechatpay-axios-plugin';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import type { Random } from '#shared/time/random.ts';
import { createWechatGuard } from '#cloud/channel-simulator/faces/wechat/guard.ts';
import {
  certificateSerial,
  makeWechatSandboxKeys,
  publicKeyId,
} from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { signedHeaders, wechatNotice } from '#cloud/channel-simulator/faces/wechat/seal.ts';
import { judgeNotified } from '#cloud/channel/channel-notify.ts';
import { createWechatNotify, decryptResource } from '#cloud/payments/channels/wechat/notify.ts';
import { authorizationOf, encryptName } from '#cloud/payments/channels/wechat/sign.ts';
import { partner, sandboxAccount } from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';
import { judgeSignature } from '#cloud/payments/channels/wechat/verify.ts';
import {
  differentialRounds,
  differentialTimeoutMs,
} from '#cloud/payments/channels/wire/testing/differential-rounds.ts';
import { fen } from '#shared/money/fen.ts';

const keys = makeWechatSandboxKeys();
const mchid = partner.spMchid;
const merchantPublicKey = createPublicKey(keys.merchantPrivateKey);
const platformKeys = new Map(
  [...keys.platform].map(([serial, key]) => [serial, createPublicKey(key)] as const),
);
const nowMs = 1_790_000_000_000;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };

const pick = <T>(random: Random, values: readonly T[]): T =>
  values[Math.floor(random.unit() * values.length)] as T;

const alphabet = Array.from('aZ09 "\\/:{}[],%&=+\n\r\t¥绿点收银😀\u0000é');
const textOf = (random: Random, length: number): string =>
  Array.from({ length }, () => pick(random, alphabet)).join('');
const nonceOf = (random: Random): string => Buffer.from(random.bytes(16)).toString('hex');
const keyOf = (serial: string): KeyObject => {
  const key = keys.platform.get(serial);
  if (key === undefined) throw new Error(`no key ${serial}`);
  return key;
};

/** One character of the text replaced by another one. */
function changed(random: Random, text: string): string {
  if (text === '') return 'x';
  const at = Math.floor(random.unit() * text.length);
  const other = text[at] === 'A' ? 'B' : 'A';
  return text.slice(0, at) + other + text.slice(at + 1);
}

const fieldsOf = (authorization: string): ReadonlyMap<string, string> =>
  new Map(
    [...authorization.matchAll(/([a-z_]+)="([^"]*)"/g)].map((match) => [match[1]!, match[2]!]),
  );

// The SDK reads the machine's clock: it stands still at the moment both sides judge.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: nowMs });
});
afterAll(() => {
  vi.useRealTimers();
});

describe('differential: our signing and the public SDK say the same', () => {
  it(
    'requests: the same signature, and the same verdict when something was changed on the way',
    () => {
      const random = createSeededRandom(1);
      const caller = { serial: keys.merchantSerial, publicKey: merchantPublicKey };
      const guard = createWechatGuard(new Map([[mchid, caller]]));
      const verdicts = { accepted: 0, refused: 0 };
      for (let round = 0; round < differentialRounds; round += 1) {
        const parts = {
          method: pick(random, ['GET', 'POST']),
          target: `/v3/pay/${encodeURIComponent(textOf(random, 8))}?mchid=${encodeURIComponent(textOf(random, 5))}`,
          timestamp: String(nowMs / 1_000),
          nonce: nonceOf(random),
          body: textOf(random, Math.floor(random.unit() * 300)),
        };
        const { method, target, timestamp, nonce, body } = parts;
        const signer = { mchid, serial: keys.merchantSerial, privateKey: keys.merchantPrivateKey };
        const ours = authorizationOf(parts, signer);
        const text = Formatter.request(method, target, timestamp, nonce, body);
        const signature = Rsa.sign(text, keys.merchantPrivateKey);
        const theirs = Formatter.authorization(
          mchid,
          nonce,
          signature,
          timestamp,
          keys.merchantSerial,
        );
        expect(fieldsOf(ours)).toEqual(fieldsOf(theirs));

        const what = pick(random, ['nothing', 'body', 'target', 'nonce', 'method'] as const);
        const arrived = {
          ...parts,
          ...(what === 'body' ? { body: changed(random, body) } : {}),
          ...(what === 'target' ? { target: changed(random, target) } : {}),
          ...(what === 'method' ? { method: method === 'GET' ? 'POST' : 'GET' } : {}),
        };
        const arrivedNonce = what === 'nonce' ? changed(random, nonce) : nonce;
        const arrivedText = Formatter.request(
          arrived.method,
          arrived.target,
          timestamp,
          arrivedNonce,
          arrived.body,
        );
        const sdk = Rsa.verify(arrivedText, signature, merchantPublicKey);
        const authorization = ours.replace(`nonce_str="${nonce}"`, `nonce_str="${arrivedNonce}"`);
        const judged = guard.judge({ ...arrived, authorization, nowMs });
        expect(judged.type === 'caller', `round ${round}, changed: ${what}`).toBe(sdk);
        verdicts[sdk ? 'accepted' : 'refused'] += 1;
      }
      // Both verdicts must really have been compared.
      expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(
        differentialRounds / 20,
      );
    },
    differentialTimeoutMs,
  );

  it(
    'answers and notifies: the same verdict about signature, key and time',
    () => {
      const random = createSeededRandom(2);
      const verifier = Decorator.responseVerifier(Object.fromEntries(platformKeys));
      const verdicts = { accepted: 0, refused: 0 };
      for (let round = 0; round < differentialRounds; round += 1) {
        const body = textOf(random, Math.floor(random.unit() * 300));
        const serial = pick(random, [certificateSerial, publicKeyId]);
        const key = keyOf(pick(random, [serial, serial, serial, certificateSerial]));
        const offsetMs = pick(random, [0, 0, 0, 290_000, -290_000, 310_000, -310_000, 86_400_000]);
        const signed = { ...signedHeaders(body, { serial, key, nowMs: nowMs + offsetMs }) };
        const what = pick(random, [
          'nothing',
          'nothing',
          'body',
          'nonce',
          'serial',
          'time',
        ] as const);
        if (what === 'nonce')
          signed['wechatpay-nonce'] = changed(random, signed['wechatpay-nonce'] ?? '');
        if (what === 'serial')
          signed['wechatpay-serial'] = pick(random, ['PUB_KEY_ID_0', certificateSerial]);
        if (what === 'time') signed['wechatpay-timestamp'] = String(nowMs / 1_000 + 7);
        const arrived = what === 'body' ? changed(random, body) : body;
        const ours = judgeSignature(
          { header: (name) => signed[name], body: Buffer.from(arrived) },
          { keys: platformKeys, nowMs },
        );
        const theirs = isAccepted(
          () => verifier.call({}, arrived, signed, 200) as unknown,
          arrived,
        );
        expect(ours === 'valid', `round ${round}, changed: ${what}, ours: ${ours}`).toBe(theirs);
        verdicts[theirs ? 'accepted' : 'refused'] += 1;
      }
      expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(
        differentialRounds / 20,
      );
    },
    differentialTimeoutMs,
  );

  it(
    'encrypted resources and names: what one side closes the other one opens',
    () => {
      const random = createSeededRandom(3);
      const platformKey = keyOf(publicKeyId);
      for (let round = 0; round < differentialRounds; round += 1) {
        const plain = textOf(random, 1 + Math.floor(random.unit() * 200));
        const [nonce, aad] = [nonceOf(random).slice(0, 12), textOf(random, 6)];
        const ciphertext = Aes.AesGcm.encrypt(plain, keys.apiV3Key, nonce, aad);
        const resource = {
          algorithm: 'AEAD_AES_256_GCM' as const,
          ciphertext: pick(random, [ciphertext, changed(random, ciphertext)]),
          nonce,
          associated_data: aad,
        };
        const ours = decryptResource(resource, Buffer.from(keys.apiV3Key))?.toString('utf8');
        expect(ours).toBe(resource.ciphertext === ciphertext ? plain : undefined);
        if (round % 20 !== 0) continue;
        const name = Array.from(plain).slice(0, 20).join('');
        const sealed = encryptName(name, createPublicKey(platformKey));
        expect(Rsa.decrypt(sealed, platformKey)).toBe(name);
      }
    },
    differentialTimeoutMs,
  );
});

/** The SDK gives the data back, throws, or gives an error. */
function isAccepted(verify: () => unknown, data: string): boolean {
  try {
    return verify() === data;
  } catch {
    return false;
  }
}

const trade = {
  sp_mchid: mchid,
  sub_mchid: '1900000109',
  out_trade_no: 'ORDER00000001',
  transaction_id: '4200000000000000000000000001',
  trade_state: 'SUCCESS',
  success_time: '2026-09-21T12:00:00+08:00',
  amount: { total: 1_234, currency: 'CNY' },
};
const order = {
  channelMerchantNo: '1900000109',
  outTradeNo: 'ORDER00000001',
  netFen: fen(1_234),
};
const account = sandboxAccount(keys);
const reader = createWechatNotify({ account, clock });
const notice = (
  resource: object,
  change: { readonly serial?: string; readonly isProbe?: boolean; readonly atMs?: number } = {},
  type = 'TRANSACTION.SUCCESS',
) => {
  const serial = change.serial ?? publicKeyId;
  const made = wechatNotice(
    { type, originalType: 'transaction', resource },
    {
      serial,
      key: keyOf(serial),
      nowMs: change.atMs ?? nowMs,
      apiV3Key: keys.apiV3Key,
      isProbe: change.isProbe ?? false,
    },
  );
  return { headers: made.headers, body: Buffer.from(made.body) };
};

const refused = (code: string) => ({ ok: false, error: { code } });

describe('notifies', () => {
  it.each([publicKeyId, certificateSerial])('signed by %s: read, and paid', (serial) => {
    const read = reader.read(notice(trade, { serial }));
    if (!read.ok) throw new Error(read.error.code);
    expect(judgeNotified(read.value, order)).toMatchObject({ type: 'paid' });
    expect(judgeNotified(read.value, { ...order, netFen: fen(1_233) }).type).toBe('unknown');
    expect(judgeNotified(read.value, { ...order, outTradeNo: 'OTHER' }).type).toBe('unknown');
  });

  it('a signature probe fails', () => {
    const read = reader.read(notice(trade, { isProbe: true }));
    expect(read).toMatchObject({ ok: false, error: { code: 'signature-probe' } });
  });

  it('another time, another account, another currency, another type', () => {
    expect(reader.read(notice(trade, { atMs: nowMs - 301_000 }))).toMatchObject(
      refused('time-outside-window'),
    );
    expect(reader.read(notice({ ...trade, sp_mchid: '1900000002' }))).toMatchObject(
      refused('account-mismatch'),
    );
    const dollars = { ...trade, amount: { total: 1_234, currency: 'USD' } };
    expect(reader.read(notice(dollars))).toMatchObject(refused('body-garbled'));
    const echo = reader.read(notice({ echo: 'x' }, {}, 'SECURITY_ECHO.SUCCESS'));
    expect(echo).toMatchObject({ ok: true, value: { type: 'echo' } });
  });

  it('every byte of it: one bit changed in the body is refused', () => {
    const { headers, body } = notice(trade);
    for (let at = 0; at < body.length; at += 1)
      for (const bit of [0x01, 0x20, 0x80]) {
        const tampered = Buffer.from(body);
        tampered[at] = (tampered[at] ?? 0) ^ bit;
        expect(reader.read({ headers, body: tampered }).ok, `byte ${at}, bit ${bit}`).toBe(false);
      }
    expect(reader.read({ headers, body: body.subarray(0, -1) }).ok).toBe(false);
    expect(reader.read({ headers, body: Buffer.concat([body, Buffer.from(' ')]) }).ok).toBe(false);
  });

  it('every byte of its four headers: one changed is refused', () => {
    const { headers, body } = notice(trade);
    const names = ['serial', 'timestamp', 'nonce', 'signature'].map((name) => `wechatpay-${name}`);
    for (const name of names) {
      const value = headers[name] ?? '';
      expect(reader.read({ headers: { ...headers, [name]: undefined }, body }).ok).toBe(false);
      for (let at = 0; at < value.length; at += 1)
        for (const other of ['A', 'B', '0', '1', '=']) {
          if (value[at] === other) continue;
          const tampered = value.slice(0, at) + other + value.slice(at + 1);
          const read = reader.read({ headers: { ...headers, [name]: tampered }, body });
          expect(read.ok, `${name} at ${at}: ${other}`).toBe(false);
        }
    }
    expect(reader.read({ headers, body }).ok).toBe(true);
  });

  it('a resource that was opened and closed again with another key does not open', () => {
    const wrong = createWechatNotify({
      account: { ...account, apiV3Key: Buffer.alloc(32, 1) },
      clock,
    });
    expect(wrong.read(notice(trade))).toMatchObject({ error: { code: 'decryption-failed' } });
  });
});
