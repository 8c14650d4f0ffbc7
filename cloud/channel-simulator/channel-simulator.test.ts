import { randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBooksFile } from '#cloud/channel-simulator/books/books-file.ts';
import {
  createChannelSimulator,
  type ChannelSimulator,
} from '#cloud/channel-simulator/channel-simulator.ts';
import {
  answerSignText,
  channelHeaders,
  channelPaths,
  requestSignText,
  type BookLine,
  type ChannelAnswer,
} from '#cloud/channel-simulator/protocol.ts';
import { loadSandboxKeys, sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';

const keys = sandboxKeysFromSeed('simulator-test');
const merchantNo = '1900000001';
let nowMs: number;
let simulator: ChannelSimulator;

beforeEach(async () => {
  nowMs = 1_790_000_000_000;
  simulator = await createChannelSimulator({
    port: 0,
    seed: 'test',
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    channelPrivateKey: keys.channelPrivateKey,
    apps: new Map([['app', keys.appPublicKey]]),
    slowAnswerMs: 300,
  });
});
afterEach(() => simulator.close());

interface Call {
  readonly status: number;
  readonly answer: ChannelAnswer & { lines?: readonly BookLine[] };
  readonly isSigned: boolean;
}

async function call(
  path: string,
  value: object,
  forged: {
    readonly timestamp?: string;
    readonly nonce?: string;
    readonly key?: KeyObject;
    readonly app?: string;
    readonly sentBody?: string;
  } = {},
): Promise<Call> {
  const body = JSON.stringify(value);
  const timestamp = forged.timestamp ?? String(Math.floor(nowMs / 1_000));
  const nonce = forged.nonce ?? randomBytes(16).toString('hex');
  const text = requestSignText({ path, timestamp, nonce, body });
  const response = await fetch(new URL(path, simulator.baseUrl), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [channelHeaders.app]: forged.app ?? 'app',
      [channelHeaders.timestamp]: timestamp,
      [channelHeaders.nonce]: nonce,
      [channelHeaders.signature]: sign(
        null,
        Buffer.from(text),
        forged.key ?? keys.appPrivateKey,
      ).toString('base64'),
    },
    body: forged.sentBody ?? body,
  });
  const raw = await response.text();
  const signed = answerSignText({
    status: response.status,
    timestamp: response.headers.get(channelHeaders.timestamp) ?? '',
    requestNonce: nonce,
    body: raw,
  });
  const signature = Buffer.from(response.headers.get(channelHeaders.signature) ?? '', 'base64');
  return {
    status: response.status,
    answer: JSON.parse(raw) as Call['answer'],
    isSigned: verify(null, Buffer.from(signed), keys.channelPublicKey, signature),
  };
}

const payBody = (suffix: string, outTradeNo = `ORDER000${suffix}`, amountFen = 1_234) => ({
  face: 'wechat',
  merchantNo,
  outTradeNo,
  amountFen,
  authCode: `1300000000000000${suffix}`,
  description: 'test',
  terminalNo: 'trm',
});
const order = (outTradeNo: string) => ({ merchantNo, outTradeNo });
const pay = (suffix: string) => call(channelPaths.pay, payBody(suffix));
const query = (suffix: string) => call(channelPaths.query, order(`ORDER000${suffix}`));
const refund = (outRefundNo: string, amountFen: number) =>
  call(channelPaths.refund, { ...order('ORDER00001'), outRefundNo, amountFen });
const spki = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' });
const reverse = (outTradeNo: string) => call(channelPaths.reverse, order(outTradeNo));

describe('what the last two digits of a payment code play', () => {
  it('01 and every other suffix: paid, with a transaction number that the seed decides', async () => {
    const one = await pay('01');
    expect(one).toMatchObject({ status: 200, isSigned: true });
    expect(one.answer).toMatchObject({ code: 'SUCCESS', state: 'SUCCESS', amountFen: 1_234 });
    expect(one.answer.transactionId).toMatch(/^42[0-9]{26}$/);
    expect((await pay('77')).answer.code).toBe('SUCCESS');
  });

  it('02: the payer types a password, and the second query finds it paid', async () => {
    expect((await pay('02')).answer.code).toBe('USERPAYING');
    expect((await query('02')).answer.state).toBe('USERPAYING');
    expect((await query('02')).answer.state).toBe('SUCCESS');
  });

  it('03: the payer never pays', async () => {
    await pay('03');
    for (let round = 0; round < 20; round += 1)
      expect((await query('03')).answer.state).toBe('USERPAYING');
  });

  it('04 and 05: the same doubtful answer, but only 04 is paid', async () => {
    const [four, five] = [await pay('04'), await pay('05')];
    expect(four.answer).toEqual(five.answer);
    expect(four).toMatchObject({ status: 500, answer: { code: 'SYSTEM_ERROR' } });
    expect((await query('04')).answer.state).toBe('SUCCESS');
    expect((await query('05')).answer.state).toBe('NOTPAY');
  });

  it('06 and 12: refused, and nothing is booked', async () => {
    expect((await pay('06')).answer.code).toBe('AUTH_CODE_EXPIRED');
    expect((await pay('12')).answer.code).toBe('NOT_ENOUGH');
    expect((await query('06')).answer.code).toBe('ORDER_NOT_FOUND');
    expect(simulator.books()).toEqual([]);
  });

  it('07: booked as paid, the answer never arrives', async () => {
    await expect(pay('07')).rejects.toThrow('fetch failed');
    expect((await query('07')).answer.state).toBe('SUCCESS');
  });

  it('10: booked as paid, the answer comes late', async () => {
    const startMs = performance.now();
    expect((await pay('10')).answer.code).toBe('SUCCESS');
    expect(performance.now() - startMs).toBeGreaterThan(290);
  });
});

describe('numbers and codes', () => {
  it('a used payment code is refused under another number', async () => {
    await pay('01');
    const again = await call(channelPaths.pay, payBody('01', 'ANOTHER01'));
    expect(again.answer.code).toBe('AUTH_CODE_INVALID');
  });

  it('a number with other content is refused, a number that was reversed too', async () => {
    await pay('03');
    const other = await call(channelPaths.pay, payBody('03', 'ORDER00003', 999));
    expect(other.answer.code).toBe('OUT_TRADE_NO_USED');
    nowMs += 15_000;
    await reverse('ORDER00003');
    expect((await pay('03')).answer.code).toBe('ORDER_CLOSED');
  });

  it('the same charge twice moves money once', async () => {
    await pay('01');
    expect((await pay('01')).answer.code).toBe('ORDER_PAID');
    expect(simulator.books()).toHaveLength(1);
  });
});

describe('reversing', () => {
  it('is refused before 15 s and after 7 days', async () => {
    await pay('01');
    expect((await reverse('ORDER00001')).answer.code).toBe('REVERSE_TOO_EARLY');
    nowMs += 7 * 86_400_000 + 1;
    expect((await reverse('ORDER00001')).answer.code).toBe('REVERSE_EXPIRED');
  });

  it('closes what is unpaid, gives back what is paid, and says the same when asked again', async () => {
    await pay('01');
    await pay('03');
    nowMs += 15_000;
    for (let round = 0; round < 2; round += 1) {
      expect((await reverse('ORDER00003')).answer.state).toBe('CLOSED');
      expect((await reverse('ORDER00001')).answer).toMatchObject({
        state: 'REFUND',
        refundedFen: 1_234,
      });
    }
  });

  it('closes a number it has never seen, so that a charge still on its way is refused', async () => {
    expect((await reverse('ORDER00001')).answer.state).toBe('CLOSED');
    expect((await pay('01')).answer.code).toBe('ORDER_CLOSED');
  });
});

const paidLate = async (suffix: string): Promise<BookLine | undefined> => {
  simulator.setRules({ paysOnceClosedAfterMs: 30 });
  await pay(suffix);
  nowMs += 15_000;
  for (let round = 0; round < 2; round += 1)
    expect((await reverse(`ORDER000${suffix}`)).answer).toMatchObject({ state: 'CLOSED' });
  const closedAtMs = nowMs;
  nowMs += 60_000;
  expect(simulator.comingCount()).toBe(1);
  await expect.poll(() => simulator.comingCount()).toBe(0);
  expect((await query(suffix)).answer).toMatchObject({ state: 'SUCCESS', paidAtMs: nowMs });
  const [line] = simulator.books();
  expect(line).toMatchObject({ closedAtMs, paidAtMs: nowMs, state: 'SUCCESS' });
  return line;
};

describe('a payer who confirms when a reversal has closed his order', () => {
  it.each(['16', '17'])('%s: answered as closed, then paid, in books and bill', async (suffix) => {
    const line = await paidLate(suffix);
    const date = new Date(nowMs + 8 * 3_600_000).toISOString().slice(0, 10);
    expect(simulator.bills.linesOf({ face: 'wechat', date })).toMatchObject([
      { type: 'payment', state: 'SUCCESS', amountFen: 1_234, outTradeNo: line?.outTradeNo },
    ]);
  });

  it('the money can be refunded, or reversed once more, and does not come a second time', async () => {
    await paidLate('16');
    const back = { ...order('ORDER00016'), outRefundNo: 'REFUND001', amountFen: 1_000 };
    expect((await call(channelPaths.refund, back)).answer).toMatchObject({ refundedFen: 1_000 });
    await pay('17');
    nowMs += 15_000;
    await reverse('ORDER00017');
    await expect.poll(() => simulator.comingCount()).toBe(0);
    expect((await reverse('ORDER00017')).answer).toMatchObject({
      state: 'REFUND',
      refundedFen: 1_234,
    });
    expect(simulator.comingCount()).toBe(0);
    expect((await query('17')).answer.state).toBe('REFUND');
  });
});

describe('refunds and withholding', () => {
  it('never gives back more than was taken, and a refund number counts once', async () => {
    await pay('01');
    expect((await refund('REFUND001', 1_000)).answer.refundedFen).toBe(1_000);
    expect((await refund('REFUND001', 1_000)).answer.refundedFen).toBe(1_000);
    expect((await refund('REFUND001', 5)).answer.code).toBe('OUT_TRADE_NO_USED');
    expect((await refund('REFUND002', 235)).answer.code).toBe('NOT_ENOUGH');
    expect((await refund('REFUND002', 234)).answer.refundedFen).toBe(1_234);
  });

  it('debits a member, except those whose ids end as configured', async () => {
    simulator.setRules({ withholdFailEndings: ['ZZ'] });
    const withhold = (agreementNo: string, outTradeNo: string) =>
      call(channelPaths.withhold, {
        face: 'withholding',
        merchantNo,
        outTradeNo,
        amountFen: 50,
        agreementNo,
        description: 'test',
      });
    expect((await withhold('mbr_AA', 'WITHHOLD1')).answer.code).toBe('SUCCESS');
    expect((await withhold('mbr_ZZ', 'WITHHOLD2')).answer.code).toBe('NOT_ENOUGH');
    const books = await call(channelPaths.books, { merchantNo, after: '' });
    expect(books.answer.lines?.map((line) => line.outTradeNo)).toEqual(['WITHHOLD1']);
  });
});

describe('who may ask', () => {
  it.each([
    ['a key it does not know', { key: keys.channelPrivateKey }, 'SIGN_ERROR'],
    ['an app it does not know', { app: 'nobody' }, 'NO_AUTH'],
    ['a time 301 s away', { timestamp: String(1_790_000_000 - 301) }, 'TIMESTAMP_ERROR'],
    ['a nonce that is too short', { nonce: 'short' }, 'SIGN_ERROR'],
    ['a body changed after signing', { sentBody: '{"amountFen":1}' }, 'SIGN_ERROR'],
  ])('refuses %s, signs the refusal, and books nothing', async (_what, forged, code) => {
    const refused = await call(channelPaths.pay, payBody('01'), forged);
    expect(refused).toMatchObject({ status: 401, isSigned: true, answer: { code } });
    expect(simulator.books()).toEqual([]);
  });

  it('takes a time 300 s away, and a nonce once', async () => {
    const timestamp = String(1_790_000_000 - 300);
    const nonce = 'n'.repeat(16);
    const first = await call(channelPaths.query, order('ORDER00001'), { timestamp, nonce });
    expect(first.answer.code).toBe('ORDER_NOT_FOUND');
    const replay = await call(channelPaths.query, order('ORDER00001'), { timestamp, nonce });
    expect(replay.answer.code).toBe('NONCE_REUSED');
  });

  it.each([
    ['amount 0', { amountFen: 0 }],
    ['a negative amount', { amountFen: -1 }],
    ['half a fen', { amountFen: 0.5 }],
    ['an amount over the limit', { amountFen: 5_000_001 }],
    ['a code with letters', { authCode: '13000000000000000A' }],
    ['a field nobody asked for', { extra: true }],
  ])('refuses %s', async (_what, change) => {
    const refused = await call(channelPaths.pay, { ...payBody('01'), ...change });
    expect(refused.answer.code).toBe('PARAM_ERROR');
  });
});

it('makes sandbox keys once, readable by their owner only', () => {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-sandbox-'));
  const [first, second] = [loadSandboxKeys(folder), loadSandboxKeys(folder)];
  expect(spki(first.appPublicKey)).toBe(spki(second.appPublicKey));
  expect(spki(first.appPublicKey)).not.toBe(spki(first.channelPublicKey));
  expect(statSync(join(folder, 'app-private-key.pem')).mode & 0o077).toBe(0);
  rmSync(folder, { recursive: true });
});

it('books that are kept in a file outlive the process, a cut-off last line and all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-books-'));
  const file = join(folder, 'books.jsonl');
  const open = () =>
    createChannelSimulator({
      port: 0,
      seed: 'test',
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      channelPrivateKey: keys.channelPrivateKey,
      apps: new Map([['app', keys.appPublicKey]]),
      store: openBooksFile(file),
    });
  await simulator.close();
  simulator = await open();
  await pay('01');
  await pay('02');
  await query('02');
  nowMs += 15_000;
  await reverse('ORDER00001');
  const before = simulator.books();
  await simulator.close();
  appendFileSync(file, '{"type":"order","or');
  simulator = await open();
  expect(simulator.books()).toEqual(before);
  expect((await query('02')).answer.state).toBe('SUCCESS');
  const reused = await call(channelPaths.pay, payBody('01', 'ANOTHER01'));
  expect(reused.answer.code).toBe('AUTH_CODE_INVALID');
  expect(readFileSync(file, 'utf8')).not.toMatch(/1300000000000000/);
  rmSync(folder, { recursive: true });
});
