import { sql, type SQL } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';
import { runInstructionsOnce } from '#cloud/settlement/instructions/instruction-worker.ts';
import {
  makeSubsidyPayouts,
  payoutsPerStepMax,
  startSubsidyPayoutWorker,
} from '#cloud/settlement/instructions/subsidy-payouts.ts';
import {
  evidence,
  moved,
  openInstructionDesk,
  type InstructionDesk,
} from '#cloud/settlement/instructions/testing/instruction-desk.ts';
import {
  payoutsOf,
  refundAtTill,
  sellAtTill,
} from '#cloud/settlement/instructions/testing/till-sales.ts';
import { settlementsOfDate } from '#cloud/settlement/settlement-day.ts';
import {
  afterMidnightMs,
  makeStatement,
  statementPart,
} from '#cloud/settlement/settlement-statement.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';

/** What vouchers were worth on sales that no channel subsidises, and how a shop gets it. */
let desk: InstructionDesk;
beforeEach(async () => {
  desk = await openInstructionDesk();
});
afterEach(() => desk.close());

const today = () => accountingDate(desk.bench.pay.clock.nowMs());
/** The first moment at which the payout of today may be made. */
const endDay = () =>
  desk.bench.pay.clock.advanceTo(dayStartMs(addDays(today(), 1)) + afterMidnightMs);
const make = (db: Db = desk.bench.pay.deps.db) => {
  const { till, clock } = desk.bench.pay;
  const { operatorId } = till;
  const scope = { type: 'operator', operatorId } as const;
  return runScoped(scope, () => makeSubsidyPayouts(db, { operatorId, nowMs: clock.nowMs() }));
};
/** 券补贴 of a day as the operator reads it: all of it, and what nobody is told to pay yet. */
const subsidies = async (ledgerDate = today()) => {
  const { db } = desk.bench.pay.deps;
  const { operatorId } = desk.bench.pay.till;
  const days = await settlementsOfDate(db, { operatorId, ledgerDate });
  return days.map(({ subsidyFen, subsidyUntoldFen }) => [subsidyFen, subsidyUntoldFen]);
};
const payouts = () => payoutsOf(desk.bench.pay);
const sell = (voucherFen: number, source: 'cash' | 'box' | 'promise' = 'cash') =>
  sellAtTill(desk.bench.pay, { source, voucherFen });
/** From here on the channel is one that cannot subsidise, as all are but WeChat Pay's partners. */
const stopSubsidies = () =>
  desk.bench.pay.deps.db.execute(sql`update channel_settlement set subsidises = false`);

describe('the payout of a day', () => {
  it('is one for all sales whose channel pays no vouchers, whatever took their money, and for no other', async () => {
    await desk.bench.sell(10_000, 1_500);
    await stopSubsidies();
    await desk.bench.sell(10_000, 2_000);
    for (const source of ['cash', 'box', 'promise'] as const) await sell(300, source);
    for (let left = 20; left > 0; left -= 1) await sell(10);
    await desk.bench.settle(60_000);
    const day = today();
    expect(await subsidies(day)).toEqual([[1_500 + 2_000 + 900 + 200, 2_000 + 900 + 200]]);
    // Nothing before the day is over, and before what was accepted in it has been booked.
    expect(await make()).toBe(0);
    desk.bench.pay.clock.advanceTo(dayStartMs(addDays(day, 1)) + afterMidnightMs - 1);
    expect(await make()).toBe(0);
    desk.bench.pay.clock.advance(1);
    expect(await make()).toBe(1);
    expect(await make()).toBe(0);
    expect(await payouts()).toMatchObject([{ day, spent: 3_100, returned: 0, payout: 3_100 }]);
    expect(await subsidies(day)).toEqual([[4_600, 0]]);
    expect(await desk.exceptions()).toMatchObject([
      {
        merchantId: desk.bench.pay.till.merchantId,
        orderId: null,
        kind: 'subsidy-payout',
        amountFen: 3_100,
        exception: 'by-hand',
        code: 'subsidy-no-channel',
      },
    ]);
    expect(await desk.bench.balance('instruction_pending')).toBe(3_100);
    expect(await desk.bench.balance('merchant_payable')).toBe(0);
    // No worker tells a channel of it, ever.
    await desk.bench.settle();
    expect(desk.bench.pay.simulator.money.subsidies.all()).toMatchObject([{ amountFen: 1_500 }]);
    expect(await desk.bench.broken()).toEqual([]);
  });

  it('is made by the worker, once, by however many nodes, and whole or not at all when one dies', async () => {
    await sell(700);
    endDay();
    const { deps } = desk.bench.pay;
    const dying = Object.assign(Object.create(deps.db) as Db, {
      transaction: (work: (tx: Tx) => Promise<unknown>) =>
        deps.db.transaction(async (tx) => {
          await work(tx);
          throw new Error('killed before the commit');
        }),
    });
    await expect(make(dying)).rejects.toThrow('killed');
    expect([await payouts(), await desk.exceptions()]).toEqual([[], []]);
    expect((await Promise.all([make(), make(), make()])).toSorted()).toEqual([0, 0, 1]);
    await sell(200);
    endDay();
    const worker = startSubsidyPayoutWorker(desk.bench.pay.cloud.deps);
    await expect.poll(async () => (await desk.exceptions()).length).toBe(2);
    await worker.stop();
    expect(await payouts()).toMatchObject([{ payout: 700 }, { payout: 200 }]);
    expect(await desk.bench.broken()).toEqual([]);
  });

  it('never changes: what is booked for its day afterwards is in the next one', async () => {
    const { pay } = desk.bench;
    const first = today();
    const acceptedAtMs = pay.clock.nowMs();
    await sell(700);
    endDay();
    await make();
    const late = { source: 'cash', voucherFen: 400, acceptedAtMs } as const;
    await sellAtTill(pay, late);
    expect(await subsidies(first)).toEqual([[1_100, 400]]);
    expect(await make()).toBe(0);
    endDay();
    expect(await make()).toBe(1);
    expect(await payouts()).toMatchObject([
      { day: first, payout: 700 },
      { day: addDays(first, 1), spent: 400, payout: 400 },
    ]);
    expect(await subsidies(first)).toEqual([[1_100, 0]]);
    expect(await desk.bench.broken()).toEqual([]);
  });

  it('that nobody could make for days is made day by day', async () => {
    const first = today();
    await sell(100);
    endDay();
    await sell(200);
    endDay();
    endDay();
    expect([await make(), await make(), await make()]).toEqual([1, 1, 0]);
    expect(await payouts()).toMatchObject([
      { day: first, payout: 100 },
      { day: addDays(first, 1), payout: 200 },
    ]);
  });

  it('of hundreds of shops comes in steps, and the list has them all, page by page', async () => {
    const { db } = desk.bench.pay.deps;
    const shops = payoutsPerStepMax + 7;
    await db.execute(sql`
      insert into subsidy_part select ${desk.bench.pay.till.operatorId},
        'mch_' || lpad(n::text, 26, '0'), 'ord_' || n, 0, n, ${today()}::date, null, false
        from generate_series(1, ${shops}::integer) n`);
    endDay();
    expect([await make(), await make(), await make()]).toEqual([payoutsPerStepMax, 7, 0]);
    const seen = new Set<unknown>();
    for (let after = ''; ;) {
      const { body } = await desk.call('GET', `instructions?state=exceptions${after}`);
      const page = body['instructions'] as readonly Readonly<Record<string, unknown>>[];
      for (const { instructionNo } of page) seen.add(instructionNo);
      const last = page.at(-1);
      if (last === undefined) break;
      after = `&afterMs=${String(last['createdAtMs'])}&afterNo=${String(last['instructionNo'])}`;
    }
    expect(seen.size).toBe(shops);
  });
});

describe('refunds', () => {
  it('of the day are taken off; of earlier days too, and what they take above it is carried: nothing negative is told', async () => {
    const first = today();
    const [big, small] = [await sell(5_000), await sell(1_000)];
    await refundAtTill(desk.bench.pay, small, { refundNo: 1, percent: 50 });
    endDay();
    await make();
    await refundAtTill(desk.bench.pay, big);
    await sell(600);
    endDay();
    await make();
    await sell(3_000);
    endDay();
    await make();
    await sell(2_000);
    endDay();
    await make();
    expect(await payouts()).toEqual([
      { day: first, spent: 6_000, returned: 500, carried: 0, payout: 5_500 },
      { day: addDays(first, 1), spent: 600, returned: 5_000, carried: 0, payout: 0 },
      { day: addDays(first, 2), spent: 3_000, returned: 0, carried: -4_400, payout: 0 },
      { day: addDays(first, 3), spent: 2_000, returned: 0, carried: -1_400, payout: 600 },
    ]);
    expect((await desk.exceptions()).map((one) => one['amountFen'])).toEqual([5_500, 600]);
    expect(await desk.bench.balance('merchant_payable')).toBe(0);
    expect(await desk.bench.broken()).toEqual([]);
  });

  it('of a sale that a channel subsidised come back by that channel, of another one by the payout', async () => {
    const told = await desk.bench.sell(10_000, 1_500);
    await desk.bench.settle(60_000);
    await stopSubsidies();
    const sold = await desk.bench.sell(10_000, 400);
    await desk.bench.sell(10_000, 2_000);
    const words = { cashier: '小王', reason: '退货' };
    for (const { orderId } of [told, sold]) {
      const asked = { orderId, refundNo: 1, amountFen: 10_000, ...words };
      getOrThrow(await askRefund(desk.bench.pay.deps, desk.bench.pay.till, asked));
    }
    for (let minute = 0; minute < 30; minute += 1) {
      await runInstructionsOnce(desk.bench.worker());
      await runRefundsOnce(desk.bench.pay.deps);
      desk.bench.pay.clock.advance(60_000);
    }
    expect(await subsidies()).toEqual([[2_000, 2_000]]);
    endDay();
    await make();
    expect(await payouts()).toMatchObject([{ spent: 2_400, returned: 400, payout: 2_000 }]);
    expect(await desk.bench.broken()).toEqual([]);
  });
});

/** A sale, the end of its day, and the number that people find in the list. */
const payoutOf = async (voucherFen: number) => {
  await sell(voucherFen);
  endDay();
  await make();
  const [listed] = await desk.exceptions();
  return listed!['instructionNo'];
};

describe('people', () => {
  it('pay it once, two of them with the bank’s number, and the statement of that day has the line', async () => {
    const soldOn = today();
    const no = await payoutOf(700);
    expect(await desk.decide(no, moved)).toMatchObject({ statusCode: 201 });
    expect(await desk.confirm(no, desk.keys[0])).toMatchObject({ statusCode: 409 });
    const both = await Promise.all([desk.confirm(no), desk.confirm(no)]);
    expect(both.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 404]);
    for (const how of [moved, { how: 'void', evidence }, { how: 'retry', evidence }])
      expect(await desk.decide(no, how)).toMatchObject({ statusCode: 409 });
    expect(await desk.exceptions()).toEqual([]);
    for (const account of ['merchant_payable', 'instruction_pending', 'channel_clearing'])
      expect([account, await desk.bench.balance(account)]).toEqual([account, 0]);
    expect(await desk.bench.broken()).toEqual([]);

    const { deps, till, clock } = desk.bench.pay;
    const paidOn = today();
    endDay();
    const read = async (ledgerDate: string) => {
      const day = { operatorId: till.operatorId, merchantId: till.merchantId, ledgerDate };
      const { partCount } = getOrThrow(await makeStatement(deps.db, day, clock.nowMs()));
      let text = '';
      for (let partNo = 1; partNo <= partCount; partNo += 1)
        text += await statementPart(deps.db, { ...day, partNo });
      return text.slice(1).trimEnd().split('\r\n');
    };
    const [, sale, soldTotal] = await read(soldOn);
    expect(sale).toContain('不经渠道 券补贴另付');
    expect(soldTotal).toMatch(/,0$/);
    const [head, line, paidTotal] = await read(paidOn);
    const cell = (row: string, name: string) => row.split(',')[head!.split(',').indexOf(name)];
    expect(cell(line!, '方式')).toBe(`券补贴付款 ${soldOn.replaceAll('-', '')} ${moved.ref}`);
    expect(cell(paidTotal!, '券补贴付款(分)')).toBe('700');
    expect(cell(paidTotal!, '券补贴(分)')).toBe('0');
    const { rows } = await deps.db.execute<{ fen: number }>(sql`
      select sum(e.amount_fen)::bigint as fen from ledger_entry e
        join ledger_txn t on t.operator_id = e.operator_id and t.txn_no = e.txn_no
       where t.kind = 'subsidy-end' and e.account = 'channel_clearing'
         and t.event_at_ms >= ${dayStartMs(paidOn)}`);
    expect(rows).toEqual([{ fen: 700 }]);
  });

  it('say that it was not paid: it stays due, is listed, and is tried again or paid after all', async () => {
    const first = await payoutOf(700);
    expect(await desk.decide(first, { how: 'retry', evidence })).toMatchObject({
      statusCode: 409,
      body: { detail: 'not-failed' },
    });
    await desk.decide(first, { how: 'void', evidence });
    expect(await desk.confirm(first)).toMatchObject({ statusCode: 200 });
    expect(await desk.bench.balance('merchant_payable')).toBe(700);
    expect(await desk.bench.balance('instruction_pending')).toBe(0);
    expect(await desk.exceptions()).toMatchObject([
      { instructionNo: first, exception: 'failed', amountFen: 700 },
    ]);
    expect(await desk.bench.broken()).toEqual([]);

    await desk.decide(first, { how: 'retry', evidence });
    const { body } = await desk.confirm(first);
    const second = body['instructionNo'];
    expect(await desk.exceptions()).toMatchObject([
      { instructionNo: second, exception: 'by-hand', code: 'subsidy-no-channel', amountFen: 700 },
    ]);
    expect(await desk.bench.balance('instruction_pending')).toBe(700);
    expect(await desk.decide(first, moved)).toMatchObject({ body: { detail: 'replaced' } });

    await desk.decide(second, { how: 'void', evidence });
    await desk.confirm(second);
    await desk.decide(second, moved);
    expect(await desk.confirm(second)).toMatchObject({ statusCode: 200 });
    expect(await desk.exceptions()).toEqual([]);
    expect(await desk.bench.balance('merchant_payable')).toBe(0);
    expect(await desk.bench.balance('instruction_pending')).toBe(0);
    // None of it is made anew.
    endDay();
    expect(await make()).toBe(0);
    const { rows } = await desk.bench.pay.deps.db.execute(sql`
      select state, amount_fen from channel_instruction order by created_at_ms, instruction_no`);
    expect(rows.filter(({ state }) => state === 'done')).toEqual([
      { state: 'done', amount_fen: 700 },
    ]);
    expect(await desk.bench.broken()).toEqual([]);
  });
});

describe('what was sold before there were payouts', () => {
  it('is paid by other means: it is in none, nor is a refund of it, and its figure stays', async () => {
    const { db } = desk.bench.pay.deps;
    const before = await sell(900);
    const day = today();
    await db.execute(sql`update subsidy_part set is_before = true`);
    await sell(300);
    await refundAtTill(desk.bench.pay, before, { refundNo: 1, percent: 10 });
    endDay();
    await make();
    expect(await payouts()).toMatchObject([{ spent: 300, returned: 0, payout: 300 }]);
    expect(await subsidies(day)).toEqual([[1_110, 810]]);
    expect(await desk.bench.broken()).toEqual([]);
  });
});

describe('the laws of it', () => {
  const planted: readonly (readonly [string, SQL])[] = [
    ['vouchers-go-one-way', sql`update subsidy_part set refund_no = 1, amount_fen = -amount_fen`],
    [
      'vouchers-go-one-way',
      sql`update settlement_line set amount_fen = amount_fen + 1,
      voucher_fen = voucher_fen + 1, subsidy_fen = subsidy_fen + 1`,
    ],
    [
      'vouchers-go-one-way',
      sql`insert into channel_instruction (operator_id, instruction_no, merchant_id, kind, step,
        channel, amount_fen, order_id, state, next_step, next_at_ms, created_at_ms)
        select operator_id, 'twice', merchant_id, 'subsidy', 1, 'wechat', voucher_fen, order_id,
          'ready', 'send', 0, 0 from settlement_line limit 1`,
    ],
    [
      'payouts-equal-vouchers',
      sql`update channel_instruction set amount_fen = amount_fen - 1 where kind = 'subsidy-payout'`,
    ],
    ['payouts-equal-vouchers', sql`update subsidy_part set day = null`],
    [
      'payouts-equal-their-days',
      sql`update channel_instruction set out_trade_no = merchant_id || '-20200101'
        where kind = 'subsidy-payout'`,
    ],
    ['payouts-equal-their-days', sql`update subsidy_part set day = day + 1`],
  ];

  it.each(planted)('%s fails when it is violated', async (name, violation) => {
    await sell(700);
    endDay();
    await make();
    expect(await desk.bench.broken()).toEqual([]);
    await desk.bench.pay.deps.db.execute(violation);
    expect((await desk.bench.broken()).join()).toContain(name);
  });
});
