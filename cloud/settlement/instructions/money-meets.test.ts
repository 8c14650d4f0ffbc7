import { sql } from 'drizzle-orm';
import { array, assert, asyncProperty, boolean, constantFrom, integer, record } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LineFault } from '#cloud/channel-simulator/line.ts';
import {
  judgeBalance,
  runCommissionPayouts,
  setAgentPayee,
  setPayoutTerms,
} from '#cloud/commissions/commission-payouts.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';
import { returnSplitFor } from '#cloud/settlement/instructions/return-instructions.ts';
import {
  createInstructionBench,
  platformNo,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';
import type { AgentId, OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';

let bench: InstructionBench;
beforeEach(async () => {
  bench = await createInstructionBench();
});
afterEach(() => bench.pay.close());

const refund = async (orderId: OrderId, refundNo: number, amountFen: number) => {
  const { deps, till } = bench.pay;
  const words = { cashier: '小王', reason: '退货' };
  getOrThrow(await askRefund(deps, till, { orderId, refundNo, amountFen, ...words }));
  for (let left = 20; left > 0; left -= 1) {
    if ((await runRefundsOnce(deps)) === 0) return;
    bench.pay.clock.advance(60_000);
  }
};

const frozenFen = () => {
  const { simulator, clock } = bench.pay;
  return simulator
    .books()
    .map((line) => simulator.money.splits.frozenFen(line.transactionId, clock.nowMs()))
    .reduce<number>((sum, one) => sum + (typeof one === 'number' ? one : 0), 0);
};
const subsidyAtChannel = () =>
  bench.pay.simulator.money.subsidies
    .all()
    .map((one) => one.amountFen - Object.values(one.returns).reduce((sum, back) => sum + back, 0))
    .reduce((sum, one) => sum + one, 0);

const platformFen = () =>
  bench.pay.simulator.money.splits
    .all()
    .flatMap((one) => one.parts)
    .filter((part) => part.account === platformNo && part.state === 'SUCCESS')
    .reduce((sum, part) => sum + part.amountFen, 0);

describe('refunds meet instructions', () => {
  it('before anything was sent: only what is left is instructed, under a new number', async () => {
    const { orderId } = await bench.sell(10_300, 300);
    await refund(orderId, 1, 5_150);
    await bench.settle();
    const rows = await bench.instructions();
    expect(rows.map((row) => [row.kind, row.state, row.amount_fen])).toEqual([
      ['subsidy', 'cancelled', 300],
      ['subsidy', 'done', 150],
      ['same-day', 'cancelled', 8_000],
      ['same-day', 'done', 4_000],
    ]);
    expect(subsidyAtChannel()).toBe(150);
    expect(frozenFen()).toBe(1_000);
    expect(await bench.balance('channel_clearing')).toBe(-1_000);
    expect(await bench.broken()).toEqual([]);
  });

  it('after the subsidy: it comes back to the platform, once', async () => {
    const { orderId } = await bench.sell(10_300, 300);
    await bench.settle();
    await refund(orderId, 1, 5_150);
    await bench.settle();
    expect(subsidyAtChannel()).toBe(150);
    expect(await bench.broken()).toEqual([]);
    // The channel took the refund out of what was frozen; the merchant owes his part of it.
    expect(frozenFen()).toBe(2_000 - 5_000);
    expect(await bench.balance('channel_clearing')).toBe(3_000);
    expect(await bench.balance('merchant_payable')).toBe(-4_000);
  });

  it('what a refunded order cannot pay of its concession comes out of the next orders, and the merchant is even', async () => {
    const { orderId } = await bench.sell(10_000);
    await bench.sell(20_000);
    await bench.settle();
    await refund(orderId, 1, 1_500);
    await bench.finalise();
    await bench.settle();
    expect(platformFen()).toBe(2_850);
    expect(frozenFen()).toBe(0);
    for (const account of ['channel_clearing', 'merchant_payable', 'concession_due'])
      expect([account, await bench.balance(account)]).toEqual([account, 0]);
    expect(await bench.broken()).toEqual([]);
  });

  it('a share comes back from the merchant: once per refund, never more than was split', async () => {
    const { orderId } = await bench.sell(10_000);
    await bench.settle();
    const { db } = bench.pay.deps;
    const { operatorId, merchantId } = bench.pay.till;
    const back = (refundNo: number, amountFen: number) =>
      db.transaction(async (tx) => {
        const nowMs = bench.pay.clock.nowMs();
        const wanted = { operatorId, merchantId, orderId, refundNo, amountFen: fen(amountFen) };
        const made = await returnSplitFor(tx, { ...wanted, nowMs });
        if (made.ok) getOrThrow(await postJournals(tx, made.value));
        return made;
      });
    expect(await back(1, 3_000)).toMatchObject({ ok: true });
    expect(await back(2, 5_001)).toMatchObject({ error: { type: 'more-than-split' } });
    await bench.settle();
    const returned = bench.pay.simulator.money.splits
      .all()
      .flatMap((one) => one.parts)
      .flatMap((part) => Object.values(part.returns));
    expect(returned).toEqual([3_000]);
    expect(await bench.balance('merchant_payable')).toBe(3_000);
    expect(await bench.balance('channel_clearing')).toBe(-5_000);
    expect(await bench.broken()).toEqual([]);
  });
});

const nextMonth = async () => {
  bench.pay.clock.advance(31 * 86_400_000);
  const { pay } = bench;
  const { operatorId } = pay.till;
  const made = await runCommissionPayouts({ ...pay.cloud.deps, operatorId });
  await bench.settle();
  return made;
};
const statements = async () => {
  const { rows } = await bench.pay.deps.db.execute<{ outcome: string; balance_fen: number }>(
    sql`select outcome, balance_fen from commission_statement order by period`,
  );
  return rows.map((row) => [row.outcome, row.balance_fen]);
};
const paidOut = () =>
  bench.pay.simulator.money.payouts
    .all()
    .filter((one) => one.state === 'DONE')
    .map((one) => one.amountFen);

const outcomeOf = (balanceFen: number, hasPayee = true) =>
  judgeBalance({ balanceFen, thresholdFen: 100, hasPayee });

describe('agents are paid', () => {
  const agent = 'agt_01J00000000000000000000001' as AgentId;
  beforeEach(async () => {
    const { db } = bench.pay.deps;
    const { operatorId, merchantId } = bench.pay.till;
    await db.execute(sql`insert into agent values (${operatorId}, ${agent}, '代理', 0)`);
    await db.execute(sql`insert into agent_contract values
      (${operatorId}, 'ctr_1', ${agent}, 'marketer', ${merchantId}, '2026-01-01', null)`);
    await setPayoutTerms(db, { operatorId, channel: 'wechat', dayOfMonth: 1, thresholdFen: 50 });
  });
  const payee = (name: string) =>
    setAgentPayee(bench.pay.deps.db, {
      operatorId: bench.pay.till.operatorId,
      agentId: agent,
      payee: name,
      payeeName: undefined,
    });
  it.each([
    ['01', 'at once'],
    ['02', 'after the agent confirmed'],
    ['04', 'though the answer said error'],
    ['07', 'though the answer was lost'],
    ['09', 'though the answer was forged'],
  ])('payee …%s: paid once, %s', async (suffix) => {
    await payee(`openid${suffix}`);
    await bench.sell(10_000);
    await bench.settle();
    await bench.finalise();
    expect(await nextMonth()).toBe(1);
    expect(await nextMonth()).toBe(1);
    // 5 % of 10.00 concession; the month after has nothing left.
    expect(paidOut()).toEqual([50]);
    expect(await statements()).toEqual([
      ['paid', 50],
      ['below-threshold', 0],
    ]);
    expect(await bench.broken()).toEqual([]);
  });

  it('a payout that nobody confirmed lapses, is given back to the agent, and is due the next month', async () => {
    await payee('openid03');
    await bench.sell(10_000);
    await bench.settle();
    await bench.finalise();
    await nextMonth();
    await payee('openid01');
    await nextMonth();
    expect(paidOut()).toEqual([50]);
    expect((await statements()).map(([outcome]) => outcome)).toEqual(['paid', 'paid']);
    expect(await bench.broken()).toEqual([]);
  });

  it('an unknown payout is never sent again and stays pending, however long it takes', async () => {
    await payee('openid01');
    await bench.sell(10_000);
    await bench.settle();
    await bench.finalise();
    bench.pay.simulator.setFaults(({ path }) =>
      path.endsWith('transfer-bills') ? 'lose-request' : 'none',
    );
    await nextMonth();
    bench.pay.simulator.setFaults(() => 'none');
    await bench.settle();
    expect(paidOut()).toEqual([]);
    expect((await bench.instructions()).filter((row) => row.kind === 'payout')).toMatchObject([
      { state: 'open', sends: 1 },
    ]);
    expect(await bench.broken()).toEqual([]);
  });

  it('a negative balance is carried over, a small one waits, one without an account is said', () => {
    expect([outcomeOf(-1), outcomeOf(99), outcomeOf(100), outcomeOf(100, false)]).toEqual([
      'carried-negative',
      'below-threshold',
      'paid',
      'no-payee',
    ]);
  });
});

it('whatever is sold, refunded and lost on the line: pending, posted and given back are the ledger, and the channel agrees to the fen', async () => {
  const faults: readonly LineFault[] = ['none', 'lose-request', 'lose-answer', 'forge-answer'];
  const step = record({
    amountFen: integer({ min: 100, max: 90_000 }),
    voucherFen: constantFrom(0, 0, 50),
    refundBp: constantFrom(0, 0, 1_000, 10_000),
    settlesFirst: boolean(),
    fault: constantFrom(...faults),
  });
  await assert(
    asyncProperty(array(step, { minLength: 2, maxLength: 3 }), async (steps) => {
      for (const one of steps) {
        let left = 2;
        bench.pay.simulator.setFaults(() => 'none');
        const { orderId } = await bench.sell(one.amountFen, one.voucherFen);
        bench.pay.simulator.setFaults(({ path }) => {
          if (left === 0 || !/profitsharing|subsid/.test(path)) return 'none';
          left -= 1;
          return one.fault;
        });
        if (one.settlesFirst) await bench.settle();
        const backFen = Math.floor((one.amountFen * one.refundBp) / 10_000);
        if (backFen > 0) await refund(orderId, 1, backFen);
        await bench.settle();
      }
      expect(await bench.broken()).toEqual([]);
      // Cumulative over all runs: what lies at the channel for the merchant is what the channel says is frozen.
      expect(await bench.balance('channel_clearing')).toBe(-frozenFen());
    }),
    { numRuns: 3, seed: 20_260 },
  );
}, 120_000);
