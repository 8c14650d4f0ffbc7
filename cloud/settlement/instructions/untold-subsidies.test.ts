import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';
import { runInstructionsOnce } from '#cloud/settlement/instructions/instruction-worker.ts';
import { settlementsOfDate } from '#cloud/settlement/settlement-day.ts';
import {
  createInstructionBench,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';

let bench: InstructionBench;
beforeAll(async () => {
  bench = await createInstructionBench();
});
afterAll(() => bench.pay.close());

/** 券补贴 of today as the operator reads it: all of it, and what no channel was told of. */
const subsidies = async () => {
  const { db, clock } = bench.pay.deps;
  const ledgerDate = accountingDate(clock.nowMs());
  const days = await settlementsOfDate(db, { operatorId: bench.pay.till.operatorId, ledgerDate });
  return days.map(({ subsidyFen, subsidyUntoldFen }) => [subsidyFen, subsidyUntoldFen]);
};

it('what a channel pays the merchant for vouchers is told apart from what somebody else must pay him', async () => {
  await bench.sell(10_000, 1_500);
  expect(await subsidies()).toEqual([[1_500, 0]]);
  // From here on the channel is one that cannot subsidise, as all are but WeChat Pay's partners.
  await bench.pay.deps.db.execute(sql`update channel_settlement set subsidises = false`);
  await bench.sell(10_000, 2_000);
  const sold = await bench.sell(10_000, 400);
  expect(await subsidies()).toEqual([[3_900, 2_400]]);
  expect((await bench.instructions()).filter(({ kind }) => kind === 'subsidy')).toHaveLength(1);

  // A refund takes its part of the vouchers back, and out of both.
  const words = { cashier: '小王', reason: '退货' };
  const asked = { orderId: sold.orderId, refundNo: 1, amountFen: 10_000, ...words };
  getOrThrow(await askRefund(bench.pay.deps, bench.pay.till, asked));
  for (let minute = 0; minute < 30; minute += 1) {
    await runInstructionsOnce(bench.worker());
    await runRefundsOnce(bench.pay.deps);
    bench.pay.clock.advance(60_000);
  }
  expect(await subsidies()).toEqual([[3_500, 2_000]]);
});
