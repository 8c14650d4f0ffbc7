import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { readBalances } from '#cloud/ledger/balances.ts';
import { proveBooks } from '#cloud/proof/proof-run.ts';
import { bookRefund } from '#cloud/refunds/book-refund.ts';
import { insertRefund, type KeptRefund } from '#cloud/refunds/refund-store.ts';
import { readVelocityRules, saveVelocityRules } from '#cloud/review/velocity-store.ts';
import { merchantNo } from '#cloud/settlement/testing/paid-orders.ts';
import {
  newId,
  type AgentId,
  type MerchantId,
  type OrderId,
  type TerminalId,
} from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, dayStartMs } from '#shared/time/calendar-day.ts';
import {
  admin,
  ask,
  clock,
  cloud,
  finalise,
  hold,
  newAgent,
  operatorId,
  payout,
  sell,
  sign,
  tokenOf,
} from '#cloud/commissions/testing/agent-bench.ts';

/** The third sale of a member at one shop on one day waits for people. */
beforeAll(async () => {
  const { db } = cloud.deps;
  const rules = await readVelocityRules(db, operatorId);
  await saveVelocityRules(db, {
    operatorId,
    rules: { ...rules, memberShopDay: { act: 'hold', count: 3 } },
    by: '测试',
    nowMs: clock.nowMs(),
  });
});

const natural = async (account: string) =>
  (await readBalances(cloud.deps.db, { operatorId })).find((one) => one.account === account)
    ?.balanceFen ?? 0;
const backOf = async (orderId: string) =>
  (
    await cloud.deps.db.execute<{ fen: number }>(sql`
      select coalesce(sum(amount_fen), 0)::bigint as fen from agent_commission_back
       where order_id = ${orderId}`)
  ).rows[0]!.fen;
const decide = (orderId: string, verdict: 'released' | 'refused') =>
  admin('POST', `/admin/v1/points-holds/${orderId}/decision`, { verdict, note: '已电话核实' });
const brokenLaws = async () =>
  (await proveBooks(cloud.deps)).filter(({ holds }) => !holds).map(({ name }) => name);

/** Three sales of one member at a shop whose marketer earns 1,000 fen on each; the third one is held. */
async function threeSales(shop: number): Promise<{ agentId: AgentId; held: string }> {
  const agentId = await newAgent(`市场${shop}`);
  await sign(agentId, 'marketer', merchantNo(shop), { from: '2025-12-01' });
  const memberId = newId('mbr', cloud.deps);
  const sales = await sell(
    shop,
    [1, 2, 3].map(() => ({ amountFen: 100_000, memberId })),
  );
  clock.advance(hold);
  await finalise();
  return { agentId, held: sales[2]! };
}

describe('an agent on a sale whose points people refuse', () => {
  it('keeps nothing of it: the whole is a negative on his next statement, and the contingency has it', async () => {
    const { agentId, held } = await threeSales(21);
    const [payable, contingency] = [await natural('agent_payable'), await natural('contingency')];
    expect(await backOf(held)).toBe(0);
    expect((await decide(held, 'refused')).statusCode).toBe(200);
    expect(await backOf(held)).toBe(1_000);
    expect(await natural('agent_payable')).toBe(payable - 1_000);
    expect(await natural('contingency')).toBe(contingency + 1_000);
    expect((await decide(held, 'refused')).statusCode).toBe(404);
    expect(await backOf(held)).toBe(1_000);
    clock.advanceTo(dayStartMs('2026-02-01'));
    await payout();
    const { statements } = (await ask(await tokenOf(agentId), '/v1/agent/statements')).json<{
      statements: object[];
    }>();
    expect(statements[0]).toMatchObject({ monthEarnedFen: 3_000, monthBackFen: 1_000 });
    expect(await brokenLaws()).toEqual([]);
  });

  it('keeps all of it when they let the points go', async () => {
    const { held } = await threeSales(22);
    expect((await decide(held, 'released')).statusCode).toBe(200);
    expect(await backOf(held)).toBe(0);
  });

  it('is not charged twice when the sale is refunded afterwards, nor when it was refunded in part before', async () => {
    const { held } = await threeSales(23);
    await decide(held, 'refused');
    await refund(held, 50_000);
    expect(await backOf(held)).toBe(1_000);
    const other = await threeSales(24);
    await refund(other.held, 50_000);
    expect(await backOf(other.held)).toBe(500);
    await decide(other.held, 'refused');
    expect(await backOf(other.held)).toBe(1_000);
    expect(await brokenLaws()).toEqual([]);
  });
});

/** Books a refund of a final sale whose money went back, as the worker does. */
async function refund(orderId: string, cashFen: number): Promise<void> {
  const nowMs = clock.nowMs();
  const { rows } = await cloud.deps.db.execute<{ merchant_id: MerchantId }>(sql`
    select merchant_id from settlement_line where order_id = ${orderId}`);
  const kept: KeptRefund = {
    operatorId,
    merchantId: rows[0]!.merchant_id,
    terminalId: 'trm_01J00000000000000000000001' as TerminalId,
    orderId: orderId as OrderId,
    refundNo: 1,
    how: 'channel',
    amountFen: fen(cashFen),
    cashFen: fen(cashFen),
    voucherFen: fen(0),
    cashier: '小王',
    reason: '',
    businessDate: accountingDate(nowMs),
    askedAtMs: nowMs,
    charge: { attempt: 1, outRefundNo: `${orderId}T1` },
    progress: { status: 'booking', fruitlessTries: 0, nextAtMs: nowMs, code: undefined },
    concessionFen: undefined,
    points: undefined,
  };
  await cloud.deps.db.transaction(async (tx) => {
    await insertRefund(tx, kept);
    getOrThrow(await bookRefund(tx, kept, nowMs));
  });
}
