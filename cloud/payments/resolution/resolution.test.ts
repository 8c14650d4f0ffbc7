import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '#cloud/app.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { runPaymentsOnce } from '#cloud/payments/payment-worker.ts';
import { resolutionAfterMs } from '#cloud/payments/payment-machine.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import {
  checkPausesMs,
  listResolutionBreaks,
  recheckResolutionsOnce,
} from '#cloud/payments/resolution/resolution-checks.ts';
import { endPerson, makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import { actLifeMs } from '#cloud/persons/proposal-life.ts';
import { testOperatorToken } from '#cloud/platform/testing/test-cloud.ts';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';

let bench: PaymentBench;
let app: CloudApp;
let keys: { readonly a: string; readonly b: string };

beforeAll(async () => {
  bench = await createPaymentBench();
  const { deps } = bench.cloud;
  app = await buildApp(deps, { payments: bench.deps, onJournalTaken: () => {} });
  keys = { a: (await makePerson(deps, '王芳')).key, b: (await makePerson(deps, '李明')).key };
  bench.clock.advance(personAgeMsMin);
});
beforeEach(() => bench.simulator.setFaults(() => 'none'));
afterAll(async () => {
  await app.close();
  await bench.close();
});

async function post(path: string, person: string | undefined, body: object) {
  const answer = await app.inject({
    method: 'POST',
    url: `/admin/v1/${path}`,
    headers: {
      authorization: `Bearer ${testOperatorToken}`,
      'content-type': 'application/json',
      ...(person === undefined ? {} : { 'x-person-key': person }),
    },
    payload: JSON.stringify(body),
  });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}

/** A charge whose every later question is lost, until it is old enough for people. */
async function lostCharge(suffix: '07' | '05'): Promise<OrderId> {
  const request = bench.request(suffix, { wallet: 'unionpay' });
  await startCharge(bench.deps, bench.till, request);
  bench.simulator.setFaults(() => 'lose-request');
  const untilMs = bench.clock.nowMs() + resolutionAfterMs;
  while (bench.clock.nowMs() < untilMs) {
    bench.clock.advanceTo(Math.min(untilMs, bench.clock.nowMs() + 3_600_000));
    await runPaymentsOnce(bench.restarted());
  }
  return request.orderId as OrderId;
}

const pathOf = (orderId: OrderId): string => `charges/${orderId}/1/resolution`;
const paid = (orderId: OrderId) => ({
  verdict: 'paid',
  evidence: '渠道后台：交易成功，见截图 2026-09-22',
  channelRef: bench.simulator.books().find((one) => one.outTradeNo === outTradeNo(orderId, 1))!
    .transactionId,
  paidAtMs: bench.clock.nowMs() - resolutionAfterMs,
});
const notPaid = { verdict: 'not-paid', evidence: '渠道后台查不到这笔交易，已电话确认' };
const agreed = { note: '已复核' };

async function standing(orderId: OrderId) {
  const { rows } = await bench.deps.db.execute(sql`
    select status, book_state, code, (select count(*) from settlement_line l
        where l.order_id = a.order_id) as lines,
      (select count(*) from ledger_txn t where t.idem_key = 'sale:' || a.order_id) as journals
      from payment_attempt a where order_id = ${orderId}`);
  return rows[0];
}

describe('two people', () => {
  it('end what the channel never explained; the books hear of it with the second one, not before', async () => {
    const orderId = await lostCharge('07');
    expect(await post(pathOf(orderId), keys.a, paid(orderId))).toMatchObject({ status: 201 });
    expect(await standing(orderId)).toMatchObject({ book_state: 'none', lines: 0, journals: 0 });
    const same = await post(`${pathOf(orderId)}/confirm`, keys.a, agreed);
    expect(same).toMatchObject({ status: 409, body: { code: 'resolution-same-person' } });
    expect(await standing(orderId)).toMatchObject({ lines: 0, journals: 0 });
    const other = await post(`${pathOf(orderId)}/confirm`, keys.b, agreed);
    expect(other).toMatchObject({ status: 200, body: { status: 'paid' } });
    expect(await standing(orderId)).toMatchObject({
      status: 'paid',
      book_state: 'booked',
      lines: 1,
      journals: 1,
    });
    const again = await post(`${pathOf(orderId)}/confirm`, keys.b, agreed);
    expect(again).toMatchObject({ status: 409, body: { code: 'resolution-impossible' } });
  });

  it('planted violation: the database itself refuses one person in both places', async () => {
    const orderId = await lostCharge('05');
    await post(pathOf(orderId), keys.a, notPaid);
    const alone = bench.deps.db.execute(sql`
      update attempt_resolution set state = 'confirmed', ended_by = proposed_by, ended_at_ms = 1
       where order_id = ${orderId}`);
    await expect(alone).rejects.toMatchObject({
      cause: { constraint: 'attempt_resolution_two_people' },
    });
    expect(await post(`${pathOf(orderId)}/confirm`, keys.b, agreed)).toMatchObject({
      body: { status: 'reversed' },
    });
    expect(await standing(orderId)).toMatchObject({ code: 'resolved-not-paid', lines: 0 });
  });

  it('nobody without a key of his own decides, and no key that is not a day old', async () => {
    const orderId = await lostCharge('05');
    const young = await makePerson(bench.cloud.deps, '新人');
    for (const key of [undefined, 'guessed-key', young.key])
      expect(await post(pathOf(orderId), key, notPaid)).toMatchObject({
        status: 403,
        body: { code: 'person-key-invalid' },
      });
  });

  it('do not decide about a charge that is young, over, or proposed already', async () => {
    const young = bench.request('07', { wallet: 'unionpay' });
    await startCharge(bench.deps, bench.till, young);
    const impossible = { status: 409, body: { code: 'resolution-impossible' } };
    expect(await post(pathOf(young.orderId as OrderId), keys.a, notPaid)).toMatchObject(impossible);
    const orderId = await lostCharge('05');
    expect(await post(pathOf(orderId), keys.a, notPaid)).toMatchObject({ status: 201 });
    expect(await post(pathOf(orderId), keys.b, notPaid)).toMatchObject(impossible);
    expect(await post(`${pathOf(orderId)}/withdraw`, keys.a, agreed)).toMatchObject({
      status: 200,
    });
    expect(await post(pathOf(orderId), keys.b, notPaid)).toMatchObject({ status: 201 });
    bench.simulator.setFaults(() => 'none');
    await bench.runUntilQuiet();
    expect(await post(`${pathOf(orderId)}/confirm`, keys.a, agreed)).toMatchObject(impossible);
  });
});

const stateOf = async (orderId: OrderId) => {
  const { rows } = await bench.deps.db.execute(sql`
    select state, ended_by, ended_at_ms - proposed_at_ms as life from attempt_resolution
     where order_id = ${orderId} order by proposal_no`);
  return rows;
};

describe('what nobody agreed to', () => {
  const lapsed = { status: 409, body: { code: 'person-act-lapsed' } };
  it('within 72 hours has lapsed: it is not confirmed, and stands in the way of nothing', async () => {
    const orderId = await lostCharge('05');
    await post(pathOf(orderId), keys.a, notPaid);
    bench.clock.advance(actLifeMs + 1);
    for (const word of ['confirm', 'withdraw'])
      expect(await post(`${pathOf(orderId)}/${word}`, keys.b, agreed)).toMatchObject(lapsed);
    expect(await standing(orderId)).toMatchObject({ book_state: 'none', lines: 0 });
    expect(await stateOf(orderId)).toEqual([{ state: 'lapsed', ended_by: null, life: actLifeMs }]);
    expect((await post(pathOf(orderId), keys.a, notPaid)).status).toBe(201);
    bench.clock.advance(actLifeMs);
    expect((await post(`${pathOf(orderId)}/confirm`, keys.b, agreed)).status).toBe(200);
  });

  it('lapses for a new proposal too, with nobody touching it before', async () => {
    const orderId = await lostCharge('05');
    await post(pathOf(orderId), keys.a, notPaid);
    bench.clock.advance(actLifeMs + 1);
    expect((await post(pathOf(orderId), keys.b, notPaid)).status).toBe(201);
    expect((await stateOf(orderId)).map(({ state }) => state)).toEqual(['lapsed', 'proposed']);
  });

  it('and whose proposer has left is agreed to no more, also not by his next key', async () => {
    const [orderId, { deps }] = [await lostCharge('05'), bench.cloud];
    const [old, next] = [await makePerson(deps, '张三'), await makePerson(deps, '张三')];
    bench.clock.advance(personAgeMsMin);
    await post(pathOf(orderId), old.key, notPaid);
    const { operatorId } = bench.till;
    await endPerson(deps.db, { operatorId, personId: old.personId, nowMs: bench.clock.nowMs() });
    const refused = { status: 409, body: { code: 'resolution-impossible' } };
    expect(await post(`${pathOf(orderId)}/confirm`, next.key, agreed)).toMatchObject(refused);
    expect((await post(`${pathOf(orderId)}/withdraw`, next.key, agreed)).status).toBe(200);
  });
});

describe('a channel that says otherwise later', () => {
  it('opens a break about a payment that was none; the books stay until people set it right', async () => {
    const orderId = await lostCharge('05');
    const lie = { ...paid(orderId), channelRef: '4200001234' };
    await post(pathOf(orderId), keys.a, lie);
    await post(`${pathOf(orderId)}/confirm`, keys.b, agreed);
    bench.simulator.setFaults(() => 'none');
    bench.clock.advance(checkPausesMs[0]!);
    expect(await recheckResolutionsOnce(bench.deps)).toBeGreaterThan(0);
    const breaks = await listResolutionBreaks(bench.deps.db, bench.till);
    expect(breaks).toMatchObject([{ orderId, verdict: 'paid', said: 'unpaid' }]);
    expect(await standing(orderId)).toMatchObject({ status: 'paid', lines: 1 });
    const closed = await post(`${pathOf(orderId)}/close-break`, keys.a, { note: '已冲正并退款' });
    expect(closed.status).toBe(200);
    expect(await listResolutionBreaks(bench.deps.db, bench.till)).toEqual([]);
  });

  it('gives money back that was there after all, and opens a break', async () => {
    const orderId = await lostCharge('07');
    await post(pathOf(orderId), keys.b, notPaid);
    await post(`${pathOf(orderId)}/confirm`, keys.a, agreed);
    bench.simulator.setFaults(() => 'none');
    bench.clock.advance(checkPausesMs[0]!);
    await recheckResolutionsOnce(bench.deps);
    expect(await listResolutionBreaks(bench.deps.db, bench.till)).toMatchObject([
      { orderId, verdict: 'not-paid', said: 'paid' },
    ]);
    await bench.runUntilQuiet();
    expect(await standing(orderId)).toMatchObject({ status: 'refunded-late', lines: 0 });
    const line = bench.simulator.books().find((one) => one.outTradeNo === outTradeNo(orderId, 1));
    expect(line).toMatchObject({ state: 'REFUND', refundedFen: line?.amountFen });
  });

  it('is asked a few times, and then no more', async () => {
    bench.simulator.setFaults(() => 'none');
    for (let day = 0; day < 5; day += 1) {
      bench.clock.advance(86_400_000);
      while ((await recheckResolutionsOnce(bench.deps)) > 0);
    }
    const { rows } = await bench.deps.db.execute<{ due: number }>(
      sql`select count(*) as due from attempt_resolution where next_check_at_ms is not null`,
    );
    expect(rows[0]?.due).toBe(0);
  });
});
