import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '#cloud/app.ts';
import { dumpDatabase } from '#cloud/payments/testing/dump-database.ts';
import { actLifeMs } from '#cloud/persons/proposal-life.ts';
import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createLogger } from '#cloud/platform/logger.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import {
  createInstructionBench,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';
import { shownName } from '#cloud/settlement/instructions/payees/shop-payees.ts';
import { makeSubsidyPayouts } from '#cloud/settlement/instructions/subsidy-payouts.ts';
import { sellAtTill } from '#cloud/settlement/instructions/testing/till-sales.ts';
import { afterMidnightMs } from '#cloud/settlement/settlement-statement.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';

/** Where a shop is paid what people pay it: who may say so, who is told, and what never changes. */
let bench: InstructionBench;
let app: CloudApp;
let keys: readonly [string, string];
const lines: string[] = [];
const logger = createLogger({ level: 'trace', stream: { write: (line) => lines.push(line) } });
beforeEach(async () => {
  bench = await createInstructionBench();
  const deps = { ...bench.pay.cloud.deps, logger };
  app = await buildApp(deps, { payments: { ...bench.pay.deps, logger }, onJournalTaken: () => {} });
  keys = [(await makePerson(deps, '王芳')).key, (await makePerson(deps, '李明')).key];
  bench.pay.clock.advance(personAgeMsMin);
});
afterEach(async () => {
  await app.close();
  await bench.pay.close();
});

type Json = Readonly<Record<string, unknown>>;
async function call(
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  sent: { readonly key?: string; readonly body?: object } = {},
) {
  const answer = await app.inject({
    method,
    url: `/admin/v1/${url}`,
    headers: {
      authorization: `Bearer ${bench.pay.cloud.deps.operatorToken}`,
      ...(sent.key === undefined ? {} : { 'x-person-key': sent.key }),
    },
    ...(sent.body === undefined ? {} : { payload: sent.body }),
  });
  return { status: answer.statusCode, body: answer.json<Json>(), headers: answer.headers };
}
const old = { name: '绿点便利店', number: '6225880112345678', bank: '招商银行' };
const young = { name: '周明月', number: '6217000099998888', bank: '建设银行' };
const why = '商户提供的开户许可，已电话核对';
const shop = () => `merchants/${bench.pay.till.merchantId}`;
const propose = (payee: object, key = keys[0]) =>
  call('PUT', `${shop()}/payee`, { key, body: { ...payee, why } });
const agree = (actNo: unknown, key = keys[1]) =>
  call('POST', `acts/${String(actNo)}/agree`, { key, body: { note: '已核对' } });
async function set(payee: object) {
  const proposed = await propose(payee);
  expect(proposed.status).toBe(202);
  const agreed = await agree(proposed.body['actNo']);
  expect(agreed.status).toBe(200);
  return agreed.body['outcome'] as Json;
}
const payees = async () =>
  (await call('GET', `${shop()}/payees`)).body['payees'] as readonly Json[];
const look = (no: unknown, key: string | undefined = keys[0]) =>
  call('POST', `instructions/${String(no)}/payee`, key === undefined ? {} : { key });
const listed = async () => {
  const { body } = await call('GET', 'instructions?state=exceptions');
  return body['instructions'] as readonly Json[];
};
const paid = { how: 'moved', evidence: '已由备付账户网银支付，回单见附件', ref: 'BANK20260921-1' };
const decide = (no: unknown, body: object) =>
  call('POST', `instructions/${String(no)}/decision`, { key: keys[0], body });
const confirm = (no: unknown) =>
  call('POST', `instructions/${String(no)}/decision/confirm`, {
    key: keys[1],
    body: { note: '看过了' },
  });

/** What only the owner of the database can do, behind its back. */
const plant = (statement: string) =>
  bench.pay.deps.db.execute(
    sql.raw(`set session_replication_role = replica; ${statement};
      set session_replication_role = origin`),
  );

/** Ends the day and makes its payouts. */
async function endDay(): Promise<void> {
  const { clock, till, deps } = bench.pay;
  const { operatorId } = till;
  clock.advanceTo(dayStartMs(addDays(accountingDate(clock.nowMs()), 1)) + afterMidnightMs);
  await runScoped({ type: 'operator', operatorId }, () =>
    makeSubsidyPayouts(deps.db, { operatorId, nowMs: clock.nowMs() }),
  );
}
/** The number of a new payout. */
async function payout(voucherFen = 700): Promise<unknown> {
  const before = new Set((await listed()).map(({ instructionNo }) => instructionNo));
  await sellAtTill(bench.pay, { source: 'cash', voucherFen });
  await endDay();
  return (await listed()).find(({ instructionNo }) => !before.has(instructionNo))!['instructionNo'];
}
const rowOf = async (no: unknown) =>
  (await listed()).find(({ instructionNo }) => instructionNo === no);

describe('the account of a shop', () => {
  it('is set and changed by two people, who see its last four digits; every account stays written down', async () => {
    const proposed = await propose(young);
    expect(proposed).toMatchObject({
      status: 202,
      body: { what: { name: '周**', bank: '建设银行', lastFour: '8888' } },
    });
    const { actNo } = proposed.body;
    expect(await payees()).toEqual([]);
    expect(await agree(actNo, keys[0])).toMatchObject({ body: { code: 'policy-same-person' } });
    expect(await propose(old, keys[1])).toMatchObject({ status: 409 });
    const both = await Promise.all([agree(actNo), agree(actNo)]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    await set(old);
    expect(await payees()).toMatchObject([
      { payeeNo: 2, name: '绿点便利店', bank: '招商银行', lastFour: '5678' },
      { payeeNo: 1, name: '周**', bank: '建设银行', lastFour: '8888' },
    ]);
    const { db } = bench.pay.deps;
    const change = sql`update shop_payee set last_four = '0000'`;
    await expect(db.execute(change)).rejects.toThrow();
    const names = ['王芳', '欧阳修远', '绿点便利店', '𠮷田'].map(shownName);
    expect(names).toEqual(['王*', '欧***', '绿点便利店', '𠮷*']);
  });

  it('lapses with its proposal after 72 hours, needs a person, and takes no number that is none', async () => {
    const { body } = await propose(old);
    bench.pay.clock.advance(actLifeMs + 1);
    expect(await agree(body['actNo'])).toMatchObject({ body: { code: 'person-act-lapsed' } });
    expect(await payees()).toEqual([]);
    const nobody = await call('PUT', `${shop()}/payee`, { body: { ...old, why } });
    expect(nobody).toMatchObject({ status: 403, body: { code: 'person-key-invalid' } });
    for (const number of ['1234567', '6225 8801', '6225880112345678x', '9'.repeat(31)])
      expect(await propose({ ...old, number })).toMatchObject({ status: 400 });
    const other = await call('PUT', `merchants/mch_${'9'.repeat(26)}/payee`, {
      key: keys[0],
      body: { ...old, why },
    });
    expect(other).toMatchObject({ status: 404 });
  });
});

describe('a payout', () => {
  it('is told whole only to a person who pays it, and that he was told is written down', async () => {
    await set(old);
    const no = await payout();
    const shownPayee = { payeeNo: 1, name: old.name, bank: old.bank, lastFour: '5678' };
    expect(await rowOf(no)).toMatchObject({ payee: { ...shownPayee, isChanged: false } });
    expect(await look(no, '')).toMatchObject({ status: 400 });
    const nobody = await call('POST', `instructions/${String(no)}/payee`);
    expect(nobody).toMatchObject({ status: 403 });
    const told = await look(no);
    expect(told).toMatchObject({ status: 200, body: { payeeNo: 1, ...old } });
    expect(told.headers['cache-control']).toBe('no-store');
    const { rows } = await bench.pay.deps.db.execute(
      sql`select instruction_no, payee_no from payee_look`,
    );
    expect(rows).toEqual([{ instruction_no: no, payee_no: 1 }]);
    await decide(no, paid);
    expect(await confirm(no)).toMatchObject({ status: 200 });
    // Paid: nobody needs it any more. And what no person pays has none.
    expect(await look(no)).toMatchObject({ status: 404 });
    expect(await look('OTHER')).toMatchObject({ status: 404 });
    expect(await bench.broken()).toEqual([]);
  });

  it('of a shop without an account is paid to nobody, and called paid by nobody; the first account is its own', async () => {
    const no = await payout();
    expect(await rowOf(no)).toMatchObject({ payee: null });
    const missing = { status: 409, body: { code: 'payout-payee-missing' } };
    expect(await look(no)).toMatchObject(missing);
    expect(await decide(no, paid)).toMatchObject(missing);
    expect(await set(old)).toEqual({ payeeNo: 1, stayingCount: 0 });
    expect(await look(no)).toMatchObject({ status: 200, body: old });
    expect(await decide(no, paid)).toMatchObject({ status: 201 });
    expect(await confirm(no)).toMatchObject({ status: 200 });
    expect(await bench.broken()).toEqual([]);
  });

  it('that is open while the account changes goes nowhere else by itself: given up and taken up anew, it goes to the new one', async () => {
    await set(old);
    const first = await payout(700);
    const second = await payout(300);
    await look(second);
    expect(await set(young)).toEqual({ payeeNo: 2, stayingCount: 2 });
    for (const no of [first, second]) {
      expect(await rowOf(no)).toMatchObject({ payee: { payeeNo: 1, isChanged: true } });
      const told = await look(no);
      expect(told).toMatchObject({ status: 409, body: { code: 'payout-payee-changed' } });
      expect(JSON.stringify(told.body)).not.toContain(old.number);
    }
    // Paid before the change: so it is said, and so it stays.
    await decide(second, { ...paid, ref: 'BANK20260921-2' });
    expect(await confirm(second)).toMatchObject({ status: 200 });
    // Not paid: two people say so, and take it up anew.
    await decide(first, { how: 'void', evidence: '旧账户未付款，网银流水已核对' });
    expect(await confirm(first)).toMatchObject({ status: 200 });
    const late = await decide(first, paid);
    expect(late).toMatchObject({ status: 409, body: { code: 'payout-payee-changed' } });
    const retry = { how: 'retry', evidence: '按新账户重新付款，已电话核对' };
    // To another account than the shop's, and in plain words, it goes by nobody's wish.
    const elsewhere = await decide(first, { ...retry, payee: young.number });
    expect(elsewhere).toMatchObject({ status: 409, body: { detail: 'payee-is-the-shops' } });
    await decide(first, retry);
    const { body } = await confirm(first);
    const anew = body['instructionNo'];
    expect(anew).not.toBe(first);
    expect(await look(anew)).toMatchObject({ status: 200, body: { payeeNo: 2, ...young } });
    await decide(anew, { ...paid, ref: 'BANK20260921-3' });
    expect(await confirm(anew)).toMatchObject({ status: 200 });
    const { rows } = await bench.pay.deps.db.execute<{ no: string; payee: number }>(sql`
      select instruction_no as no, payee_no as payee from payout_payee`);
    expect(new Map(rows.map(({ no, payee }) => [no, payee]))).toEqual(
      new Map([
        [first, 1],
        [second, 1],
        [anew, 2],
      ]),
    );
    expect(await bench.balance('merchant_payable')).toBe(0);
    expect(await bench.broken()).toEqual([]);
  });

  it('a subsidy above the limit is told of with the amount that refunds have left of it, and of no other', async () => {
    await set(old);
    const { orderId } = await bench.sell(1_500_000, 600_000);
    const [first] = await listed();
    const words = { cashier: '小王', reason: '退货' };
    const { deps, till } = bench.pay;
    await askRefund(deps, till, { orderId, refundNo: 1, amountFen: 300_000, ...words });
    const told = await look(first!['instructionNo']);
    expect(told).toMatchObject({ status: 409, body: { detail: 'amount-changed' } });
    expect(JSON.stringify(told.body)).not.toContain(old.number);
    const [second, ...rest] = await listed();
    expect(rest).toEqual([]);
    expect(second).toMatchObject({ kind: 'subsidy', amountFen: 480_000, exception: 'by-hand' });
    expect(await look(second!['instructionNo'])).toMatchObject({ status: 200, body: old });
    await decide(second!['instructionNo'], paid);
    expect(await confirm(second!['instructionNo'])).toMatchObject({ status: 200 });
    expect(await listed()).toEqual([]);
    expect(await bench.broken()).toEqual([]);
  });

  it('a subsidy above the limit whose shop has another account by now is given up and taken up anew as well', async () => {
    await set(old);
    const { orderId } = await bench.sell(1_500_000, 600_000);
    const first = (await bench.instructions(orderId))[0]!.instruction_no;
    await set(young);
    const changed = { status: 409, body: { code: 'payout-payee-changed' } };
    expect(await look(first)).toMatchObject(changed);
    const giveUp = { how: 'void', evidence: '旧账户未付款，网银流水已核对' };
    expect(await decide(first, giveUp)).toMatchObject({ status: 201 });
    expect(await confirm(first)).toMatchObject({ status: 200 });
    expect(await rowOf(first)).toMatchObject({ state: 'failed', amountFen: 600_000 });
    const pendingFen = await bench.balance('instruction_pending');
    await decide(first, { how: 'retry', evidence: '按新账户重新付款，已电话核对' });
    const { body } = await confirm(first);
    const anew = body['instructionNo'];
    expect(await bench.balance('instruction_pending')).toBe(pendingFen + 600_000);
    expect(await look(anew)).toMatchObject({ status: 200, body: { payeeNo: 2, ...young } });
    await decide(anew, paid);
    expect(await confirm(anew)).toMatchObject({ status: 200 });
    expect(await listed()).toEqual([]);
    expect(await bench.balance('instruction_pending')).toBe(pendingFen);
    expect(await bench.broken()).toEqual([]);
  });

  it('made in the same moment in which the account changes is addressed to one of the two and never moves', async () => {
    await set(old);
    for (let round = 0; round < 4; round += 1) {
      await sellAtTill(bench.pay, { source: 'cash', voucherFen: 100 });
      const { body } = await propose(round % 2 === 0 ? young : old);
      await Promise.all([agree(body['actNo']), endDay()]);
    }
    const open = await listed();
    expect(open).toHaveLength(4);
    for (const { instructionNo, payee } of open) {
      const { payeeNo, isChanged, lastFour } = payee as Json;
      expect(lastFour).toBe((payeeNo as number) % 2 === 0 ? '8888' : '5678');
      expect((await look(instructionNo)).status).toBe(isChanged === true ? 409 : 200);
    }
    expect(await bench.broken()).toEqual([]);
  });
});

it('no number stands in any table, in the log at its loudest, in a list or in an act', async () => {
  await set(old);
  const no = await payout();
  expect((await look(no)).body['number']).toBe(old.number);
  await set(young);
  await look(no);
  await propose({ ...young, number: 'not a number 6217000099998888' });
  const told = [await listed(), await payees(), (await call('GET', 'acts')).body];
  // One that cannot be read any more is a matter for the log, which names the payout alone.
  const last = await payout();
  await plant(`update shop_payee set sealed = repeat('x', 60)`);
  expect(await look(last)).toMatchObject({ status: 500 });
  const places = {
    dump: await dumpDatabase(bench.pay.cloud.databaseUrl),
    log: lines.join('') + bench.pay.cloud.log(),
    told: JSON.stringify(told),
  };
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, place).toBeGreaterThan(100);
    for (const { number } of [old, young]) expect(text.includes(number), place).toBe(false);
  }
  expect(places.dump).not.toContain(young.name);
  expect(places.told).toContain('5678');
});

it('planted violation: a payout that is called paid and addressed to nobody, or to another shop, breaks the law', async () => {
  const no = await payout();
  await set(old);
  await decide(no, paid);
  await confirm(no);
  expect(await bench.broken()).toEqual([]);
  const brokenNow = async () => (await bench.broken()).map((law) => law.split(' ')[0]);
  await plant(`update payout_payee set merchant_id = 'mch_${'8'.repeat(26)}'`);
  expect(await brokenNow()).toEqual(['payouts-go-to-their-shop']);
  await plant('delete from payout_payee');
  await plant('update channel_instruction set ended_at_ms = ended_at_ms + 1');
  expect(await brokenNow()).toContain('payouts-go-to-their-shop');
});
