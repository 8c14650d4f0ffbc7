import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommissionPayouts, setPayoutTerms } from '#cloud/commissions/commission-payouts.ts';
import { takeNotify } from '#cloud/payments/notifies/take-notify.ts';
import { dumpDatabase } from '#cloud/payments/testing/dump-database.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { endPerson, makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import { actLifeMs } from '#cloud/persons/proposal-life.ts';
import { getOrThrow } from '#shared/result/result.ts';
import {
  hurryInstruction,
  leaseDueInstructions,
  saveInstruction,
} from '#cloud/settlement/instructions/instruction-store.ts';
import {
  evidence,
  moved,
  openInstructionDesk,
  type InstructionDesk,
} from '#cloud/settlement/instructions/testing/instruction-desk.ts';

/** What people do about instructions, over HTTP, with keys of their own. */
let desk: InstructionDesk;
beforeEach(async () => {
  desk = await openInstructionDesk();
});
afterEach(() => desk.close());

describe('a subsidy above what the channel takes', () => {
  it('is listed in words from the first moment, holds nothing up, and is paid by two people, once', async () => {
    const { orderId } = await desk.bench.sell(1_500_000, 600_000);
    await desk.bench.settle();
    const [listed, ...rest] = await desk.exceptions();
    expect(rest).toEqual([]);
    expect(listed).toMatchObject({
      orderId,
      kind: 'subsidy',
      amountFen: 600_000,
      exception: 'by-hand',
      code: 'subsidy-over-limit',
    });
    expect(await desk.bench.instructions(orderId)).toMatchObject([
      { kind: 'subsidy', state: 'ready', sends: 0 },
      { kind: 'same-day', state: 'done' },
    ]);
    expect(desk.bench.pay.simulator.money.subsidies.all()).toEqual([]);
    expect(await desk.bench.balance('instruction_pending')).toBe(600_000);
    const no = listed!['instructionNo'];
    expect(await desk.decide(no, { how: 'retry', evidence })).toMatchObject({ statusCode: 409 });
    expect(await desk.decide(no, moved)).toMatchObject({ statusCode: 201 });
    expect(await desk.confirm(no, desk.keys[0])).toMatchObject({
      statusCode: 409,
      body: { code: 'resolution-same-person' },
    });
    const both = await Promise.all([desk.confirm(no), desk.confirm(no)]);
    expect(both.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 404]);
    expect(await desk.exceptions()).toEqual([]);
    expect(await desk.bench.balance('instruction_pending')).toBe(0);
    expect(await desk.bench.balance('merchant_payable')).toBe(0);
    expect(await desk.bench.broken()).toEqual([]);
  });

  it('is paid by nobody when the second person comes after 72 hours, or the first one has left', async () => {
    const { orderId } = await desk.bench.sell(1_500_000, 600_000);
    const { clock } = desk.bench.pay;
    const { deps } = desk.bench.pay.cloud;
    const [listed] = await desk.exceptions();
    const no = listed!['instructionNo'];
    await desk.decide(no, moved);
    clock.advance(actLifeMs + 1);
    const lapsed = { statusCode: 409, body: { code: 'person-act-lapsed' } };
    expect(await desk.confirm(no)).toMatchObject(lapsed);
    const note = { payload: { note: '看过了' }, key: desk.keys[1] };
    const withdraw = () => desk.call('POST', `instructions/${String(no)}/decision/withdraw`, note);
    expect(await withdraw()).toMatchObject(lapsed);
    expect(await desk.bench.instructions(orderId)).toMatchObject([{ state: 'ready' }, {}]);
    const [old, next] = [await makePerson(deps, '张三'), await makePerson(deps, '张三')];
    clock.advance(personAgeMsMin);
    expect(await desk.decide(no, moved, old.key)).toMatchObject({ statusCode: 201 });
    const { operatorId, db } = deps;
    await endPerson(db, { operatorId, personId: old.personId, nowMs: clock.nowMs() });
    expect(await desk.confirm(no, next.key)).toMatchObject({
      statusCode: 409,
      body: { detail: 'proposer-left' },
    });
    expect(await desk.bench.instructions(orderId)).toMatchObject([{ state: 'ready' }, {}]);
    expect(await withdraw()).toMatchObject({ statusCode: 200 });
    expect(await desk.decide(no, moved)).toMatchObject({ statusCode: 201 });
    clock.advance(actLifeMs);
    expect(await desk.confirm(no)).toMatchObject({ statusCode: 200 });
  });

  it('follows refunds: before it was paid the rest goes by the channel, behind that people get it back', async () => {
    const { orderId } = await desk.bench.sell(1_500_000, 600_000);
    const { deps, till } = desk.bench.pay;
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
    const [first] = await desk.exceptions();
    await desk.decide(first!['instructionNo'], moved);
    expect(await desk.confirm(first!['instructionNo'])).toMatchObject({
      statusCode: 409,
      body: { detail: 'amount-changed' },
    });
    const [second] = await desk.exceptions();
    expect(second).toMatchObject({ amountFen: 599_400, exception: 'by-hand' });
    await desk.decide(second!['instructionNo'], moved);
    expect(await desk.confirm(second!['instructionNo'])).toMatchObject({ statusCode: 200 });
    expect(await back(2, 1_500)).toMatchObject({ status: 'done' });
    const [third] = await desk.exceptions();
    expect(third).toMatchObject({
      kind: 'subsidy-return',
      amountFen: 600,
      exception: 'by-hand',
      code: 'subsidy-was-by-hand',
    });
    await desk.decide(third!['instructionNo'], { ...moved, ref: 'BANK20260921-2' });
    await desk.confirm(third!['instructionNo']);
    expect(await desk.exceptions()).toEqual([]);
    await desk.bench.settle();
    expect(await desk.bench.balance('merchant_payable')).toBe(0);
    expect(await desk.bench.broken()).toEqual([]);
  });

  it('that refunds bring under the limit stays with people: its charge told the channel of none', async () => {
    const { orderId } = await desk.bench.sell(1_500_000, 600_000);
    const { deps, till } = desk.bench.pay;
    const words = { cashier: '小王', reason: '退货' };
    await askRefund(deps, till, { orderId, refundNo: 1, amountFen: 300_000, ...words });
    const [listed] = await desk.exceptions();
    await desk.decide(listed!['instructionNo'], moved);
    await desk.confirm(listed!['instructionNo']);
    await desk.bench.settle();
    expect(desk.bench.pay.simulator.money.subsidies.all()).toEqual([]);
    const [rest] = await desk.exceptions();
    expect(rest).toMatchObject({ amountFen: 480_000, exception: 'by-hand' });
    await desk.decide(rest!['instructionNo'], moved);
    expect(await desk.confirm(rest!['instructionNo'])).toMatchObject({ statusCode: 200 });
    expect(await desk.exceptions()).toEqual([]);
    expect(await desk.bench.broken()).toEqual([]);
  });
});

describe('a payout in doubt', () => {
  const agentId = 'agt_01J00000000000000000000001';
  const account = 'openid-of-a-person';
  const unknownPayout = async (): Promise<unknown> => {
    const { cloud, deps, till, simulator } = desk.bench.pay;
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
      ${desk.bench.worker().payees.seal({ account, name: '张三丰' }, agentId as never)})`);
    await desk.bench.sell(10_000);
    await desk.bench.settle();
    await desk.bench.finalise();
    simulator.setFaults(({ path }) => (path.endsWith('transfer-bills') ? 'lose-request' : 'none'));
    desk.bench.pay.clock.advance(31 * 86_400_000);
    await runCommissionPayouts({ ...cloud.deps, operatorId });
    await desk.bench.settle(60_000);
    simulator.setFaults(() => 'none');
    const row = (await desk.bench.instructions()).find(({ kind }) => kind === 'payout');
    expect(row).toMatchObject({ state: 'open', sends: 1 });
    return row!.instruction_no;
  };

  it('is voided by two people only, not before an hour, and is due again', async () => {
    const no = await unknownPayout();
    const wanted = { how: 'void', evidence: '渠道商户平台查无此单，客服工单 20260921' };
    expect(await desk.decide(no, wanted)).toMatchObject({
      statusCode: 409,
      body: { detail: 'too-early' },
    });
    desk.bench.pay.clock.advance(3_600_001);
    expect(await desk.decide(no, wanted, 'nobody')).toMatchObject({
      statusCode: 403,
      body: { code: 'person-key-invalid' },
    });
    expect(await desk.decide(no, wanted)).toMatchObject({ statusCode: 201 });
    expect(await desk.confirm(no, desk.keys[0])).toMatchObject({ statusCode: 409 });
    expect(await desk.bench.balance('instruction_pending')).toBe(0);
    expect(await desk.confirm(no)).toMatchObject({ statusCode: 200 });
    expect(
      (await desk.bench.instructions()).find(({ instruction_no: one }) => one === no),
    ).toMatchObject({ state: 'failed', code: 'void-by-people' });
    desk.bench.pay.clock.advance(31 * 86_400_000);
    const { operatorId } = desk.bench.pay.till;
    await runCommissionPayouts({ ...desk.bench.pay.cloud.deps, operatorId });
    await desk.bench.settle();
    expect(desk.bench.pay.simulator.money.payouts.all()).toMatchObject([{ amountFen: 50 }]);
    expect(await desk.bench.broken()).toEqual([]);
  });

  it('that was voided is told to people when the channel speaks of it all the same', async () => {
    const no = String(await unknownPayout());
    desk.bench.pay.clock.advance(3_600_001);
    await desk.decide(no, { how: 'void', evidence: '渠道商户平台查无此单，客服工单 20260921' });
    const { operatorId } = desk.bench.pay.till;
    const wakes = { refund: () => Promise.resolve(undefined), instruction: hurryInstruction };
    const tell = (eventId: string) =>
      takeNotify(
        { ...desk.bench.pay.deps, operatorId, wakes },
        {
          channel: 'wechat',
          event: { type: 'payout', eventId, channelMerchantNo: '1', outNo: no, state: 'SUCCESS' },
          body: Buffer.from(eventId),
        },
      );
    expect(await tell('before')).toBe('hurried');
    expect(await desk.confirm(no)).toMatchObject({ statusCode: 200 });
    expect(await tell('after')).toBe('finding');
  });

  it('is asked about at once when the channel speaks of it while a question is under way', async () => {
    const instructionNo = String(await unknownPayout());
    const { clock, deps, till } = desk.bench.pay;
    const { operatorId } = till;
    const key = { operatorId, instructionNo };
    clock.advance(3_600_000);
    const nowMs = clock.nowMs();
    const lease = { operatorId, nowMs, leaseMs: 60_000, countMax: 16 };
    expect(await leaseDueInstructions(deps.db, lease)).toMatchObject([{ instructionNo }]);
    await deps.db.transaction((tx) => hurryInstruction(tx, { ...key, nowMs }));
    const next = { step: 'query', atMs: nowMs + 3_600_000 } as const;
    const progress = { state: 'open', sends: 1, fruitlessTries: 1, next } as const;
    await deps.db.transaction((tx) => saveInstruction(tx, key, { progress, nowMs }));
    expect(await leaseDueInstructions(deps.db, lease)).toMatchObject([{ instructionNo }]);
    await deps.db.transaction((tx) => saveInstruction(tx, key, { progress, nowMs }));
    expect(await leaseDueInstructions(deps.db, lease)).toEqual([]);
  });

  it('whoever is paid stands nowhere in the database in plain words, and is reached all the same', async () => {
    await unknownPayout();
    const dump = await dumpDatabase(desk.bench.pay.cloud.databaseUrl);
    expect(dump).not.toContain(account);
    expect(dump).not.toContain('张三丰');
    expect(dump).toContain(agentId);
  });
});
