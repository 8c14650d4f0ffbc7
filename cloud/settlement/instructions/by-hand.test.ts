import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommissionPayouts, setPayoutTerms } from '#cloud/commissions/commission-payouts.ts';
import { personOf } from '#cloud/payments/resolution/resolution-routes.ts';
import { makePerson, personAgeMsMin } from '#cloud/payments/resolution/operator-persons.ts';
import { dumpDatabase } from '#cloud/payments/testing/dump-database.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createHttpShell } from '#cloud/platform/http-shell.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { registerInstructionRoutes } from '#cloud/settlement/instructions/instruction-routes.ts';
import {
  createInstructionBench,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';
import { getOrThrow } from '#shared/result/result.ts';

/** What people do about instructions, over HTTP, with keys of their own. */
let bench: InstructionBench;
let app: CloudApp;
let keys: readonly [string, string];
beforeEach(async () => {
  bench = await createInstructionBench();
  const { cloud, clock, deps } = bench.pay;
  app = await createHttpShell(cloud.deps);
  registerInstructionRoutes(app, {
    ...cloud.deps,
    channels: deps.channels,
    personOf: (headers) => personOf(cloud.deps, headers),
  });
  const [one, two] = [await makePerson(cloud.deps, '甲'), await makePerson(cloud.deps, '乙')];
  keys = [one.key, two.key];
  clock.advance(personAgeMsMin);
});
afterEach(async () => {
  await app.close();
  await bench.pay.close();
});

interface Said {
  readonly statusCode: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function call(
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  options: { readonly payload?: object; readonly key?: string; readonly token?: string } = {},
): Promise<Said> {
  const token = options.token ?? bench.pay.cloud.deps.operatorToken;
  const answer = await app.inject({
    method,
    url: `/admin/v1/${url}`,
    headers: {
      authorization: `Bearer ${token}`,
      ...(options.key === undefined ? {} : { 'x-person-key': options.key }),
    },
    ...(options.payload === undefined ? {} : { payload: options.payload }),
  });
  return { statusCode: answer.statusCode, body: answer.json() };
}
const exceptions = async () =>
  (await call('GET', 'instructions?state=exceptions')).body['instructions'] as readonly Readonly<
    Record<string, unknown>
  >[];
const decide = (no: unknown, payload: object, key = keys[0]) =>
  call('POST', `instructions/${String(no)}/decision`, { payload, key });
const confirm = (no: unknown, key = keys[1]) =>
  call('POST', `instructions/${String(no)}/decision/confirm`, { payload: { note: '看过了' }, key });
const evidence = '已由备付账户网银支付，回单见附件';
const moved = { how: 'moved', evidence, ref: 'BANK20260921-1' };

describe('a subsidy above what the channel takes', () => {
  it('is listed in words from the first moment, holds nothing up, and is paid by two people, once', async () => {
    const { orderId } = await bench.sell(1_500_000, 600_000);
    await bench.settle();
    const [listed, ...rest] = await exceptions();
    expect(rest).toEqual([]);
    expect(listed).toMatchObject({
      orderId,
      kind: 'subsidy',
      amountFen: 600_000,
      exception: 'by-hand',
      code: 'subsidy-over-limit',
    });
    expect(await bench.instructions(orderId)).toMatchObject([
      { kind: 'subsidy', state: 'ready', sends: 0 },
      { kind: 'same-day', state: 'done' },
    ]);
    expect(bench.pay.simulator.money.subsidies.all()).toEqual([]);
    expect(await bench.balance('instruction_pending')).toBe(600_000);
    const no = listed!['instructionNo'];
    expect(await decide(no, { how: 'retry', evidence })).toMatchObject({ statusCode: 409 });
    expect(await decide(no, moved)).toMatchObject({ statusCode: 201 });
    expect(await confirm(no, keys[0])).toMatchObject({
      statusCode: 409,
      body: { code: 'resolution-same-person' },
    });
    const both = await Promise.all([confirm(no), confirm(no)]);
    expect(both.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 404]);
    expect(await exceptions()).toEqual([]);
    expect(await bench.balance('instruction_pending')).toBe(0);
    expect(await bench.balance('merchant_payable')).toBe(0);
    expect(await bench.broken()).toEqual([]);
  });

  it('follows refunds: before it was paid the rest goes by the channel, behind that people get it back', async () => {
    const { orderId } = await bench.sell(1_500_000, 600_000);
    const { deps, till } = bench.pay;
    const back = async (refundNo: number, amountFen: number) =>
      getOrThrow(
        await askRefund(deps, till, {
          orderId,
          refundNo,
          amountFen,
          cashier: '小王',
          reason: '退货',
        }),
      );
    expect(await back(1, 1_500)).toMatchObject({ status: 'done', voucherFen: 600 });
    const [first] = await exceptions();
    await decide(first!['instructionNo'], moved);
    expect(await confirm(first!['instructionNo'])).toMatchObject({
      statusCode: 409,
      body: { detail: 'amount-changed' },
    });
    const [second] = await exceptions();
    expect(second).toMatchObject({ amountFen: 599_400, exception: 'by-hand' });
    await decide(second!['instructionNo'], moved);
    expect(await confirm(second!['instructionNo'])).toMatchObject({ statusCode: 200 });
    expect(await back(2, 1_500)).toMatchObject({ status: 'done' });
    const [third] = await exceptions();
    expect(third).toMatchObject({
      kind: 'subsidy-return',
      amountFen: 600,
      exception: 'by-hand',
      code: 'subsidy-was-by-hand',
    });
    await decide(third!['instructionNo'], { ...moved, ref: 'BANK20260921-2' });
    await confirm(third!['instructionNo']);
    expect(await exceptions()).toEqual([]);
    await bench.settle();
    expect(await bench.balance('merchant_payable')).toBe(0);
    expect(await bench.broken()).toEqual([]);
  });

  it('that refunds bring under the limit is sent to the channel after all', async () => {
    const { orderId } = await bench.sell(1_500_000, 600_000);
    const { deps, till } = bench.pay;
    const words = { cashier: '小王', reason: '退货' };
    await askRefund(deps, till, { orderId, refundNo: 1, amountFen: 300_000, ...words });
    const [listed] = await exceptions();
    await decide(listed!['instructionNo'], moved);
    await confirm(listed!['instructionNo']);
    await bench.settle();
    expect(bench.pay.simulator.money.subsidies.all()).toMatchObject([{ amountFen: 480_000 }]);
    expect(await exceptions()).toEqual([]);
    expect(await bench.broken()).toEqual([]);
  });
});

describe('a payout in doubt', () => {
  const agentId = 'agt_01J00000000000000000000001';
  const account = 'openid-of-a-person';
  const unknownPayout = async (): Promise<unknown> => {
    const { cloud, deps, till, simulator } = bench.pay;
    const { operatorId, merchantId } = till;
    await deps.db.execute(sql`insert into agent values (${operatorId}, ${agentId}, '代理', 0)`);
    await deps.db.execute(sql`insert into agent_contract values
      (${operatorId}, 'ctr_1', ${agentId}, 'marketer', ${merchantId}, '2026-01-01', null)`);
    await setPayoutTerms(deps.db, {
      operatorId,
      channel: 'wechat',
      dayOfMonth: 1,
      thresholdFen: 50,
    });
    await deps.db.execute(sql`insert into agent_payee values (${operatorId}, ${agentId},
      ${bench.worker().payees.seal({ account, name: '张三丰' }, agentId as never)})`);
    await bench.sell(10_000);
    await bench.settle();
    await bench.finalise();
    simulator.setFaults(({ path }) => (path.endsWith('transfer-bills') ? 'lose-request' : 'none'));
    bench.pay.clock.advance(31 * 86_400_000);
    await runCommissionPayouts({ ...cloud.deps, operatorId });
    await bench.settle(60_000);
    simulator.setFaults(() => 'none');
    const row = (await bench.instructions()).find(({ kind }) => kind === 'payout');
    expect(row).toMatchObject({ state: 'open', sends: 1 });
    return row!.instruction_no;
  };

  it('is voided by two people only, not before an hour, and is due again', async () => {
    const no = await unknownPayout();
    const wanted = { how: 'void', evidence: '渠道商户平台查无此单，客服工单 20260921' };
    expect(await decide(no, wanted)).toMatchObject({
      statusCode: 409,
      body: { detail: 'too-early' },
    });
    bench.pay.clock.advance(3_600_001);
    expect(await decide(no, wanted, 'nobody')).toMatchObject({
      statusCode: 403,
      body: { code: 'person-key-invalid' },
    });
    expect(await decide(no, wanted)).toMatchObject({ statusCode: 201 });
    expect(await confirm(no, keys[0])).toMatchObject({ statusCode: 409 });
    expect(await bench.balance('instruction_pending')).toBe(0);
    expect(await confirm(no)).toMatchObject({ statusCode: 200 });
    expect(
      (await bench.instructions()).find(({ instruction_no: one }) => one === no),
    ).toMatchObject({ state: 'failed', code: 'void-by-people' });
    bench.pay.clock.advance(31 * 86_400_000);
    const { operatorId } = bench.pay.till;
    await runCommissionPayouts({ ...bench.pay.cloud.deps, operatorId });
    await bench.settle();
    expect(bench.pay.simulator.money.payouts.all()).toMatchObject([{ amountFen: 50 }]);
    expect(await bench.broken()).toEqual([]);
  });

  it('whoever is paid stands nowhere in the database in plain words, and is reached all the same', async () => {
    await unknownPayout();
    const dump = await dumpDatabase(bench.pay.cloud.databaseUrl);
    expect(dump).not.toContain(account);
    expect(dump).not.toContain('张三丰');
    expect(dump).toContain(agentId);
  });
});
