import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { notifyBytesMax } from '#cloud/channel/channel-notify.ts';
import { askNotifiedOnce, questionPausesMs } from '#cloud/payments/notifies/notified-questions.ts';
import { notifiesPerMinuteMax } from '#cloud/payments/notifies/notify-routes.ts';
import { closeFinding, listFindings } from '#cloud/payments/notifies/notify-store.ts';
import {
  keptOf,
  merchantNo,
  openNotifyBench,
  speakers,
  type NotifyBench,
  type Posted,
  type Speaker,
} from '#cloud/payments/notifies/testing/notify-bench.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';

let house: NotifyBench;
beforeAll(async () => {
  house = await openNotifyBench();
});
afterAll(() => house.close());

const faces = Object.keys(speakers) as Speaker[];
let codes = 0;
const requestOf = (speaker: Speaker, suffix: string): ChargeRequest => {
  codes += 1;
  const { wallet, prefix, digits } = speakers[speaker];
  const authCode = `${prefix}${String(codes).padStart(digits - 4, '0')}${suffix}`;
  return house.bench.request(suffix, { wallet, authCode });
};
/**
 * A cloud process without memory: the charges before have not told it that the channel is in a bad
 * state.
 */
const fresh = () => house.bench.restarted();
const numberOf = ({ orderId }: Pick<ChargeRequest, 'orderId'>) => outTradeNo(orderId as OrderId, 1);
const charge = async (speaker: Speaker, suffix: string): Promise<ChargeRequest> => {
  const request = requestOf(speaker, suffix);
  await startCharge(fresh(), house.bench.till, request);
  return request;
};
const rowOf = async ({ orderId }: Pick<ChargeRequest, 'orderId'>) => {
  const { rows } = await house.bench.deps.db.execute<{
    status: string;
    channel: string;
    next_step: string | null;
    next_at_ms: number | null;
    book_state: string;
    channel_ref: string | null;
  }>(sql`select status, channel, next_step, next_at_ms, book_state, channel_ref
    from payment_attempt where order_id = ${orderId}`);
  return rows[0];
};
const statusOf = async (request: ChargeRequest) => (await rowOf(request))?.status;
const isStatus = (request: ChargeRequest, status: string) =>
  expect.poll(() => statusOf(request)).toBe(status);
const kept = (request: ChargeRequest) => keptOf(house.bench, numberOf(request));
const post = (channel: string, posted: Posted) => house.post(channel, posted);
const said = (speaker: Speaker | 'wechat', request: ChargeRequest, change = {}) =>
  house.say(speaker, {
    outTradeNo: numberOf(request),
    amountFen: request.amountFen,
    ...change,
  });
/** What each channel wants to hear, and what it hears instead. */
const words = {
  alipay: { yes: [200, 'success'], no: [200, 'fail'] },
  unionpay: { yes: [200, 'ok'], no: [400, 'fail'] },
  aggregator: { yes: [200, '{"code":"SUCCESS"}'], no: [400, '{"code":"FAIL"}'] },
} as const;
const heard = async (answer: Promise<{ readonly status: number; readonly body: string }>) => {
  const { status, body } = await answer;
  return [status, body];
};
const salesOf = async ({ orderId }: ChargeRequest): Promise<number> => {
  const { rows } = await house.bench.deps.db.execute(
    sql`select 1 from settlement_line where order_id = ${orderId}`,
  );
  return rows.length;
};

describe.each(faces)('%s posts', (speaker) => {
  const { yes, no } = words[speaker];

  it('a charge in doubt is paid by its notify, without a query, and booked once', async () => {
    const request = await charge(speaker, '04');
    await isStatus(request, 'paid');
    expect(await rowOf(request)).toMatchObject({ channel: speaker, book_state: 'booked' });
    expect(await salesOf(request)).toBe(1);
    const { rows } = await house.bench.deps.db.execute(sql`
      select kind, outcome, signature, raw_answer from payment_call
       where order_id = ${request.orderId} order by call_no`);
    expect(rows.map(({ kind, outcome }) => [kind, outcome])).toContainEqual(['query', 'paid']);
    expect(await kept(request)).toEqual([{ verdict: 'taken', finding: null, seen_count: 1 }]);
  });

  it('the same payer is known again, by the answer as by the notify, and who he is is not kept', async () => {
    const { wallet, prefix, digits } = speakers[speaker];
    const hashes: unknown[] = [];
    for (const suffix of ['01', '04']) {
      const middle = String((codes += 1)).padStart(digits - 12, '0');
      const authCode = `${prefix}77754321${middle}${suffix}`;
      const request = house.bench.request(suffix, { wallet, authCode });
      await startCharge(fresh(), house.bench.till, request);
      await isStatus(request, 'paid');
      const { rows } = await house.bench.deps.db.execute<{ payer_hash: string | null }>(
        sql`select payer_hash from payment_attempt where order_id = ${request.orderId}`,
      );
      hashes.push(rows[0]?.payer_hash);
    }
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(hashes[1]).toBe(hashes[0]);
  });

  it('one that comes twice counts once', async () => {
    const request = await charge(speaker, '08');
    await expect.poll(async () => (await kept(request))[0]?.seen_count).toBe(2);
    expect(await statusOf(request)).toBe('paid');
    expect(await salesOf(request)).toBe(1);
  });

  it('late and twice: the sale is paid as soon as the first one is here', async () => {
    const request = await charge(speaker, '15');
    expect(await statusOf(request)).not.toBe('paid');
    await isStatus(request, 'paid');
    await expect.poll(async () => (await kept(request))[0]?.seen_count).toBe(2);
    expect(await salesOf(request)).toBe(1);
  });

  it('it is posted again until the cloud took it', async () => {
    house.setDown(2);
    const request = await charge(speaker, '04');
    await isStatus(request, 'paid');
    expect(await kept(request)).toEqual([{ verdict: 'taken', finding: null, seen_count: 1 }]);
  });

  it('it overtakes the answer of its own charge, and both end in one sale', async () => {
    const request = requestOf(speaker, '10');
    const answered = startCharge(fresh(), house.bench.till, request);
    await isStatus(request, 'paid');
    expect(await answered).toMatchObject({ ok: true, value: { status: 'paid' } });
    expect(await salesOf(request)).toBe(1);
  });

  it('of a payer who pays late, when a query wakes the channel', async () => {
    const request = await charge(speaker, '02');
    expect(await statusOf(request)).toBe('waiting-payer');
    await house.bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('paid');
    await expect.poll(() => kept(request)).toHaveLength(1);
    expect(await salesOf(request)).toBe(1);
  });

  it('every changed byte of a true one is refused in the channel’s own word, and moves nothing', async () => {
    const request = await charge(speaker, '05');
    const before = await rowOf(request);
    const { headers, body } = said(speaker, request);
    const from = body.indexOf(numberOf(request));
    for (let place = from; place < from + 120; place += 3) {
      const changed = body[place] === 'x' ? 'y' : 'x';
      const forged = `${body.slice(0, place)}${changed}${body.slice(place + 1)}`;
      expect(await heard(post(speaker, { headers, body: forged })), forged).toEqual(no);
    }
    const unsigned = body.replace(/sign(?:ature)?=[^&]*/, '');
    const bare = speaker === 'aggregator' ? { headers: {}, body } : { headers, body: unsigned };
    expect(await heard(post(speaker, bare))).toEqual(no);
    expect(await rowOf(request)).toEqual(before);
    expect(await kept(request)).toEqual([]);
  });

  it('a true one is believed, its replay changes nothing', async () => {
    const request = await charge(speaker, '05');
    const posted = said(speaker, request);
    const channelRef = `REF${numberOf(request)}`;
    expect(await heard(post(speaker, posted))).toEqual(yes);
    const after = await rowOf(request);
    expect(after).toMatchObject({ status: 'paid', channel_ref: channelRef });
    expect(await Promise.all([1, 2, 3].map(() => heard(post(speaker, posted))))).toEqual([
      yes,
      yes,
      yes,
    ]);
    expect(await rowOf(request)).toEqual(after);
    expect(await kept(request)).toEqual([{ verdict: 'taken', finding: null, seen_count: 4 }]);
    expect(await salesOf(request)).toBe(1);
  });

  it.each([
    ['another amount', { amountFen: 1 }],
    ['a fen more', { amountFen: 1_235 }],
  ])(
    '%s: accepted, kept for people, asked about at once, and never a sale',
    async (_what, change) => {
      const request = await charge(speaker, '05');
      expect(await heard(post(speaker, said(speaker, request, change)))).toEqual(yes);
      expect(await kept(request)).toEqual([
        { verdict: 'finding', finding: 'order-mismatch', seen_count: 1 },
      ]);
      const row = await rowOf(request);
      expect(row).toMatchObject({ status: 'unknown', next_step: 'query', book_state: 'none' });
      expect(row?.next_at_ms).toBe(house.bench.clock.nowMs());
    },
  );

  it('another merchant: never a sale of this one', async () => {
    const request = await charge(speaker, '05');
    const posted = said(speaker, request, { merchantNo: '1900000999' });
    const answer = await heard(post(speaker, posted));
    expect(answer).toEqual(speaker === 'aggregator' ? yes : no);
    expect(await statusOf(request)).toBe('unknown');
    expect(await salesOf(request)).toBe(0);
  });

  it('a number of nobody: accepted, so that it is not posted for a day, and kept for people', async () => {
    const stranger = { ...requestOf(speaker, '01'), orderId: house.bench.newOrderId() };
    expect(await heard(post(speaker, said(speaker, stranger)))).toEqual(yes);
    const { operatorId } = house.bench.till;
    const { db } = house.bench.deps;
    const mine = (await listFindings(db, operatorId)).filter(
      ({ outNo }) => outNo === numberOf(stranger),
    );
    expect(mine).toMatchObject([{ channel: speaker, finding: 'number-unknown', seenCount: 1 }]);
    const { eventId } = mine[0]!;
    const closing = { operatorId, channel: speaker, eventId, by: 'li', note: 'seen', nowMs: 1 };
    expect(await closeFinding(db, closing)).toBe(true);
    expect(await closeFinding(db, closing)).toBe(false);
    const left = await listFindings(db, operatorId);
    expect(left.map(({ outNo }) => outNo)).not.toContain(numberOf(stranger));
  });

  it('another reference for a paid order is a finding: the payer may have paid twice', async () => {
    const request = await charge(speaker, '01');
    await expect.poll(() => kept(request)).toHaveLength(1);
    const posted = said(speaker, request, { channelRef: 'ANOTHER1', eventNo: 2 });
    expect(await heard(post(speaker, posted))).toEqual(yes);
    expect((await kept(request)).map(({ finding }) => finding)).toContain('reference-mismatch');
    expect(await salesOf(request)).toBe(1);
  });

  it('for an attempt that ended: queries decide, and say that nothing was paid', async () => {
    const request = await charge(speaker, '05');
    await house.bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('reversed');
    expect(await heard(post(speaker, said(speaker, request)))).toEqual(yes);
    expect(await statusOf(request)).toBe('reversed');
    expect(await kept(request)).toMatchObject([{ verdict: 'asking' }]);
    expect(await askNotifiedOnce(house.bench.deps)).toBe(1);
    expect(await statusOf(request)).toBe('reversed');
    expect(await kept(request)).toMatchObject([{ verdict: 'no-news' }]);
  });

  it('money behind an end is found by the question, goes back, and no sale comes of it', async () => {
    const request = requestOf(speaker, '15');
    // Nothing is heard before the end stands.
    house.setDown(1_000);
    await startCharge(fresh(), house.bench.till, request);
    await endAsReversed(request);
    house.setDown(0);
    await expect.poll(() => kept(request)).toMatchObject([{ verdict: 'asking' }]);
    expect(await askNotifiedOnce(house.bench.deps)).toBe(1);
    expect(await kept(request)).toMatchObject([{ verdict: 'taken' }]);
    await house.bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('refunded-late');
    const line = house.bench.simulator.books().find((one) => one.outTradeNo === numberOf(request));
    expect(line?.refundedFen).toBe(request.amountFen);
    expect(await salesOf(request)).toBe(0);
  });

  it('while the channel is out of reach the question waits, and in the end people are told', async () => {
    const request = await charge(speaker, '05');
    await house.bench.runUntilQuiet();
    await post(speaker, said(speaker, request));
    house.bench.simulator.setFaults(() => 'garbage');
    for (const pauseMs of questionPausesMs) {
      expect(await askNotifiedOnce(house.bench.deps)).toBe(1);
      expect(await askNotifiedOnce(house.bench.deps)).toBe(0);
      expect(await kept(request)).toMatchObject([{ verdict: 'asking' }]);
      house.bench.clock.advance(pauseMs);
    }
    expect(await askNotifiedOnce(house.bench.deps)).toBe(1);
    expect(await kept(request)).toMatchObject([{ verdict: 'finding', finding: 'not-confirmed' }]);
    house.bench.simulator.setFaults(() => 'none');
  });

  it('a cashier who called the sale off gets no sale out of a notify: the money goes back', async () => {
    const request = await charge(speaker, '05');
    await house.bench.deps.db.execute(sql`
      update payment_attempt set status = 'reversing', cancel_wanted = true, next_step = 'reverse'
       where order_id = ${request.orderId}`);
    expect(await heard(post(speaker, said(speaker, request)))).toEqual(yes);
    expect(await statusOf(request)).toBe('reversing');
    await house.bench.runUntilQuiet();
    expect(['reversed', 'refunded-late']).toContain(await statusOf(request));
    expect(await salesOf(request)).toBe(0);
  });

  it('a refund whose answer was lost is asked about as soon as the channel tells of it', async () => {
    const request = await charge(speaker, '01');
    const route = { alipay: /gateway/, unionpay: /backTrans/, aggregator: /v1\/refund$/ }[speaker];
    house.bench.simulator.setFaults(({ path }) => (route.test(path) ? 'lose-answer' : 'none'));
    house.setDown(1_000);
    const asked = await askRefund(fresh(), house.bench.till, {
      orderId: request.orderId as OrderId,
      refundNo: 1,
      amountFen: request.amountFen,
      cashier: '小王',
      reason: '退货',
    });
    expect(asked).toMatchObject({ ok: true, value: { status: 'refunding' } });
    house.setDown(0);
    const refundNo = `${numberOf(request)}T1`;
    const told = () => keptOf(house.bench, refundNo);
    await expect.poll(told).toMatchObject([{ verdict: 'hurried' }]);
    house.bench.simulator.setFaults(() => 'none');
    expect(await runRefundsOnce(house.bench.deps)).toBe(1);
    const { rows } = await house.bench.deps.db.execute(sql`
      select status from order_refund where order_id = ${request.orderId}`);
    expect(rows).toEqual([{ status: 'done' }]);
  });
});

/** As two people, or a reversal that the channel answered wrongly, would have ended it. */
const endAsReversed = (request: ChargeRequest) =>
  house.bench.deps.db.execute(sql`
    update payment_attempt set status = 'reversed', in_flight = false, next_step = null,
      next_at_ms = null, settled_at_ms = 1 where order_id = ${request.orderId}`);

describe('the door', () => {
  it('nobody but a channel with a reader is heard', async () => {
    const { wallet } = speakers.alipay;
    const posted = said('alipay', house.bench.request('01', { wallet }));
    expect((await post('nobody', posted)).status).toBe(404);
    expect((await post('Alipay', posted)).status).toBe(400);
  });

  it('a notify for one account is none for another: its signature is another’s', async () => {
    const request = await charge('alipay', '05');
    for (const other of ['unionpay', 'wechat', 'aggregator'])
      expect((await post(other, said('alipay', request))).status).toBe(400);
    expect(await statusOf(request)).toBe('unknown');
  });

  it('a body over the limit is not read', async () => {
    const { headers } = said('alipay', house.bench.request('01'));
    const body = 'a'.repeat(notifyBytesMax + 1);
    expect((await post('alipay', { headers, body })).status).toBe(413);
  });

  it('old signatures of the aggregator are refused, so that a replay is bounded by time as well', async () => {
    const request = await charge('aggregator', '05');
    const posted = said('aggregator', request);
    house.bench.clock.advance(301_000);
    expect(await heard(post('aggregator', posted))).toEqual(words.aggregator.no);
    expect(await kept(request)).toEqual([]);
  });

  it('what strangers post is counted and logged, but fills no table', async () => {
    const before = await house.bench.deps.db.execute(sql`select count(*) from channel_notify`);
    await post('alipay', { headers: {}, body: 'sign=x&sign_type=RSA2' });
    const after = await house.bench.deps.db.execute(sql`select count(*) from channel_notify`);
    expect(after.rows).toEqual(before.rows);
    const metrics = await house.bench.cloud.deps.metrics.registry.metrics();
    expect(metrics).toMatch(/channel_notifies_total\{channel="alipay",verdict="refused"\} [1-9]/);
  });

  it('one address may post so often a minute; another one is still heard', async () => {
    const url = '/notify/v1/alipay';
    const from = (remoteAddress: string) =>
      house.app.inject({ method: 'POST', url, remoteAddress, payload: 'x' });
    let last = 0;
    for (let round = 0; round <= notifiesPerMinuteMax && last !== 429; round += 1)
      last = (await from('10.9.9.9')).statusCode;
    expect(last).toBe(429);
    expect((await from('10.9.9.8')).statusCode).toBe(200);
  }, 60_000);

  it('another operator’s rows are out of reach', async () => {
    const request = await charge('alipay', '05');
    await house.bench.deps.db.execute(sql`
      update payment_attempt set operator_id = 'opr_other' where order_id = ${request.orderId}`);
    expect(await heard(post('alipay', said('alipay', request)))).toEqual(words.alipay.yes);
    expect(await kept(request)).toMatchObject([{ finding: 'number-unknown' }]);
    expect(await rowOf(request)).toMatchObject({ status: 'unknown' });
  });

  it('who paid stands nowhere', async () => {
    const { rows } = await house.bench.deps.db.execute<{ said: string }>(
      sql`select said from channel_notify`,
    );
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) expect(row.said).not.toMatch(/payer|2088777|oSandbox/);
    expect(merchantNo).toBe(house.bench.merchantNo);
  });
});
