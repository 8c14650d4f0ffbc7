import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cloudTally } from '#cloud/orders/cloud-tally.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';
import {
  createInstructionBench,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';
import { settlementsOfDate } from '#cloud/settlement/settlement-day.ts';
import { makeStatement, statementPart } from '#cloud/settlement/settlement-statement.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, dayStartMs } from '#shared/time/calendar-day.ts';

let bench: InstructionBench;
beforeAll(async () => {
  bench = await createInstructionBench();
});
afterAll(() => bench.pay.close());

/** A refund to its end: the share comes back first. */
const back = async (orderId: OrderId, refundNo: number, amountFen: number) => {
  const { deps, till } = bench.pay;
  const asked = { orderId, refundNo, amountFen, cashier: '小王', reason: '退货' };
  getOrThrow(await askRefund(deps, till, asked));
  await bench.settle(600_000);
  await runRefundsOnce(deps);
};

it("a day's statement ties to the ledger to the fen, says what was instructed, and never changes", async () => {
  const { deps, till, clock } = bench.pay;
  const { db } = deps;
  const ledgerDate = accountingDate(clock.nowMs());
  const first = await bench.sell(10_300, 300);
  await bench.sell(3_333);
  await bench.settle();
  await back(first.orderId, 1, 1_030);
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

it('refunds of earlier days’ orders stand on the day they are booked: the file, the till’s line and the ledger agree to the fen', async () => {
  const { deps, till, clock } = bench.pay;
  const { db } = deps;
  const dayOf = () => accountingDate(clock.nowMs());
  const held = await bench.sell(20_600, 600);
  const final = await bench.sell(7_777);
  await bench.finalise();
  const late = await bench.sell(5_000);
  await bench.settle();
  clock.advance(86_400_000);
  const ledgerDate = dayOf();
  // One under hold since yesterday, in two parts; two that are final and released, one of them with vouchers.
  await back(late.orderId, 1, 1_111);
  await back(late.orderId, 2, 999);
  await back(held.orderId, 1, 10_300);
  await back(final.orderId, 1, 7_777);
  expect(dayOf()).toBe(ledgerDate);
  const { operatorId, merchantId } = till;
  const [admin] = await settlementsOfDate(db, { operatorId, ledgerDate });
  const tally = await cloudTally(db, { operatorId, merchantId, businessDate: ledgerDate });
  expect(admin).toMatchObject({
    orderCount: 0,
    refundCount: 4,
    refundFen: 1_111 + 999 + 10_300 + 7_777,
    // 80 % of 50.00, recomputed on what is left: 28.90 -> 23.12; the final ones as they went back.
    sameDayFen: -(4_000 - 2_312) - 10_000 - 7_777,
    subsidyFen: -300,
  });
  expect(sumsOf(tally)).toEqual(sumsOf(admin!));
  clock.advance(2 * 86_400_000);
  const day = { operatorId, merchantId, ledgerDate };
  const made = getOrThrow(await makeStatement(db, day, clock.nowMs()));
  let text = '';
  for (let partNo = 1; partNo <= made.partCount; partNo += 1)
    text += await statementPart(db, { ...day, partNo });
  const [head, ...lines] = text.slice(1).trimEnd().split('\r\n');
  expect(lines).toHaveLength(5);
  const heads = head!.split(',');
  const total = (name: string) => Number(lines.at(-1)!.split(',')[heads.indexOf(name)]);
  expect({
    sameDayFen: total('当日货款(分)'),
    reserveFen: total('结算保留款(分)'),
    subsidyFen: total('券补贴(分)'),
    concessionFen: total('让利(分)'),
  }).toEqual(sumsOf(admin!));
  const { rows } = await db.execute<{ kind: string; account: string; fen: number }>(sql`
    select t.kind, e.account, sum(e.amount_fen)::bigint as fen from ledger_entry e
      join ledger_txn t on t.operator_id = e.operator_id and t.txn_no = e.txn_no
     where t.book = ${merchantId} and t.kind in ('refund', 'voucher-return')
       and t.idem_key like any (array['%:1', '%:2']) and t.event_at_ms >= ${dayStartMs(ledgerDate)}
     group by 1, 2`);
  const entry = (kind: string, account: string) =>
    rows.find((row) => row.kind === kind && row.account === account)?.fen ?? 0;
  expect(entry('refund', 'merchant_payable')).toBe(admin!.sameDayFen);
  expect(entry('voucher-return', 'merchant_payable')).toBe(admin!.subsidyFen);
  expect(entry('refund', 'concession_pending')).toBe(admin!.concessionFen);
  expect(entry('refund', 'merchant_reserve')).toBe(admin!.reserveFen - admin!.concessionFen);
  expect(await bench.broken()).toEqual([]);
});

type Sums = Readonly<Record<'sameDayFen' | 'reserveFen' | 'subsidyFen' | 'concessionFen', number>>;
const sumsOf = ({ sameDayFen, reserveFen, subsidyFen, concessionFen }: Sums): Sums => ({
  sameDayFen,
  reserveFen,
  subsidyFen,
  concessionFen,
});
