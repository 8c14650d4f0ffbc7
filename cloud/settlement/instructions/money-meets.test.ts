import { sql } from 'drizzle-orm';
import { array, assert, asyncProperty, boolean, constantFrom, integer, record } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LineFault } from '#cloud/channel-simulator/line.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';
import { leaseDueInstructions } from '#cloud/settlement/instructions/instruction-store.ts';
import {
  runInstructionsOnce,
  takeInstructionStep,
} from '#cloud/settlement/instructions/instruction-worker.ts';
import { returnSplitFor } from '#cloud/settlement/instructions/return-instructions.ts';
import {
  createInstructionBench,
  platformNo,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';

let bench: InstructionBench;
beforeEach(async () => {
  bench = await createInstructionBench();
});
afterEach(() => bench.pay.close());

const ask = async (orderId: OrderId, refundNo: number, amountFen: number) => {
  const { deps, till } = bench.pay;
  const words = { cashier: '小王', reason: '退货' };
  return getOrThrow(await askRefund(deps, till, { orderId, refundNo, amountFen, ...words }));
};
/** Both workers, minute by minute, until the refund is definite. */
const refund = async (orderId: OrderId, refundNo: number, amountFen: number) => {
  await ask(orderId, refundNo, amountFen);
  for (let left = 60; left > 0; left -= 1) {
    await runInstructionsOnce(bench.worker());
    await runRefundsOnce(bench.pay.deps);
    const { status } = await statusOf(orderId, refundNo);
    if (status === 'done' || status === 'failed') return;
    bench.pay.clock.advance(60_000);
  }
  throw new Error('a refund without an end');
};
const statusOf = async (orderId: OrderId, refundNo = 1) => {
  const { rows } = await bench.pay.deps.db.execute<{ status: string; code: string | null }>(sql`
    select status, code from order_refund where order_id = ${orderId} and refund_no = ${refundNo}`);
  return rows[0]!;
};
/** What the merchant gave back of his shares, return by return, as the channel has it. */
const givenBack = () =>
  bench.pay.simulator.money.splits
    .all()
    .flatMap((one) => one.parts)
    .flatMap((part) => Object.values(part.returns));
const refundCalls = async (orderId: OrderId) => {
  const { rows } = await bench.pay.deps.db.execute<{ kind: string }>(sql`
    select kind from payment_call where order_id = ${orderId} and kind like '%refund' order by call_no`);
  return rows.map(({ kind }) => kind);
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

  it('after the split: the share comes back first, then the refund leaves, then the subsidy comes back', async () => {
    const { orderId } = await bench.sell(10_300, 300);
    await bench.settle();
    expect(await ask(orderId, 1, 5_150)).toMatchObject({
      status: 'refunding',
      code: 'refund-waits-for-share',
    });
    expect(await runRefundsOnce(bench.pay.deps)).toBe(0);
    expect(await refundCalls(orderId)).toEqual([]);
    await runInstructionsOnce(bench.worker());
    // The end of the return wakes the refund: nobody waits for a pause.
    expect(await runRefundsOnce(bench.pay.deps)).toBe(1);
    expect(await statusOf(orderId)).toMatchObject({ status: 'done' });
    await bench.settle();
    expect(givenBack()).toEqual([4_000]);
    expect(subsidyAtChannel()).toBe(150);
    expect(frozenFen()).toBe(1_000);
    expect(await bench.balance('channel_clearing')).toBe(-1_000);
    expect(await bench.balance('merchant_payable')).toBe(0);
    await bench.finalise();
    await bench.settle();
    expect(platformFen()).toBe(500);
    expect(frozenFen()).toBe(0);
    for (const account of ['channel_clearing', 'merchant_payable', 'concession_due'])
      expect([account, await bench.balance(account)]).toEqual([account, 0]);
    expect(await bench.broken()).toEqual([]);
  });

  it.each(['lose-request', 'lose-answer', 'forge-answer'] as const)(
    'a return whose answer is in doubt (%s) holds the refund until it is definite, and is made once',
    async (fault) => {
      const { orderId } = await bench.sell(10_000);
      await bench.settle();
      let left = 3;
      bench.pay.simulator.setFaults(({ path }) => {
        if (left === 0 || !path.includes('return-orders')) return 'none';
        left -= 1;
        return fault;
      });
      await ask(orderId, 1, 10_000);
      await runInstructionsOnce(bench.worker());
      bench.pay.clock.advance(500);
      await runRefundsOnce(bench.pay.deps);
      expect(await refundCalls(orderId)).toEqual([]);
      await bench.settle();
      await runRefundsOnce(bench.pay.deps);
      expect(await statusOf(orderId)).toMatchObject({ status: 'done' });
      expect(givenBack()).toEqual([8_000]);
      expect(frozenFen()).toBe(0);
      expect(await bench.balance('merchant_payable')).toBe(0);
      expect(await bench.broken()).toEqual([]);
    },
  );

  it('a share on its way is waited for: neither a return nor the refund leaves before it is definite', async () => {
    const { orderId } = await bench.sell(10_000);
    bench.pay.simulator.setFaults(({ path }) =>
      path.endsWith('profitsharing/orders') ? 'lose-answer' : 'none',
    );
    bench.pay.clock.advance(60_000);
    await runInstructionsOnce(bench.worker());
    bench.pay.simulator.setFaults(() => 'none');
    expect(await ask(orderId, 1, 5_000)).toMatchObject({ code: 'refund-waits-for-share' });
    expect(await bench.instructions(orderId)).toMatchObject([{ kind: 'same-day', state: 'open' }]);
    await refund(orderId, 1, 5_000);
    expect(givenBack()).toEqual([4_000]);
    expect(await bench.balance('channel_clearing')).toBe(-1_000);
    expect(await bench.broken()).toEqual([]);
  });

  it('a merchant whose account is empty: the refund is still tried, the channel has the last word', async () => {
    const { orderId } = await bench.sell(10_000);
    await bench.settle();
    bench.pay.simulator.money.splits.setEmpty(bench.pay.merchantNo, true);
    // Within what is frozen the channel pays; above that it does not.
    await refund(orderId, 1, 1_500);
    expect(await statusOf(orderId, 1)).toMatchObject({ status: 'done' });
    await refund(orderId, 2, 8_500);
    expect(await statusOf(orderId, 2)).toMatchObject({ status: 'failed', code: 'refund-failed' });
    expect(givenBack()).toEqual([]);
    expect(await bench.balance('merchant_payable')).toBe(-1_200);
    bench.pay.simulator.money.splits.setEmpty(bench.pay.merchantNo, false);
    // What the first refund took out of the frozen part comes back with the next one.
    await refund(orderId, 3, 8_500);
    expect(await statusOf(orderId, 3)).toMatchObject({ status: 'done' });
    expect(givenBack()).toEqual([8_000]);
    await bench.settle();
    for (const account of ['channel_clearing', 'merchant_payable', 'instruction_pending'])
      expect([account, await bench.balance(account)]).toEqual([account, 0]);
    expect(await bench.broken()).toEqual([]);
  });

  it('after finality and before the release: the share comes back, and only what is left is released', async () => {
    const { orderId } = await bench.sell(10_000);
    await bench.settle();
    await bench.finalise();
    await ask(orderId, 1, 5_000);
    await refund(orderId, 1, 5_000);
    await bench.settle();
    expect(givenBack()).toEqual([5_000]);
    expect(await bench.instructions(orderId)).toMatchObject([
      { kind: 'same-day', state: 'done' },
      { kind: 'concession', state: 'done', amount_fen: 1_000 },
      { kind: 'release', state: 'done', amount_fen: 1_000 },
      { kind: 'split-return', state: 'done', amount_fen: 5_000 },
    ]);
    expect(frozenFen()).toBe(0);
    for (const account of ['channel_clearing', 'merchant_payable', 'concession_due'])
      expect([account, await bench.balance(account)]).toEqual([account, 0]);
    expect(await bench.broken()).toEqual([]);
  });

  it('after the release nothing of the order is in the channel’s hands: the refund goes at once', async () => {
    const { orderId } = await bench.sell(10_000);
    await bench.settle();
    await bench.finalise();
    await bench.settle();
    expect(await ask(orderId, 1, 4_000)).toMatchObject({ status: 'done' });
    expect(givenBack()).toEqual([]);
    expect(await bench.balance('merchant_payable')).toBe(-4_000);
    expect(await bench.broken()).toEqual([]);
  });

  it('a refund that is asked for while a share is being taken up stops it: nothing leaves beside it', async () => {
    const { orderId } = await bench.sell(10_000);
    bench.pay.clock.advance(60_000);
    const { db } = bench.pay.deps;
    const { operatorId } = bench.pay.till;
    const nowMs = bench.pay.clock.nowMs();
    bench.pay.simulator.setFaults(({ path }) =>
      path.includes('refunds') ? 'lose-answer' : 'none',
    );
    // A worker has taken the share and has not begun when the till asks.
    const [taken] = await leaseDueInstructions(db, { operatorId, nowMs, leaseMs: 1, countMax: 1 });
    expect(taken).toMatchObject({ kind: 'same-day', state: 'ready' });
    expect(await ask(orderId, 1, 5_000)).toMatchObject({ code: 'refund-unknown' });
    await takeInstructionStep(bench.worker(), taken!);
    expect(await bench.instructions(orderId)).toMatchObject([{ state: 'ready', sends: 0 }]);
    bench.pay.simulator.setFaults(() => 'none');
    await refund(orderId, 1, 5_000);
    await bench.settle();
    expect(frozenFen()).toBe(1_000);
    expect(await bench.broken()).toEqual([]);
  });

  it('a subsidy that is refused in the end leaves no return of it behind', async () => {
    const { orderId } = await bench.sell(10_300, 300);
    bench.pay.simulator.setFaults(({ path }) =>
      path.includes('subsid') ? 'lose-request' : 'none',
    );
    await runInstructionsOnce(bench.worker());
    // Meanwhile somebody has split the order by hand, and the channel takes no subsidy after that.
    const { simulator, merchantNo, clock } = bench.pay;
    const { transactionId } = simulator.books()[0]!;
    const byHand = { merchantNo, transactionId, outSplitNo: 'H1', receivers: [] };
    simulator.money.splits.split({ ...byHand, releasesRest: false }, clock.nowMs() + 60_000);
    await ask(orderId, 1, 10_300);
    await runRefundsOnce(bench.pay.deps);
    const kinds = async () =>
      (await bench.instructions(orderId)).map(({ kind, state }) => `${kind} ${state}`);
    expect(await kinds()).toContain('subsidy-return ready');
    bench.pay.simulator.setFaults(() => 'none');
    await bench.settle();
    expect(await kinds()).toEqual([
      'subsidy failed',
      'same-day cancelled',
      'subsidy-return cancelled',
    ]);
    expect(await bench.balance('instruction_pending')).toBe(0);
    expect(await bench.broken()).toEqual([]);
  });

  it('what a refunded order cannot pay of its concession comes out of the next orders, and the merchant is even', async () => {
    const { orderId } = await bench.sell(10_000);
    await bench.sell(20_000);
    await bench.settle();
    bench.pay.simulator.money.splits.setEmpty(bench.pay.merchantNo, true);
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
