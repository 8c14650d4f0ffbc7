import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { merchantNo } from '#cloud/settlement/testing/paid-orders.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';
import {
  clock,
  cloud,
  operatorId,
  newAgent,
  sign,
  sell,
  finalise,
  payout,
  agreed,
  tokenOf,
  ask,
  hold,
} from '#cloud/commissions/testing/agent-bench.ts';

describe('a monthly statement', () => {
  it('is a file that cannot change, with its hash, what was carried over and the figures for tax', async () => {
    const agentId = await newAgent('=公式');
    await sign(agentId, 'marketer', merchantNo(25), { from: '2027-05-01' });
    await cloud.deps.db.execute(sql`
      insert into agent_payee (operator_id, agent_id, sealed) values (${operatorId}, ${agentId}, ${'sealed '.repeat(10)})`);
    clock.advanceTo(dayStartMs('2027-05-02'));
    const [orderId] = await sell(25, [{ amountFen: 5_000_000 }, { amountFen: 5_000_000 }]);
    clock.advance(hold);
    await finalise();
    clock.advanceTo(dayStartMs('2027-06-01'));
    await payout();
    const token = await tokenOf(agentId);
    const { statements } = (await ask(token, '/v1/agent/statements')).json<{
      statements: { period: string; sha256: string }[];
    }>();
    // 1,000.00 for services: 800.00 are deducted, 20% of the rest.
    expect(statements[0]).toMatchObject({
      period: '2027-05',
      outcome: 'paid',
      monthEarnedFen: 100_000,
      carriedFen: 0,
      balanceFen: 100_000,
      taxKind: 'person',
      taxIncomeFen: 100_000,
      taxRateBp: 2_000,
      taxWithheldFen: 4_000,
    });
    const file = await ask(token, '/v1/agent/statements/2027-05.csv');
    expect(file.statusCode).toBe(200);
    expect(createHash('sha256').update(file.body, 'utf8').digest('hex')).toBe(
      statements[0]?.sha256,
    );
    expect(file.headers['x-content-sha256']).toBe(statements[0]?.sha256);
    expect(file.body).toContain(`${merchantNo(25)},营销员,2,10000000,2000000,100000,0\r\n`);
    expect(file.body).toContain("代理,'=公式");
    for (const table of ['commission_statement_file', 'commission_statement_part'])
      for (const change of [`update ${table} set period = period`, `delete from ${table}`])
        await expect(cloud.deps.db.execute(sql.raw(change))).rejects.toThrow();
    // A refund after finality is carried: the next statement is negative, and the one after earns it off.
    await cloud.deps.db.execute(sql`
      insert into agent_commission_back (operator_id, merchant_id, order_id, refund_no, role, agent_id,
        amount_fen, ledger_date)
      values (${operatorId}, ${merchantNo(25)}, ${orderId}, 1, 'marketer', ${agentId}, 50000, '2027-06-10')`);
    clock.advanceTo(dayStartMs('2027-07-01'));
    await payout();
    clock.advanceTo(dayStartMs('2027-07-02'));
    await sell(25, [{ amountFen: 5_000_000 }, { amountFen: 5_000_000 }]);
    clock.advance(hold);
    await finalise();
    clock.advanceTo(dayStartMs('2027-08-01'));
    await payout();
    const later = (await ask(token, '/v1/agent/statements')).json<{ statements: object[] }>();
    expect(later.statements.slice(0, 2)).toMatchObject([
      {
        period: '2027-07',
        outcome: 'paid',
        monthEarnedFen: 100_000,
        carriedFen: -50_000,
        balanceFen: 50_000,
      },
      {
        period: '2027-06',
        outcome: 'carried-negative',
        monthBackFen: 50_000,
        balanceFen: -50_000,
        taxWithheldFen: 0,
      },
    ]);
  });

  it('of a company names no tax', async () => {
    const agentId = await newAgent('公司');
    await agreed('PUT', `/admin/v1/agents/${agentId}/tax-kind`, { taxKind: 'company' });
    await sign(agentId, 'marketer', merchantNo(26), { from: '2027-08-01' });
    await cloud.deps.db.execute(sql`
      insert into agent_payee (operator_id, agent_id, sealed) values (${operatorId}, ${agentId}, ${'sealed '.repeat(10)})`);
    clock.advanceTo(dayStartMs('2027-08-02'));
    await sell(26, [{ amountFen: 5_000_000 }]);
    clock.advance(hold);
    await finalise();
    clock.advanceTo(dayStartMs('2027-09-01'));
    await payout();
    const { statements } = (await ask(await tokenOf(agentId), '/v1/agent/statements')).json<{
      statements: object[];
    }>();
    expect(statements[0]).toMatchObject({
      outcome: 'paid',
      balanceFen: 50_000,
      taxKind: 'company',
      taxIncomeFen: 0,
      taxWithheldFen: 0,
    });
  });
});
