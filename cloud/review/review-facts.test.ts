import { sql } from 'drizzle-orm';
import { constantFrom, integer, option, record, sample } from 'fast-check';
import { expect, test } from 'vitest';
import type { MerchantId, OperatorId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import { addDays, accountingDate } from '#shared/time/calendar-day.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { reviewRulesDefault, type ReviewRules } from '#cloud/review/review-rules.ts';
import {
  listReviewHolds,
  reviewPaidSales,
  saveReviewRules,
  type ReviewedSale,
} from '#cloud/review/review-store.ts';

const database = useTestDatabase();
const operators = ['opr_1', 'opr_2'] as const;
const merchants = ['mch_1', 'mch_2'] as const;
const dayMs = 86_400_000;
const nowMs = 1_790_000_000_000;
const seed = 20261123;
const rounds = 3;

/** Every count is told, because every rule is met by one. */
const telling: ReviewRules = {
  ...reviewRulesDefault,
  samePayer: { act: 'hold', count: 1, windowMs: 3_600_000 },
  sameAmount: { act: 'hold', count: 1, windowMs: 600_000 },
  night: { ...reviewRulesDefault.night, act: 'off' },
  refunds: { act: 'hold', shareBp: 1, salesMin: 1 },
};

const attempts = record({
  operator: constantFrom(...operators),
  merchant: constantFrom(...merchants),
  terminal: constantFrom('trm_1', 'trm_2'),
  payer: option(constantFrom('payer 1', 'payer 2', 'payer 3'), { nil: null }),
  amountFen: constantFrom(100, 200),
  // At the edges of both windows, and after the sale.
  atMs: constantFrom(0, 1, -1, 599_999, 600_000, 600_001, 3_599_999, 3_600_000, 3_600_001).map(
    (agoMs) => nowMs - agoMs,
  ),
  status: constantFrom('paid', 'paid', 'paid', 'failed', 'submitting'),
});
const refunds = record({
  operator: constantFrom(...operators),
  merchant: constantFrom(...merchants),
  agoMs: constantFrom(0, 7 * dayMs - 1, 7 * dayMs, 7 * dayMs + 1),
});
const days = record({
  operator: constantFrom(...operators),
  merchant: constantFrom(...merchants),
  channel: constantFrom('wechat', 'alipay'),
  agoDays: integer({ min: 0, max: 9 }),
  count: integer({ min: 0, max: 50 }),
});

type Attempt = ReturnType<typeof attempts.generate>['value'] & { readonly orderId: string };

test('what a rule counts of a shop is what one counts who reads all that there is, row by row', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const some = <T>(arbitrary: Parameters<typeof sample<T>>[0], count: number): readonly T[] =>
      sample(arbitrary, { numRuns: count, seed: seed + round });
    const all: readonly Attempt[] = some(attempts, 150).map((one, n) => ({
      ...one,
      orderId: `ord_${round}_${n}`,
    }));
    const back = some(refunds, 25);
    const sold = [
      ...new Map(
        some(days, 30).map((one) => [
          `${one.operator} ${one.merchant} ${one.channel} ${one.agoDays}`,
          one,
        ]),
      ).values(),
    ];
    await forget();
    await plant(all, back, sold);
    const paid = all.filter((one) => one.status === 'paid');
    await database.db.transaction((tx) => reviewPaidSales(tx, paid.map(saleOf)));
    for (const operator of operators)
      for (const merchant of merchants) {
        const holds = await listReviewHolds(database.db, {
          operatorId: operator as OperatorId,
          merchantId: merchant as MerchantId,
        });
        const told = new Map(
          holds.map(({ orderId, reasons }) => [
            orderId as string,
            new Map(reasons.map(({ rule, seen }) => [rule, seen])),
          ]),
        );
        const mine = paid.filter((one) => one.operator === operator && one.merchant === merchant);
        expect(mine.length).toBeGreaterThan(5);
        for (const one of mine) {
          const seen = told.get(one.orderId);
          const others = mine.filter((other) => other !== one && other.atMs <= one.atMs);
          const samePayer = others.filter(
            (other) => other.payer === one.payer && other.atMs > one.atMs - 3_600_000,
          );
          expect(seen?.get('samePayer')).toBe(
            one.payer === null ? undefined : samePayer.length + 1,
          );
          const sameAmount = others.filter(
            (other) =>
              other.terminal === one.terminal &&
              other.amountFen === one.amountFen &&
              other.atMs > one.atMs - 600_000,
          );
          expect(seen?.get('sameAmount')).toBe(sameAmount.length + 1);
          const shop = (of: { readonly operator: string; readonly merchant: string }) =>
            of.operator === operator && of.merchant === merchant;
          const saleCount = sold
            .filter((day) => shop(day) && day.agoDays < 7)
            .reduce((sum, day) => sum + day.count, 0);
          const refundCount = back.filter(
            (refund) => shop(refund) && nowMs - refund.agoMs > one.atMs - 7 * dayMs,
          ).length;
          const shareBp = saleCount === 0 ? 0 : (refundCount * 10_000) / saleCount;
          expect(seen?.get('refunds')).toBe(shareBp >= 1 ? Math.floor(shareBp) : undefined);
        }
      }
  }
});

const saleOf = (one: Attempt): ReviewedSale => ({
  operatorId: one.operator as OperatorId,
  merchantId: one.merchant as MerchantId,
  terminalId: one.terminal as TerminalId,
  orderId: one.orderId as OrderId,
  amountFen: one.amountFen,
  atMs: one.atMs,
  minute: 600,
  payerHash: one.payer ?? undefined,
  network: undefined,
});

async function forget(): Promise<void> {
  await database.db.execute(
    sql`truncate payment_attempt, order_refund, channel_quota_day, review_hold, review_rules cascade`,
  );
  for (const operator of operators) {
    await database.db.execute(
      sql`insert into operator values (${operator}, 'x', 0) on conflict do nothing`,
    );
    const by = { operatorId: operator as OperatorId, by: '测试', nowMs };
    await saveReviewRules(database.db, { ...by, rules: telling });
  }
}

async function plant(
  all: readonly Attempt[],
  back: readonly ReturnType<typeof refunds.generate>['value'][],
  sold: readonly ReturnType<typeof days.generate>['value'][],
): Promise<void> {
  const today = accountingDate(nowMs);
  await database.db.execute(sql`
    insert into payment_attempt (operator_id, order_id, attempt, kind, merchant_id, terminal_id,
      channel, channel_merchant_no, out_trade_no, amount_fen, voucher_fen, concession_bp,
      business_date, cashier, opened_at_ms, content_hash, route, quota_date, status, in_flight,
      submitted_at_ms, cancel_wanted, found_paid, fruitless_tries, next_step, next_at_ms,
      lease_until_ms, channel_ref, paid_at_ms, payer_hash)
    select p.operator, p."orderId", 1, 'charge', p.merchant, p.terminal, 'wechat', '1', p."orderId",
           p."amountFen", 0, 1000, ${today}::date, '小王', p."atMs", 'x', '{}', ${today}::date, p.status,
           p.status = 'submitting', p."atMs", false, false, 0,
           case p.status when 'submitting' then 'query' end,
           case p.status when 'submitting' then p."atMs" end, 0,
           case p.status when 'paid' then 'ref' end, case p.status when 'paid' then p."atMs" end, p.payer
      from jsonb_to_recordset(${JSON.stringify(all)}::jsonb)
        as p(operator text, "orderId" text, merchant text, terminal text, "amountFen" bigint,
             "atMs" bigint, status text, payer text)`);
  const asked = back.map((one, n) => ({ ...one, n, atMs: nowMs - one.agoMs }));
  await database.db.execute(sql`
    insert into order_refund (operator_id, merchant_id, order_id, refund_no, terminal_id, how,
      amount_fen, cash_fen, voucher_fen, cashier, reason, business_date, asked_at_ms, status)
    select operator, merchant, 'ord_' || n, 1, 'trm_1', 'cash', 1, 1, 0, '小王', '退货',
           ${today}::date, "atMs", 'failed'
      from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
        as r(operator text, merchant text, n integer, "atMs" bigint)`);
  const rows = sold.map((one) => ({ ...one, day: addDays(today, -one.agoDays) }));
  await database.db.execute(sql`
    insert into channel_quota_day (operator_id, merchant_id, channel, quota_date, reserved_fen,
      used_fen, used_count)
    select operator, merchant, channel, day, 0, 0, count
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as d(operator text, merchant text, channel text, day date, count integer)`);
}
