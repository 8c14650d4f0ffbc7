import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { openPayeeVault } from '#cloud/commissions/payee-vault.ts';
import { merchantNo } from '#cloud/settlement/testing/paid-orders.ts';
import { newId, type AgentId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import {
  admin,
  agreed,
  clock,
  cloud,
  earnedBy,
  finalise,
  hold,
  newAgent,
  operatorId,
  sell,
} from '#cloud/commissions/testing/agent-bench.ts';

const why = '按签好的合同办理，原件已存档';
const contract = { role: 'region', scope: '510107', validFrom: '2026-01-01' };
const nobodys = 'agt_01J00000000000000000000000';

const count = async (table: 'agent_contract' | 'agent_payee' | 'two_person_act') =>
  (
    await cloud.deps.db.execute<{ count: number }>(
      sql`select count(*) as count from ${sql.raw(table)}`,
    )
  ).rows[0]!.count;

describe('a contract of an agent', () => {
  it('earns on the next final order of its district once two people made it, and not before', async () => {
    const added = await admin('POST', '/admin/v1/agents', { name: '成都武侯' });
    const { agentId } = added.json<{ agentId: string }>();
    const body = { agentId, ...contract, why };
    const proposed = await admin('POST', '/admin/v1/agent-contracts', body);
    expect(proposed.statusCode).toBe(202);
    expect(await count('agent_contract')).toBe(0);
    const { actNo } = proposed.json<{ actNo: number }>();
    const agree = `/admin/v1/acts/${actNo}/agree`;
    expect((await admin('POST', agree, { note: '核对过' }, 0)).json()).toMatchObject({
      code: 'policy-same-person',
    });
    expect(await count('agent_contract')).toBe(0);
    // The same is proposed once at a time.
    expect((await admin('POST', '/admin/v1/agent-contracts', body, 1)).statusCode).toBe(409);
    const done = await admin('POST', agree, { note: '核对过' }, 1);
    expect(done.json()).toMatchObject({
      state: 'done',
      outcome: { contractId: expect.stringMatching(/^ctr_/) },
    });
    await agreed('PUT', `/admin/v1/merchants/${merchantNo(3)}/territory`, {
      districtCode: '510107',
    });
    const [order] = await sell(3, [{ amountFen: 100_000 }]);
    clock.advance(hold);
    await finalise();
    expect(await earnedBy(order!)).toEqual({ region: 600 });
    expect((await admin('POST', '/admin/v1/agent-contracts', body)).statusCode).toBe(409);
  });

  it.each([
    ['a scope of another role', { scope: '51' }, 400],
    ['an end before its beginning', { validTo: '2025-01-01' }, 400],
    ['a day that does not exist', { validFrom: '2026-02-30' }, 400],
    ['an agent nobody knows', { scope: '510108' }, 404],
    ['no reason', { why: '' }, 400],
  ])('is refused when it is proposed, with %s, and leaves no trace', async (_, change, status) => {
    const before = await count('two_person_act');
    const body = { agentId: nobodys, ...contract, why, ...change };
    expect((await admin('POST', '/admin/v1/agent-contracts', body)).statusCode).toBe(status);
    expect(await count('two_person_act')).toBe(before);
  });
});

describe('where and when an agent is paid', () => {
  it('is what two people said; the account is sealed and shown by its end alone', async () => {
    const agentId = await newAgent('收款人');
    const path = `/admin/v1/agents/${agentId}/payee`;
    const proposed = await admin('PUT', path, { payee: 'oUpF8uMuAJO_M2pxb1Q9', why });
    expect(proposed.json()).toMatchObject({ what: { endsWith: 'b1Q9' } });
    expect(proposed.body).not.toContain('oUpF8u');
    expect(await count('agent_payee')).toBe(0);
    const { actNo } = proposed.json<{ actNo: number }>();
    const withdrawn = await admin('POST', `/admin/v1/acts/${actNo}/withdraw`, { note: '打错了' });
    expect(withdrawn.json()).toMatchObject({ state: 'withdrawn' });
    expect(
      (await admin('POST', `/admin/v1/acts/${actNo}/agree`, { note: '好的呀' }, 1)).json(),
    ).toMatchObject({ code: 'policy-proposal-ended' });
    await agreed('PUT', path, { payee: 'oUpF8uMuAJO_M2pxb2Q9', payeeName: '张三' });
    const { rows } = await cloud.deps.db.execute<{ sealed: string }>(sql`
      select sealed from agent_payee where operator_id = ${operatorId} and agent_id = ${agentId}`);
    expect(getOrThrow(openPayeeVault(cloud.deps).open(rows[0]!.sealed, agentId))).toEqual({
      account: 'oUpF8uMuAJO_M2pxb2Q9',
      name: '张三',
    });
  });

  it('changes its day and its sum by two people too', async () => {
    const terms = { channel: 'wechat', dayOfMonth: 5, thresholdFen: 20_000 };
    await agreed('PUT', '/admin/v1/payout-terms', terms);
    const { rows } = await cloud.deps.db.execute(
      sql`select channel, day_of_month as "dayOfMonth", threshold_fen as "thresholdFen"
            from payout_terms where operator_id = ${operatorId}`,
    );
    expect(rows).toEqual([terms]);
  });

  const payee = `/admin/v1/agents/${nobodys}/payee`;
  const terms = { channel: 'wechat', dayOfMonth: 1, thresholdFen: 1, why };
  it.each([
    ['a payee of nobody', payee, { payee: 'x', why }, 404],
    ['a payee without an account', payee, { payee: '', why }, 400],
    ['a payee that is too long', payee, { payee: 'x'.repeat(65), why }, 400],
    ['the tax of nobody', `/admin/v1/agents/${nobodys}/tax-kind`, { taxKind: 'person', why }, 404],
    [
      'terms of a day that not each month has',
      '/admin/v1/payout-terms',
      { ...terms, dayOfMonth: 29 },
      400,
    ],
    ['terms without a threshold', '/admin/v1/payout-terms', { ...terms, thresholdFen: 0 }, 400],
    ['terms without a reason', '/admin/v1/payout-terms', { ...terms, why: undefined }, 400],
  ])('%s is refused', async (_, url, body, status) => {
    expect((await admin('PUT', url, body)).statusCode).toBe(status);
  });
});

describe('acts of two people', () => {
  it('are listed newest first, those that wait apart, and nothing is done for a stranger', async () => {
    const agentId: AgentId = await newAgent('待定');
    const waits = await admin('PUT', `/admin/v1/agents/${agentId}/tax-kind`, {
      taxKind: 'company',
      why,
    });
    const listed = await admin('GET', '/admin/v1/acts?state=proposed');
    const { acts } = listed.json<{ acts: { actNo: number; subject: string }[] }>();
    expect(acts.map((act) => act.subject)).toEqual([agentId]);
    const { actNo } = waits.json<{ actNo: number }>();
    const before = await admin('GET', `/admin/v1/acts?before=${actNo}`);
    expect(before.json<{ acts: { actNo: number }[] }>().acts[0]?.actNo).toBe(actNo - 1);
    const unknown = await admin('POST', `/admin/v1/acts/${actNo + 1}/agree`, { note: '好的呀' }, 1);
    expect(unknown.statusCode).toBe(404);
    // Of two who agree at the same moment one does it.
    const both = await Promise.all(
      [1, 1].map(() => admin('POST', `/admin/v1/acts/${actNo}/agree`, { note: '好的呀' }, 1)),
    );
    expect(both.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 409]);
  });

  it('of a person whose key ended are not agreed to: he may be the one who agrees, by another key', async () => {
    const agentId = await newAgent('换钥匙');
    const url = `/admin/v1/agents/${agentId}/tax-kind`;
    const { actNo, proposedBy } = (await admin('PUT', url, { taxKind: 'person', why })).json<{
      actNo: number;
      proposedBy: string;
    }>();
    const ended = (atMs: number | null) =>
      cloud.deps.db.execute(sql`
        update operator_person set ended_at_ms = ${atMs} where person_id = ${proposedBy}`);
    await ended(clock.nowMs());
    const agree = () => admin('POST', `/admin/v1/acts/${actNo}/agree`, { note: '好的呀' }, 1);
    expect((await agree()).json()).toMatchObject({ code: 'policy-proposal-ended' });
    await ended(null);
    expect((await agree()).statusCode).toBe(200);
  });

  it('cannot be written as done by one person alone, not even in the database', async () => {
    const alone = cloud.deps.db.execute(sql`
      insert into two_person_act (operator_id, act_no, kind, subject, what, why, proposed_by,
        proposed_at_ms, state, ended_by, ended_at_ms, ended_note, outcome)
      values (${operatorId}, 9999, 'x', ${newId('agt', cloud.deps)}, '{}', '0123456789', 'prs_1', 1,
        'done', 'prs_1', 1, 'yes', '{}')`);
    await expect(alone).rejects.toThrow();
  });
});
