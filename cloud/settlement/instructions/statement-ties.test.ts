import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import {
  createInstructionBench,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';
import { makeStatement, statementPart } from '#cloud/settlement/settlement-statement.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

let bench: InstructionBench;
beforeAll(async () => {
  bench = await createInstructionBench();
});
afterAll(() => bench.pay.close());

it("a day's statement ties to the ledger to the fen, says what was instructed, and never changes", async () => {
  const { deps, till, clock } = bench.pay;
  const { db } = deps;
  const ledgerDate = accountingDate(clock.nowMs());
  const first = await bench.sell(10_300, 300);
  await bench.sell(3_333);
  await bench.settle();
  const words = { cashier: '小王', reason: '退货' };
  const asked = { orderId: first.orderId, refundNo: 1, amountFen: 1_030, ...words };
  getOrThrow(await askRefund(deps, till, asked));
  const day = { operatorId: till.operatorId, merchantId: till.merchantId, ledgerDate };
  expect(await makeStatement(db, day, clock.nowMs())).toMatchObject({
    error: { type: 'day-not-over' },
  });
  clock.advance(2 * 86_400_000);
  const both = await Promise.all([1, 2].map(() => makeStatement(db, day, clock.nowMs())));
  const [made, again] = both.map(getOrThrow);
  expect(again).toEqual(made);
  const read = async () => {
    let text = '';
    for (let partNo = 1; partNo <= made!.partCount; partNo += 1)
      text += await statementPart(db, { ...day, partNo });
    return text;
  };
  const text = await read();
  expect(createHash('sha256').update(text, 'utf8').digest('hex')).toBe(made!.sha256);
  const [head, ...lines] = text.slice(1).trimEnd().split('\r\n');
  expect(lines).toHaveLength(4);
  const heads = head!.split(',');
  const total = (name: string) => Number(lines.at(-1)!.split(',')[heads.indexOf(name)]);
  const entries = async (account: string, kinds: readonly string[]) => {
    const { rows } = await db.execute<{ fen: number }>(sql`
      select coalesce(sum(e.amount_fen), 0)::bigint as fen
        from ledger_entry e join ledger_txn t on t.operator_id = e.operator_id and t.txn_no = e.txn_no
       where t.book = ${till.merchantId} and e.account = ${account}
         and t.kind = any(${sql.param([...kinds])}::text[])`);
    return rows[0]?.fen ?? 0;
  };
  expect(total('当日货款(分)')).toBe(await entries('merchant_payable', ['channel-sale', 'refund']));
  expect(total('券补贴(分)')).toBe(
    await entries('merchant_payable', ['voucher-subsidy', 'voucher-return']),
  );
  expect(total('让利(分)')).toBe(await entries('concession_pending', ['channel-sale', 'refund']));
  expect(total('结算保留款(分)') - total('让利(分)')).toBe(
    await entries('merchant_reserve', ['channel-sale', 'refund']),
  );
  expect(total('退款(分)')).toBe(1_030);
  // 0.60 % of 100.00 and of 33.33, rounded half up.
  expect(total('预计手续费(分)')).toBe(60 + 20);
  const lineOfFirst = lines.find((line) => line.startsWith(first.orderId));
  expect(lineOfFirst).toContain('券补贴:完成 当日货款:完成');
  await bench.finalise();
  await bench.settle();
  expect(await read()).toBe(text);
  await expect(db.execute(sql`update settlement_statement_part set csv = ''`)).rejects.toThrow();
});
