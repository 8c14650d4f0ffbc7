import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LineFault } from '#cloud/channel-simulator/line.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';
import {
  confirmDecision,
  proposeDecision,
} from '#cloud/settlement/instructions/decide-instruction.ts';
import { openTooLongMs } from '#cloud/settlement/instructions/instruction-list.ts';
import { runInstructionsOnce } from '#cloud/settlement/instructions/instruction-worker.ts';
import {
  createInstructionBench,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';

/** Refunds that leave nothing of a subsidy before it was paid: the charge was marked for it, and the mark must go. */
let bench: InstructionBench;
beforeEach(async () => {
  bench = await createInstructionBench();
});
afterEach(() => bench.pay.close());

/** Asks for a refund, and lets both workers end it; while it is open nothing but a return leaves. */
const refund = async (orderId: OrderId, amountFen: number, refundNo = 1) => {
  const { deps, till } = bench.pay;
  const words = { cashier: '小王', reason: '退货' };
  getOrThrow(await askRefund(deps, till, { orderId, refundNo, amountFen, ...words }));
  for (let left = 10; left > 0; left -= 1) {
    const { rows } = await deps.db.execute<{ status: string }>(sql`
      select status from order_refund where order_id = ${orderId} and refund_no = ${refundNo}`);
    if (rows[0]?.status === 'done') return;
    await runInstructionsOnce(bench.worker());
    await runRefundsOnce(deps);
    bench.pay.clock.advance(1_000);
  }
  throw new Error('a refund without an end');
};
const rowsOf = async () =>
  (await bench.instructions()).map((row) => [row.kind, row.state, row.amount_fen]);
const subsidies = () => bench.pay.simulator.money.subsidies;
const splits = () => bench.pay.simulator.money.splits;
const noneHeld = async () => {
  expect(await bench.balance('instruction_pending')).toBe(0);
  expect(await bench.balance('merchant_payable')).toBe(0);
  expect(await bench.broken()).toEqual([]);
};

describe('a sale undone before its subsidy was paid', () => {
  it('wholly: the mark is cancelled at the channel, nothing is paid, and nothing moves in the books for it', async () => {
    const { orderId } = await bench.sell(10_300, 300);
    await refund(orderId, 10_300);
    await bench.settle();
    expect(await rowsOf()).toEqual([
      ['subsidy', 'cancelled', 300],
      ['subsidy-cancel', 'done', 0],
      ['same-day', 'cancelled', 8_000],
    ]);
    expect(subsidies().all()).toEqual([]);
    expect(subsidies().cancelled()).toHaveLength(1);
    await noneHeld();
  });

  it('but for goods without vouchers: their share goes when the mark is gone, and not before', async () => {
    const { orderId } = await bench.sell(10_000, 1);
    await refund(orderId, 9_000);
    bench.pay.clock.advance(60_000);
    // The instruction that is not due any more makes place for the cancelling.
    await runInstructionsOnce(bench.worker());
    expect(splits().all()).toEqual([]);
    await bench.settle();
    expect(await rowsOf()).toEqual([
      ['subsidy', 'cancelled', 1],
      ['subsidy-cancel', 'done', 0],
      ['same-day', 'cancelled', 7_999],
      ['same-day', 'done', 799],
    ]);
    await bench.finalise();
    await bench.settle();
    await noneHeld();
  });

  const faults: readonly LineFault[] = ['lose-request', 'lose-answer', 'forge-answer', 'garbage'];
  it.each(faults)('%s, three times: asked again until it is certain, once', async (fault) => {
    const { orderId } = await bench.sell(10_000, 1);
    await refund(orderId, 9_000);
    let left = 3;
    bench.pay.simulator.setFaults(({ path }) => {
      if (left === 0 || !path.endsWith('subsidies/cancel')) return 'none';
      left -= 1;
      return fault;
    });
    await bench.settle();
    expect(left).toBe(0);
    const [, cancel, , share] = await bench.instructions();
    expect(cancel).toMatchObject({ kind: 'subsidy-cancel', state: 'done', sends: 4 });
    expect(share).toMatchObject({ kind: 'same-day', state: 'done' });
    expect(subsidies().cancelled()).toHaveLength(1);
    await noneHeld();
  });

  it('killed behind the mark that it was sent: sent again under the same number', async () => {
    const { orderId } = await bench.sell(10_300, 300);
    await refund(orderId, 10_300);
    await runInstructionsOnce(bench.worker());
    await bench.pay.deps.db.execute(sql`update channel_instruction set state = 'open', sends = 1,
      next_step = 'send', sent_at_ms = ${bench.pay.clock.nowMs()} where kind = 'subsidy-cancel'`);
    await bench.settle();
    const [, cancel] = await bench.instructions();
    expect(cancel).toMatchObject({ state: 'done', sends: 2 });
    await noneHeld();
  });

  it('whose subsidy the channel had refused for good: two people who send it again cancel it', async () => {
    const { orderId } = await bench.sell(10_300, 300);
    await refund(orderId, 1_030);
    // Somebody cancelled it in WeChat Pay's back office.
    const [line] = bench.pay.simulator.books();
    const named = { merchantNo: bench.pay.merchantNo, transactionId: line?.transactionId ?? '' };
    subsidies().cancel(named, bench.pay.clock.nowMs());
    await bench.settle();
    const failed = (await bench.instructions()).find((one) => one.state === 'failed');
    expect(failed).toMatchObject({ kind: 'subsidy', code: 'RULE_LIMIT', amount_fen: 270 });
    await refund(orderId, 9_270, 2);
    const key = {
      operatorId: bench.pay.till.operatorId,
      instructionNo: failed?.instruction_no ?? '',
    };
    const [one, two] = await bench.people();
    const { db } = bench.pay.deps;
    const nowMs = bench.pay.clock.nowMs();
    const evidence = '后台已取消补差，订单已全部退款';
    await proposeDecision(db, key, { how: 'retry', evidence, by: one, nowMs });
    expect(await confirmDecision(db, key, { by: two, note: '看过了', nowMs })).toMatchObject({
      ok: true,
    });
    await bench.settle();
    expect(await rowsOf()).toContainEqual(['subsidy-cancel', 'done', 0]);
    await noneHeld();
  });

  it('without an answer for an hour: two people may give the cancelling up, and the share goes its way', async () => {
    const { orderId } = await bench.sell(10_000, 1);
    await refund(orderId, 9_000);
    bench.pay.simulator.setFaults(({ path }) =>
      path.endsWith('subsidies/cancel') ? 'lose-answer' : 'none',
    );
    await bench.settle(openTooLongMs);
    bench.pay.clock.advance(openTooLongMs);
    const [, cancel] = await bench.instructions();
    expect(cancel).toMatchObject({ kind: 'subsidy-cancel', state: 'open' });
    const key = {
      operatorId: bench.pay.till.operatorId,
      instructionNo: cancel?.instruction_no ?? '',
    };
    const [one, two] = await bench.people();
    const { db } = bench.pay.deps;
    const nowMs = bench.pay.clock.nowMs();
    const evidence = '后台显示补差标识已取消';
    expect(await proposeDecision(db, key, { how: 'void', evidence, by: one, nowMs })).toMatchObject(
      { ok: true },
    );
    expect(await confirmDecision(db, key, { by: two, note: '看过了', nowMs })).toMatchObject({
      ok: true,
    });
    await bench.settle();
    expect(await rowsOf()).toContainEqual(['same-day', 'done', 799]);
    await noneHeld();
  });
});

describe('what the charge was marked with', () => {
  it('is subsidised whatever the terms became while the payer typed his password', async () => {
    await bench.sell(10_300, 300, '02');
    await bench.pay.deps.db.execute(sql`update channel_settlement set subsidises = false`);
    await bench.pay.runUntilQuiet();
    await bench.settle();
    expect(await rowsOf()).toContainEqual(['subsidy', 'done', 300]);
    expect(subsidies().all()).toMatchObject([{ amountFen: 300 }]);
  });

  it('was nothing: its vouchers are in the shop’s payout, because the channel would refuse them', async () => {
    await bench.pay.deps.db.execute(sql`update channel_settlement set subsidises = false`);
    await bench.sell(10_300, 300, '02');
    await bench.pay.deps.db.execute(sql`update channel_settlement set subsidises = true`);
    await bench.pay.runUntilQuiet();
    await bench.settle();
    expect(await rowsOf()).toEqual([['same-day', 'done', 8_000]]);
    const { rows } = await bench.pay.deps.db.execute(sql`select amount_fen from subsidy_part`);
    expect(rows).toEqual([{ amount_fen: 300 }]);
    expect(await bench.broken()).toEqual([]);
  });

  it('planted violation: subsidised above it, or cancelled as well, is found at night', async () => {
    await bench.sell(10_300, 300);
    await bench.settle();
    const broken = async () => (await bench.broken()).join();
    expect(await broken()).toBe('');
    await bench.pay.deps.db.execute(sql`update payment_attempt set subsidy_mark_fen = 299`);
    expect(await broken()).toContain('marks-end-one-way');
    await bench.pay.deps.db.execute(sql`update payment_attempt set subsidy_mark_fen = 300`);
    await bench.pay.deps.db.execute(sql`
      insert into channel_instruction select (jsonb_populate_record(i, ${JSON.stringify({
        instruction_no: 'planted',
        kind: 'subsidy-cancel',
        amount_fen: 0,
      })}::jsonb)).* from channel_instruction i where kind = 'subsidy'`);
    expect(await broken()).toContain('marks-end-one-way');
  });
});
