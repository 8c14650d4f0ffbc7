import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  judgeBalance,
  runCommissionPayouts,
  setAgentPayee,
  setPayoutTerms,
} from '#cloud/commissions/commission-payouts.ts';
import {
  createInstructionBench,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';
import type { AgentId } from '#shared/ids/ids.ts';

let bench: InstructionBench;
beforeEach(async () => {
  bench = await createInstructionBench();
});
afterEach(() => bench.pay.close());

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
  const payee = (account: string) =>
    setAgentPayee(bench.pay.deps.db, {
      operatorId: bench.pay.till.operatorId,
      agentId: agent,
      sealed: bench.worker().payees.seal({ account }, agent),
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
