import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeUnionpaySandboxKeys } from '#cloud/channel-simulator/faces/unionpay/keys.ts';
import {
  answerText,
  signedWords,
  type Words,
} from '#cloud/channel-simulator/faces/unionpay/seal.ts';
import { zipOf } from '#cloud/channel-simulator/zip.ts';
import type { BillDesk, BillOutcome, BillRow } from '#cloud/channel/channel-bill.ts';
import { unionpayBillRows } from '#cloud/payments/channels/unionpay/bill-rows.ts';
import { accountOf } from '#cloud/payments/channels/unionpay/testing/unionpay-rig.ts';
import { createUnionpayChannel } from '#cloud/payments/channels/unionpay/unionpay-channel.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';

const merchantNo = '777290058110048';
const folder = mkdtempSync(join(tmpdir(), 'greentill-zm-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One line, cell by cell with its width as the document has it, and a blank between two. */
const line = (change: {
  readonly type?: string;
  readonly order?: string;
  readonly original?: string;
  readonly amount?: string;
  readonly fee?: string;
  readonly settled?: string;
  readonly time?: string;
  readonly shop?: string;
}): string => {
  const { type = '0106', order = 'ORDER00000001', original = '', time = '0921221321' } = change;
  const { amount = '000000001234', fee = 'D000000000007', settled = 'C000000001234' } = change;
  const cells: readonly (readonly [text: string, width: number])[] = [
    ['S22', 3],
    ['49000000', 11],
    ['00049000', 11],
    ['123456', 6],
    [time, 10],
    ['6226090000000048', 19],
    [amount, 12],
    ['5411', 4],
    ['07', 2],
    ['202609212213201234567', 21],
    ['', 2],
    [order, 32],
    ['01', 2],
    ['', 6],
    ['', 10],
    [fee, 13],
    [settled, 13],
    ['0001', 4],
    ['', 15],
    [type.slice(0, 2), 2],
    [type.slice(2), 2],
    ['000000', 6],
    ['01', 2],
    ['', 4],
    ['', 32],
    ['0', 1],
    ['', 21],
    [merchantNo, 15],
    ['0', 1],
    ['', 15],
    [change.shop ?? '', 32],
    ['C000000000000', 13],
    ['C000000001227', 13],
    ['49000002', 8],
    ['', 32],
    ['C000000000000', 13],
    ['C000000000000', 13],
    ['000000000000', 12],
    ['00', 2],
    ['0', 1],
    [original, 32],
    ['', 98],
  ];
  return cells.map(([text, width]) => text.padEnd(width)).join(' ');
};

const detail = `INN26092188ZM_${merchantNo}`;
let files = 0;
function written(lines: readonly string[], names: readonly string[] = [detail]): string {
  files += 1;
  const path = join(folder, `${files}.zip`);
  const content = Buffer.from(lines.map((one) => `${one}\r\n`).join(''), 'latin1');
  writeFileSync(path, zipOf(names.map((name) => ({ name: Buffer.from(name), content }))));
  return path;
}
async function rowsOf(path: string): Promise<readonly BillRow[]> {
  const rows: BillRow[] = [];
  for await (const row of unionpayBillRows(path)) rows.push(row);
  return rows;
}

describe('the file of settled transactions', () => {
  it('a payment, a refund, a void, a reversal and what was settled for nothing', async () => {
    const back = { settled: 'D000000001234', fee: 'C000000000007', original: 'ORDER00000001' };
    const path = written([
      line({}),
      line({ ...back, type: '0400', order: 'ORDER00000001T1', amount: '000000000300' }),
      line({ ...back, type: '3100', order: 'ORDER00000001V1' }),
      line({ ...back, type: '9901', original: '' }),
      line({ settled: 'C000000000000', fee: 'C000000000000', order: 'ORDER00000002' }),
    ]);
    const paid = {
      kind: 'paid',
      outTradeNo: 'ORDER00000001',
      outRefundNo: undefined,
      channelRef: '202609212213201234567',
      channelMerchantNo: merchantNo,
      amountFen: 1_234,
      feeFen: 7,
      atMs: Date.parse('2026-09-21T22:13:21+08:00'),
    };
    expect(await rowsOf(path)).toEqual([
      paid,
      { ...paid, kind: 'refund', outRefundNo: 'ORDER00000001T1', amountFen: 300, feeFen: -7 },
      { ...paid, kind: 'reversed', outRefundNo: 'ORDER00000001V1', feeFen: -7 },
      { ...paid, kind: 'reversed', outRefundNo: 'ORDER00000001', feeFen: -7 },
      { ...paid, kind: 'closed', outTradeNo: 'ORDER00000002', feeFen: 0 },
    ]);
  });

  it('a type that is none of ours counts by its money, and so people see it', async () => {
    const [gain, loss] = await rowsOf(
      written([line({ type: '0201' }), line({ type: '0300', settled: 'D000000001234' })]),
    );
    expect([gain?.kind, loss?.kind]).toEqual(['paid', 'reversed']);
    expect(loss).toMatchObject({ outTradeNo: 'ORDER00000001', outRefundNo: 'ORDER00000001' });
  });

  it('its times have no year: the hour after 23:00 of a 31 December is of the old one', async () => {
    const path = written(
      [line({ time: '1231233000' }), line({ time: '0101000000' })],
      [`INN27010188ZM_${merchantNo}`],
    );
    expect((await rowsOf(path)).map(({ atMs }) => new Date(atMs).toISOString())).toEqual([
      '2026-12-31T15:30:00.000Z',
      '2026-12-31T16:00:00.000Z',
    ]);
  });

  it('names in GBK take as many bytes as the columns say; disputes beside it are not read', async () => {
    const shop = Buffer.from([0xd0, 0xa1, 0xb5, 0xea]).toString('latin1');
    const names = [detail, `INN26092188ZME_${merchantNo}`];
    const [row] = await rowsOf(written([line({ shop })], names));
    expect(row).toMatchObject({ kind: 'paid', amountFen: 1_234 });
  });

  it('a line that tells lies about its columns, its money or its time makes the bill unreadable', async () => {
    const good = line({});
    const bad: Readonly<Record<string, string>> = {
      'too few columns': good.slice(0, 500),
      'out of its columns': good.replace('S22 ', 'S2222'),
      'no amount': line({ amount: '00000000123x' }),
      'no fee': line({ fee: '0000000000007' }),
      'no time': line({ time: '0931999999' }),
      'the other way': line({ settled: 'D000000001234' }),
      'the other way round': line({ type: '0400' }),
      'too long': good + ' '.repeat(4_000),
    };
    for (const [name, text] of Object.entries(bad))
      await expect(rowsOf(written([good, text])), name).rejects.toThrow(/a (line|cell)/);
    await expect(rowsOf(written([good], ['x.txt']))).rejects.toThrow('not one file');
    await expect(rowsOf(written([good], [detail, detail]))).rejects.toThrow('not one file');
    expect(await rowsOf(written([good, '']))).toHaveLength(1);
  });
});

describe('the answer that brings it', () => {
  const date = '2026-09-21';
  const nowMs = Date.parse('2026-09-22T11:00:00+08:00');
  const keys = makeUnionpaySandboxKeys();
  const signer = { key: keys.signerPrivateKey, certificate: keys.signerCertificate };
  const zip = zipOf([{ name: Buffer.from(detail), content: Buffer.from(`${line({})}\r\n`) }]);
  const truth: Words = {
    version: '5.1.0',
    encoding: 'UTF-8',
    merId: merchantNo,
    txnType: '76',
    txnSubType: '01',
    txnTime: '20260922110000',
    settleDate: '0921',
    respCode: '00',
    fileContent: deflateSync(zip).toString('base64'),
  };
  const clock = createManualClock(nowMs);
  const said = { answer: '', asked: '' };
  let server: Server;
  let desk: BillDesk;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        said.asked = Buffer.concat(chunks).toString();
        response.end(Buffer.from(said.answer, 'latin1'));
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const baseUrl = `http://127.0.0.1:${port}`;
    const account = accountOf(keys, 'none', baseUrl);
    const { bills } = createUnionpayChannel({ baseUrl, account, clock, readTimeoutMs: 5_000 });
    if (bills === undefined) throw new Error('no bills');
    desk = bills;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  async function ask(answer: string, day = date): Promise<BillOutcome & { readonly file: Buffer }> {
    said.answer = answer;
    const chunks: Uint8Array[] = [];
    const request = { date: day, channelMerchantNo: merchantNo };
    const { outcome, evidence } = await desk.download(request, (chunk) => void chunks.push(chunk));
    if (outcome.type === 'whole') expect(evidence.rawAnswer).toContain('fileContent=(file)&');
    return { ...outcome, file: Buffer.concat(chunks) };
  }
  const signed = (change: Words = {}): string =>
    answerText(signedWords({ ...truth, ...change }, signer));

  it('asks for 76/01, file type 00, by settlement day, and unpacks the zip', async () => {
    expect(await ask(signed())).toEqual({
      type: 'whole',
      bytes: zip.length,
      digest: undefined,
      file: zip,
    });
    expect(Object.fromEntries(new URLSearchParams(said.asked))).toMatchObject({
      txnType: '76',
      txnSubType: '01',
      fileType: '00',
      settleDate: '0921',
      merId: merchantNo,
    });
  });

  it('bytes all over it: changed, nothing is believed and nothing written', async () => {
    const whole = Buffer.from(signed(), 'latin1');
    // Each byte of an answer is changed in unionpay-tampering.test.ts; a file's is one like all others.
    for (let at = 0; at < whole.length; at += 11) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      const { type, file } = await ask(changed.toString('latin1'));
      expect([type, file.length], `byte ${at}`).toEqual(['unknown', 0]);
    }
  }, 60_000);

  it('truly signed, but about another day, merchant, hour or transaction: not this bill', async () => {
    for (const change of [
      { settleDate: '0920' },
      { merId: '777290058110049' },
      { txnTime: '20250922110000' },
      { txnType: '00' },
    ])
      expect(await ask(signed(change))).toMatchObject({ type: 'unknown', code: 'order-mismatch' });
  });

  it('absent is "not yet" until ten o’clock of the next day, and then "never"; no other word is either', async () => {
    expect(await ask(signed({ respCode: '98' }))).toMatchObject({ type: 'no-bill', code: '98' });
    const today = { settleDate: '0922', respCode: '98' };
    expect((await ask(signed(today), '2026-09-22')).type).toBe('not-ready');
    expect(await ask(signed({ respCode: '40' }))).toMatchObject({ type: 'unknown', code: '40' });
  });

  it('a file that cannot be unpacked, or is larger than an answer may be, is no bill', async () => {
    const cut = deflateSync(zip).subarray(0, -9).toString('base64');
    for (const fileContent of ['', 'AAAA', cut])
      expect(await ask(signed({ fileContent }))).toMatchObject({ code: 'garbled-file' });
    const huge = signed({ fileContent: 'A'.repeat(16 * 1024 * 1024) });
    expect(await ask(huge)).toMatchObject({ type: 'unknown', code: 'no-answer' });
  });

  it('a day that its month and day alone do not name is not asked for', async () => {
    said.asked = '';
    for (const day of ['2030-01-01', '2025-09-21'])
      expect(await ask('', day)).toMatchObject({ type: 'not-ready', code: 'day-not-askable' });
    expect(said.asked).toBe('');
  });
});
