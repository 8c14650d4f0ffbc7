import { readdirSync, readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { testOperatorToken } from '#cloud/platform/testing/test-cloud.ts';
import { putPointsConfig } from '#cloud/points/points-config-store.ts';
import {
  agentNode,
  memberNode,
  merchantNode,
  noteRelations,
} from '#cloud/relations/relation-store.ts';
import { merchantNo } from '#cloud/settlement/testing/paid-orders.ts';
import { newId, type AgentId } from '#shared/ids/ids.ts';
import { defaultPointsConfig } from '#shared/points/points-config.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';
import { addMonths } from '#shared/time/period.ts';
import {
  clock,
  cloud,
  operatorId,
  newAgent,
  sign,
  place,
  sell,
  finalise,
  payout,
  admin,
  tokenOf,
  ask,
  earnedBy,
  hold,
} from '#cloud/commissions/testing/agent-bench.ts';

describe('an upline', () => {
  const words = /parent|upline|sponsor|superior|ancestor|upper_|_level|downline|team_/;

  it('has no column anywhere, and no agent points at another one', async () => {
    const { rows } = await cloud.deps.db.execute<{ name: string }>(sql`
      select table_name || '.' || column_name as name from information_schema.columns
       where table_schema = 'public'`);
    expect(rows.length).toBeGreaterThan(300);
    expect(rows.map((row) => row.name).filter((name) => words.test(name))).toEqual([]);
    const { rows: links } = await cloud.deps.db.execute<{ table: string; columns: string[] }>(sql`
      select c.table_name as "table", array_agg(c.column_name::text) as columns
        from information_schema.columns c
       where c.table_schema = 'public' and c.column_name like '%agent%'
       group by 1 having count(*) filter (where c.column_name like '%agent_id%') > 1`);
    expect(links).toEqual([]);
    const { rows: keys } = await cloud.deps.db.execute(sql`
      select conrelid::regclass::text as "from" from pg_constraint
       where contype = 'f' and confrelid = 'agent'::regclass and conrelid = 'agent'::regclass`);
    expect(keys).toEqual([]);
    // The planted violation: the same words find it.
    expect(words.test('agent.parent_agent_id')).toBe(true);
  });

  it('stands in no migration either', () => {
    const folder = new URL('../migrations/', import.meta.url);
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.sql'))) {
      const text = readFileSync(new URL(file, folder), 'utf8').replaceAll(/--.*$/gm, '');
      expect(text, file).not.toMatch(/parent_|upline|sponsor|downline/);
    }
  });
});

describe('who earns on a final sale', () => {
  it('is the contract of the day of the sale: shop, district and province, and nobody above them', async () => {
    const [marketer, region, province, next] = await Promise.all(
      ['甲', '乙', '丙', '丁'].map((name) => newAgent(name)),
    );
    await place(11, '510107');
    await sign(marketer!, 'marketer', merchantNo(11), { to: '2026-01-03' });
    await sign(next!, 'marketer', merchantNo(11), { from: '2026-01-03' });
    await sign(region!, 'region', '510107');
    await sign(province!, 'province', '51');
    const [first] = await sell(11, [{ amountFen: 100_000 }]);
    clock.advanceTo(dayStartMs('2026-01-03'));
    const [second] = await sell(11, [{ amountFen: 100_000 }]);
    clock.advance(hold);
    await finalise();
    expect(await earnedBy(first!)).toEqual({ marketer: 1_000, region: 600, province: 400 });
    const { rows } = await cloud.deps.db.execute<{ agent_id: string }>(sql`
      select agent_id from agent_commission where role = 'marketer'
       and order_id = any(${sql.param([first, second])}::text[]) order by order_id`);
    expect(rows.map((row) => row.agent_id)).toEqual([marketer, next]);
  });

  it("is nobody for a purchase at one's own shop, and no agent at a shop or for a member of his own", async () => {
    const [owner, agent] = [newId('mbr', cloud.deps), await newAgent('自营')];
    const [friend, stranger] = [newId('mbr', cloud.deps), newId('mbr', cloud.deps)];
    const other = await newAgent('区县');
    await place(12, '110101');
    await sign(agent, 'marketer', merchantNo(12));
    await sign(other, 'region', '110101');
    const [atOwn, ofFriend, ofStranger] = await sell(
      12,
      [owner, friend, stranger].map((memberId) => ({ amountFen: 100_000, memberId })),
    );
    // Learnt during the hold.
    await cloud.deps.db.transaction((tx) =>
      noteRelations(tx, {
        operatorId,
        edges: [
          { from: memberNode(owner), to: merchantNode(merchantNo(12)), relation: 'owner' },
          { from: agentNode(agent), to: 'payout:aa', relation: 'payout' },
          { from: memberNode(friend), to: 'payout:aa', relation: 'payout' },
        ],
        source: 'operator',
        by: '王芳',
        note: '营业执照',
        nowMs: clock.nowMs(),
      }),
    );
    clock.advance(hold);
    await finalise();
    expect(await earnedBy(atOwn!)).toEqual({});
    expect(await earnedBy(ofFriend!)).toEqual({ region: 600 });
    expect(await earnedBy(ofStranger!)).toEqual({ marketer: 1_000, region: 600 });
    const { rows } = await cloud.deps.db.execute<{ agent_id: string; path: string[] }>(sql`
      select agent_id, path from agent_pay_refused where order_id = ${ofFriend}`);
    expect(rows).toEqual([{ agent_id: agent, path: ['payout', 'payout'] }]);
  });

  it('is paid by concession or by flow, each under its cap, and never more than 20% of the concession', async () => {
    const agents = await Promise.all(['流甲', '流乙', '流丙'].map((name) => newAgent(name)));
    await place(13, '440305');
    await sign(agents[0]!, 'marketer', merchantNo(13));
    await sign(agents[1]!, 'region', '440305');
    await sign(agents[2]!, 'province', '44');
    const [before] = await sell(13, [{ amountFen: 100_000, bp: 300 }]);
    await cloud.deps.db.transaction(async (tx) =>
      getOrThrow(
        await putPointsConfig(tx, {
          operatorId,
          effectivePeriod: '2026-02',
          config: { ...defaultPointsConfig, agentMode: 'flow' },
          proposedBy: '王芳',
          approvedBy: '李明',
        }),
      ),
    );
    clock.advanceTo(dayStartMs('2026-02-02'));
    const [low, high] = await sell(13, [
      { amountFen: 100_000, bp: 300 },
      { amountFen: 100_000, bp: 2_000 },
    ]);
    clock.advance(hold);
    await finalise();
    expect(await earnedBy(before!)).toEqual({ marketer: 150, region: 90, province: 60 });
    expect(await earnedBy(low!)).toEqual({ marketer: 100, region: 200, province: 300 });
    expect(await earnedBy(high!)).toEqual({ marketer: 500, region: 1_000, province: 1_500 });
    await cloud.deps.db.transaction(async (tx) =>
      getOrThrow(
        await putPointsConfig(tx, {
          operatorId,
          effectivePeriod: '2026-03',
          config: defaultPointsConfig,
          proposedBy: '王芳',
          approvedBy: '李明',
        }),
      ),
    );
  });
});

describe('the year of a marketer', () => {
  it('with ten shops of 100,000.00 concession a month is 600,000.00, shown live and stated month by month', async () => {
    const agentId = await newAgent('十店');
    for (let shop = 1; shop <= 10; shop += 1)
      await sign(agentId, 'marketer', merchantNo(shop), { from: '2026-04-01' });
    const token = await tokenOf(agentId);
    for (let month = 0; month < 12; month += 1) {
      const period = addMonths('2026-04', month);
      clock.advanceTo(dayStartMs(`${period}-02`));
      // 500,000.00 of flow at 20% in ten sales.
      for (let shop = 1; shop <= 10; shop += 1)
        await sell(
          shop,
          Array.from({ length: 10 }, () => ({ amountFen: 5_000_000 })),
        );
      if (month === 0) {
        const shops = (await ask(token, '/v1/agent/merchants')).json<{ merchants: object[] }>();
        expect(shops.merchants).toHaveLength(10);
        const day = {
          orderCount: 10,
          flowFen: 50_000_000,
          concessionFen: 10_000_000,
          commissionFen: 0,
        };
        expect(shops.merchants[0]).toMatchObject({ today: day, month: day, pendingFen: 500_000 });
      }
      clock.advance(hold);
      await finalise();
      expect((await ask(token, '/v1/agent')).json()).toMatchObject({
        commissionTodayFen: 5_000_000,
        commissionMonthFen: 5_000_000,
        shopCount: 10,
      });
      clock.advanceTo(dayStartMs(`${addMonths(period, 1)}-01`));
      await payout();
    }
    const { statements } = (await ask(token, '/v1/agent/statements')).json<{
      statements: {
        monthEarnedFen: number;
        carriedFen: number;
        balanceFen: number;
        outcome: string;
      }[];
    }>();
    const ofYear = statements.filter((one) => one.monthEarnedFen > 0);
    expect(ofYear).toHaveLength(12);
    expect(ofYear.reduce((sum, one) => sum + one.monthEarnedFen, 0)).toBe(60_000_000);
    expect(ofYear[0]).toMatchObject({ outcome: 'no-payee', balanceFen: 60_000_000 });
  }, 120_000);
});

const shopsOf = async (agentId: AgentId) =>
  (await ask(await tokenOf(agentId), '/v1/agent/merchants'))
    .json<{ merchants: { merchantId: string; month: { flowFen: number } }[] }>()
    .merchants.map((shop) => [shop.merchantId, shop.month.flowFen]);

describe("an agent's token", () => {
  it("shows his own shops, on the days that are his, and nobody else's", async () => {
    const [mine, theirs] = [await newAgent('我'), await newAgent('他')];
    await sign(mine, 'marketer', merchantNo(21), { from: '2027-04-01', to: '2027-04-06' });
    await sign(theirs, 'marketer', merchantNo(21), { from: '2027-04-06' });
    await sign(theirs, 'marketer', merchantNo(22), { from: '2027-04-01' });
    clock.advanceTo(dayStartMs('2027-04-05'));
    await sell(21, [{ amountFen: 10_000 }]);
    clock.advanceTo(dayStartMs('2027-04-06'));
    await sell(21, [{ amountFen: 70_000 }]);
    await sell(22, [{ amountFen: 30_000 }]);
    expect(await shopsOf(mine)).toEqual([[merchantNo(21), 10_000]]);
    expect(await shopsOf(theirs)).toEqual([
      [merchantNo(21), 70_000],
      [merchantNo(22), 30_000],
    ]);
  });

  it('is told once, ends with the next one, and opens nothing but his four routes', async () => {
    const agentId = await newAgent('令牌');
    const first = await tokenOf(agentId);
    const second = await tokenOf(agentId);
    expect((await ask(first, '/v1/agent')).statusCode).toBe(401);
    expect((await ask(second, '/v1/agent')).statusCode).toBe(200);
    expect((await ask(second, '/admin/v1/points-holds')).statusCode).toBe(401);
    for (const token of ['', 'agt_', `agt_${'A'.repeat(43)}`, testOperatorToken])
      expect((await ask(token, '/v1/agent/statements')).json()).toMatchObject({
        code: 'agent-token-invalid',
      });
    await admin('DELETE', `/admin/v1/agents/${agentId}/token`);
    expect((await ask(second, '/v1/agent')).statusCode).toBe(401);
    const { rows } = await cloud.deps.db.execute<{ t: string }>(
      sql`select row_to_json(t)::text as t from agent_token t`,
    );
    for (const { t } of rows) expect(t).not.toContain(second.slice(4));
  });
});
