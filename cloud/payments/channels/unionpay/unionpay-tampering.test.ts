import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { certificateOf } from '#cloud/channel-simulator/faces/unionpay/certificate.ts';
import {
  makeUnionpaySandboxKeys,
  sandboxMerchantNo,
  sandboxSigner,
} from '#cloud/channel-simulator/faces/unionpay/keys.ts';
import {
  answerText,
  signedWords,
  type Words,
} from '#cloud/channel-simulator/faces/unionpay/seal.ts';
import { judgeNotified } from '#cloud/channel/channel-notify.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { accountOf, startMs } from '#cloud/payments/channels/unionpay/testing/unionpay-rig.ts';
import { createUnionpayChannel } from '#cloud/payments/channels/unionpay/unionpay-channel.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';

const keys = makeUnionpaySandboxKeys();
const signer = { key: keys.signerPrivateKey, certificate: keys.signerCertificate };
const order = {
  channelMerchantNo: sandboxMerchantNo,
  outTradeNo: 'ORDER00000001',
  netFen: fen(1_234),
  openedAtMs: startMs,
};
const base = {
  version: '5.1.0',
  encoding: 'UTF-8',
  merId: sandboxMerchantNo,
  orderId: 'ORDER00000001',
  txnTime: '20260921221320',
};
const paid = {
  ...base,
  respCode: '00',
  origRespCode: '00',
  queryId: '201609212213201234567',
  txnAmt: '1234',
  currencyCode: '156',
  traceTime: '0921221321',
  cardTransData: '{a=1&b=2}',
};
const notThere = { ...base, orderId: 'ORDER00000001V1', respCode: '34' };
const text = (words: Words, by = signer): string => answerText(signedWords(words, by));

let server: Server;
let channel: Channel;
/** What is said about the order; about its void there is never anything. */
let answer: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isVoid = Buffer.concat(chunks).toString().includes('orderId=ORDER00000001V1');
      response.end(isVoid ? text(notThere) : answer);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  channel = createUnionpayChannel({
    baseUrl: `http://127.0.0.1:${port}`,
    account: accountOf(keys, 'none'),
    clock: createManualClock(startMs),
    readTimeoutMs: 5_000,
  });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const query = async () => (await channel.query(order)).outcome;

describe('answers', () => {
  it('as it was signed it is believed, its time read in Shanghai', async () => {
    answer = text(paid);
    expect(await query()).toEqual({
      type: 'paid',
      channelRef: paid.queryId,
      paidAtMs: startMs + 1_000,
    });
  });

  it('every byte of it, fields, certificate and signature: changed, it is no longer believed', async () => {
    const whole = Buffer.from(text(paid));
    for (let at = 0; at < whole.length; at += 1) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      answer = changed.toString('latin1');
      const { type } = await query();
      expect(type, `byte ${at}: ${answer.slice(Math.max(0, at - 20), at + 20)}`).toBe('unknown');
    }
  });

  it('truly signed, but about another amount, number, time, merchant, currency: not paid', async () => {
    for (const change of [
      { txnAmt: '1233' },
      { txnAmt: '' },
      { currencyCode: '344' },
      { orderId: 'ORDER00000002' },
      { txnTime: '20260921221321' },
      { merId: '777290058110049' },
      { queryId: '' },
      { traceTime: 'soon' },
      { origRespCode: '' },
      { origRespCode: '60' },
      { respCode: '60' },
    ]) {
      answer = text({ ...paid, ...change });
      expect((await query()).type, JSON.stringify(change)).toBe('unknown');
    }
  });

  it('a certificate of a stranger, of another name or of another time proves nothing', async () => {
    const { privateKey: stranger } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const request = {
      subject: `x@y@${sandboxSigner}@1`,
      issuer: 'Greentill Sandbox OCA',
      serial: 3,
      validFromMs: Date.UTC(2020, 0, 1),
      validToMs: Date.UTC(2060, 0, 1),
      subjectKey: stranger,
      issuerKey: keys.issuerPrivateKey,
    };
    const verdictFor = async (change: Partial<typeof request>) => {
      const certificate = certificateOf({ ...request, ...change });
      answer = text(paid, { key: stranger, certificate });
      return (await query()).type;
    };
    expect(await verdictFor({})).toBe('paid');
    expect(await verdictFor({ issuerKey: stranger })).toBe('unknown');
    expect(await verdictFor({ issuer: 'Another CA' })).toBe('unknown');
    expect(await verdictFor({ subject: 'x@y@Somebody@1' })).toBe('unknown');
    expect(await verdictFor({ validToMs: startMs - 1_000 })).toBe('unknown');
    expect(await verdictFor({ validFromMs: startMs + 1_000 })).toBe('unknown');
  });
});

const form = (words: Words) =>
  Buffer.from(new URLSearchParams(signedWords(words, signer)).toString());

const read = (words: Words) => channel.notify!.read({ headers: {}, body: form(words) });

describe('notifies', () => {
  const notice = {
    ...paid,
    txnType: '01',
    txnSubType: '06',
    accNo: '6226****0048',
    respMsg: '成功',
  };
  it('as it was signed it is paid, for this merchant, number and amount alone', () => {
    const event = read(notice);
    if (!event.ok) throw new Error(event.error.code);
    expect(judgeNotified(event.value, order)).toMatchObject({ type: 'paid' });
    expect(judgeNotified(event.value, { ...order, netFen: fen(1) }).type).toBe('unknown');
    expect(read({ ...notice, merId: '777290058110049' })).toMatchObject({
      error: { code: 'account-mismatch' },
    });
    expect(read({ ...notice, txnType: '04' })).toMatchObject({ value: { type: 'refund' } });
    expect(read({ ...notice, respCode: '60' })).toMatchObject({ value: { state: 'other' } });
  });

  it('every byte of it: changed, it is refused', () => {
    const body = form(notice);
    for (let at = 0; at < body.length; at += 1)
      for (const bit of [0x01, 0x20]) {
        const tampered = Buffer.from(body);
        tampered[at] = (tampered[at] ?? 0) ^ bit;
        const judged = channel.notify!.read({ headers: {}, body: tampered });
        expect(judged.ok, `byte ${at}, bit ${bit}`).toBe(false);
      }
    expect(channel.notify!.read({ headers: {}, body }).ok).toBe(true);
  });
});
