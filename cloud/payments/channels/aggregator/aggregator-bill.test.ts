import { createHash, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerSignText, channelHeaders } from '#cloud/channel-simulator/protocol.ts';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import type { BillDesk, BillOutcome, BillRow } from '#cloud/channel/channel-bill.ts';
import { createAggregatorChannel } from '#cloud/payments/channels/aggregator/aggregator-channel.ts';
import { aggregatorBillRows } from '#cloud/payments/channels/aggregator/bill-rows.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';

const payment = {
  type: 'payment',
  atMs: 1_790_000_000_000,
  merchantNo: '1900000109',
  outTradeNo: 'ORDER001',
  transactionId: '42',
  state: 'SUCCESS',
  amountFen: 1_000,
  feeFen: 6,
};
const refund = {
  ...payment,
  type: 'refund',
  state: 'REFUND',
  amountFen: 300,
  feeFen: -2,
  outRefundNo: 'ORDER001T1',
};
const totals = { type: 'totals', lines: 2, paidFen: 1_000, backFen: 300, feeFen: 4 };
const text = (...lines: readonly object[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');
const bill = text(payment, refund, totals);

const folder = mkdtempSync(join(tmpdir(), 'greentill-jsonl-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
async function rowsOf(content: string): Promise<readonly BillRow[]> {
  const path = join(folder, 'bill');
  writeFileSync(path, content);
  const rows: BillRow[] = [];
  for await (const row of aggregatorBillRows(path)) rows.push(row);
  return rows;
}

describe('the lines', () => {
  it('become rows in neutral words', async () => {
    const { atMs, merchantNo: channelMerchantNo, outTradeNo } = payment;
    const row = { channelRef: '42', channelMerchantNo, outTradeNo, atMs };
    expect(await rowsOf(bill)).toEqual([
      { ...row, kind: 'paid', outRefundNo: undefined, amountFen: 1_000, feeFen: 6 },
      { ...row, kind: 'refund', outRefundNo: 'ORDER001T1', amountFen: 300, feeFen: -2 },
    ]);
    const reversal = { ...refund, type: 'reversal', outRefundNo: undefined };
    const closed = { ...payment, state: 'CLOSED', feeFen: 0 };
    const [back, shown] = await rowsOf(
      text(reversal, closed, { ...totals, paidFen: 1_000, feeFen: -2 }),
    );
    expect(back).toMatchObject({ kind: 'reversed', outRefundNo: 'ORDER001' });
    expect(shown).toMatchObject({ kind: 'closed', amountFen: 1_000 });
  });

  it('end too early, do not add up, go on behind their sums or are none: unreadable', async () => {
    const bad: Readonly<Record<string, string>> = {
      'no sums': text(payment, refund),
      'cut in the middle': bill.slice(0, -20),
      'a line is missing': text(payment, totals),
      'another amount': bill.replace('1000', '1001'),
      'another fee': bill.replace('"feeFen":6', '"feeFen":7'),
      'behind the sums': bill + text(payment),
      'more than a line has': text({ ...payment, note: 'x' }, refund, totals),
      'a fraction': bill.replace('"amountFen":1000', '"amountFen":1000.5'),
      'too long': text({ ...payment, transactionId: 'x'.repeat(9_000) }, refund, totals),
      'no JSON': `x\n${bill}`,
    };
    for (const [name, content] of Object.entries(bad))
      await expect(rowsOf(content), name).rejects.toThrow(/line|sums/);
  });
});

describe('the download', () => {
  const keys = sandboxKeysFromSeed('aggregator-bill');
  const truth = {
    code: 'SUCCESS',
    message: 'ok',
    face: 'unionpay',
    date: '2026-09-21',
    sha256: createHash('sha256').update(bill).digest('hex'),
  };
  let server: Server;
  let desk: BillDesk;
  let baseUrl = '';
  /** What is answered to the question, and what lies behind the address. */
  let answered: object = {};
  let file: Buffer = gzipSync(bill);
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.method === 'GET') return void response.end(file);
      const body = JSON.stringify(answered);
      const timestamp = '1790100000';
      const requestNonce = String(request.headers[channelHeaders.nonce]);
      const signed = Buffer.from(answerSignText({ status: 200, timestamp, requestNonce, body }));
      response
        .writeHead(200, {
          [channelHeaders.timestamp]: timestamp,
          [channelHeaders.signature]: sign(null, signed, keys.channelPrivateKey).toString('base64'),
        })
        .end(body);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { bills } = createAggregatorChannel({
      baseUrl,
      appId: 'app',
      appPrivateKey: keys.appPrivateKey,
      channelPublicKey: keys.channelPublicKey,
      clock: createManualClock(1_790_100_000_000),
      random: createSystemRandom(),
      readTimeoutMs: 5_000,
      face: 'unionpay',
    });
    if (bills === undefined) throw new Error('no bills');
    desk = bills;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  async function ask(change: object = {}, content = gzipSync(bill)): Promise<BillOutcome> {
    answered = { ...truth, downloadUrl: `${baseUrl}/file`, ...change };
    file = content;
    const request = { date: '2026-09-21' };
    return (await desk.download(request, () => undefined)).outcome;
  }

  it('is whole when the digest of what was unpacked is the one in the signed answer', async () => {
    const digest = { algorithm: 'sha256', hex: truth.sha256 };
    expect(await ask()).toEqual({ type: 'whole', bytes: bill.length, digest });
  });

  it('every byte of the file: changed, it is no bill', async () => {
    const whole = gzipSync(bill);
    for (let at = 0; at < whole.length; at += 1) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      // Gzip's own header holds bytes that say nothing about the content.
      const outcome = await ask({}, changed);
      if (outcome.type !== 'whole') expect(outcome.type, `byte ${at}`).toBe('unknown');
      else expect(outcome.digest?.hex, `byte ${at}`).toBe(truth.sha256);
    }
  }, 60_000);

  it.each([
    ['another file', {}, gzipSync(bill.replace('1000', '1001')), 'digest-mismatch'],
    ['half a file', {}, gzipSync(bill).subarray(0, 60), 'no-answer'],
    ['another day', { date: '2026-09-20' }, undefined, 'order-mismatch'],
    ['another wallet', { face: 'alipay' }, undefined, 'order-mismatch'],
    ['no address', { downloadUrl: undefined }, undefined, 'garbled-answer'],
    ['no digest', { sha256: undefined }, undefined, 'garbled-answer'],
    ['a strange house', { downloadUrl: 'http://127.0.0.1:9/file' }, undefined, 'foreign-address'],
    ['a word nobody knows', { code: 'BUSY' }, undefined, 'BUSY'],
  ] as const)('%s proves nothing', async (_what, change, content, code) => {
    expect(await ask(change, content)).toEqual({ type: 'unknown', code });
  });

  it('not yet, and never', async () => {
    expect((await ask({ code: 'BILL_NOT_READY' })).type).toBe('not-ready');
    expect((await ask({ code: 'BILL_NOT_FOUND' })).type).toBe('no-bill');
  });
});
