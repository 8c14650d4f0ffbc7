import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { BillMismatch } from '#cloud/channel-simulator/books/bill-lines.ts';
import { proveLaws } from '#cloud/ledger/proofs.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { alipayMerchantNo, openAlipayBench } from '#cloud/reconciliation/testing/alipay-bench.ts';
import {
  openUnionpayBench,
  unionpayMerchantNo,
} from '#cloud/reconciliation/testing/unionpay-bench.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { billLaws } from '#cloud/reconciliation/bill-laws.ts';
import { listBreaks, breaksPerPageMax } from '#cloud/reconciliation/breaks/break-store.ts';
import type { BreakClass } from '#cloud/reconciliation/breaks/break-machine.ts';
import { fetchBill } from '#cloud/reconciliation/fetch-bill.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';

let bench: PaymentBench;

/**
 * Each dialect with its own bytes: backtick CSV of the whole account, GBK zip of one merchant, columns of fixed width in
 * a signed answer, JSON lines of the whole account. The aggregator carries the wallets that have no channel of their own.
 */
const dialects = {
  wechat: {
    open: () => createPaymentBench(),
    channel: 'wechat',
    account: '',
    code: '13',
    digits: 14,
  },
  alipay: {
    open: openAlipayBench,
    channel: 'alipay',
    account: alipayMerchantNo,
    code: '28',
    digits: 14,
  },
  unionpay: {
    open: openUnionpayBench,
    channel: 'unionpay',
    account: unionpayMerchantNo,
    code: '62',
    digits: 15,
  },
  aggregator: {
    open: () => createPaymentBench(),
    channel: 'alipay',
    account: '',
    code: '28',
    digits: 14,
  },
} as const;
type Dialect = keyof typeof dialects;
let dialect: Dialect = 'wechat';

const billReadyMs = 34.5 * 3_600_000;

const numberOf = (request: ChargeRequest): string =>
  outTradeNo(request.orderId as OrderId, request.attempt);

let codes = 0;
async function sell(suffix: string, amountFen = 1_234): Promise<ChargeRequest> {
  const { code, digits, channel: wallet } = dialects[dialect];
  codes += 1;
  const authCode = `${code}${'7'.repeat(digits - 4)}${String(codes).padStart(4, '0')}${suffix}`;
  const request = bench.request(suffix, { amountFen, wallet, authCode });
  const started = await startCharge(bench.deps, bench.till, request);
  if (!started.ok) throw new Error(started.error.code);
  return request;
}

async function giveBack(request: ChargeRequest, amountFen: number): Promise<void> {
  const asked = { orderId: request.orderId as OrderId, refundNo: 1, amountFen };
  const who = { cashier: '小王', reason: '退货' };
  expect(getOrThrow(await askRefund(bench.deps, bench.till, { ...asked, ...who })).status).toBe(
    'done',
  );
}

const dayAt = (date: string) => ({
  operatorId: bench.till.operatorId,
  channel: dialects[dialect].channel,
  account: dialects[dialect].account,
  date,
});

const fetchDay = async (date: string) => getOrThrow(await fetchBill(bench.deps, dayAt(date)));

async function unsettled(): Promise<readonly (readonly [BreakClass, string, string])[]> {
  const { operatorId } = bench.till;
  const found = await listBreaks(bench.deps.db, { operatorId, limit: breaksPerPageMax });
  return found.map((one) => [one.class, one.subject.split('/')[0] ?? '', one.state] as const);
}

const proofs = async () => {
  const { operatorId } = bench.till;
  const proved = await proveLaws(bench.deps.db, { operatorId, laws: billLaws });
  return proved.filter(({ holds }) => !holds).map(({ name, violations }) => ({ name, violations }));
};

/** Goes on to the next Shanghai noon: every test sells on a day of its own. */
function nextDay(): string {
  const today = accountingDate(bench.clock.nowMs());
  bench.clock.advanceTo(dayStartMs(addDays(today, 1)) + 12 * 3_600_000);
  return addDays(today, 1);
}

const untilReady = (date: string): void => bench.clock.advanceTo(dayStartMs(date) + billReadyMs);

const sorted = (rows: readonly (readonly string[])[]) => rows.map(String).toSorted();

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe.each(Object.keys(dialects) as Dialect[])('the bill of a day of %s, over HTTP', (one) => {
  beforeAll(async () => {
    dialect = one;
    bench = await dialects[one].open();
  });
  afterAll(() => bench.close());

  it('an honest bill of sales, refunds, reversals and failures breaks nothing and equals the ledger to the fen', async () => {
    const date = nextDay();
    const sales: ChargeRequest[] = [];
    // UnionPay never says a definite word about 13: its bills do (unionpay-bills.test.ts).
    const suffixes = ['01', '02', '04', '07', '05', '06', '12', '03', '13'];
    for (const suffix of suffixes.slice(0, one === 'unionpay' ? -1 : undefined))
      sales.push(await sell(suffix, 5_000));
    await bench.runUntilQuiet();
    await giveBack(sales[0]!, 1_700);
    untilReady(date);
    expect(await fetchDay(date)).toMatchObject({ isNew: true, version: 1 });
    expect(await unsettled()).toEqual([]);
    expect(await proofs()).toEqual([]);
    expect(await fetchDay(date)).toMatchObject({ isNew: false, version: 1 });
  });

  it.each([1, 2, 3, 4])(
    'day %i of random sales: every injected difference is found under its name, and no other',
    async (seed) => {
      const unit = seeded(seed);
      const date = nextDay();
      const paid: ChargeRequest[] = [];
      for (let n = 0; n < 24; n += 1)
        paid.push(await sell('01', 1_000 + Math.floor(unit() * 90_000)));
      const failed = await sell('12', 2_000);
      await bench.runUntilQuiet();
      const refunded = paid.splice(0, 4);
      for (const sale of refunded) await giveBack(sale, sale.amountFen);
      const mismatches: BillMismatch[] = [];
      const expected: [BreakClass, string, string][] = [];
      const inject = (mismatch: BillMismatch, name: BreakClass, subject = mismatch.outTradeNo) => {
        mismatches.push(mismatch);
        expected.push([name, subject, 'open']);
      };
      const take = () => numberOf(paid.splice(Math.floor(unit() * paid.length), 1)[0]!);
      const byFen = () => 1 + Math.floor(unit() * 900);
      inject({ type: 'missing-on-theirs', outTradeNo: take() }, 'bank-miss');
      inject({ type: 'amount-differs', outTradeNo: take(), byFen: byFen() }, 'short-by-amount');
      inject({ type: 'amount-differs', outTradeNo: take(), byFen: -byFen() }, 'long-by-amount');
      inject({ type: 'state-differs', outTradeNo: take() }, 'long-by-status');
      inject({ type: 'fee-differs', outTradeNo: take(), byFen: 1 }, 'fee-mismatch');
      inject({ type: 'double', outTradeNo: take() }, 'double');
      const noRefund = numberOf(refunded[0]!);
      inject({ type: 'refund-missing', outTradeNo: noRefund }, 'refund-miss', `${noRefund}T1`);
      const invented = { amountFen: byFen(), merchantNo: bench.merchantNo };
      inject({ type: 'missing-on-ours', outTradeNo: `X${seed}`, ...invented }, 'platform-miss');
      inject(
        { type: 'missing-on-ours', outTradeNo: numberOf(failed), ...invented },
        'short-by-status',
      );
      bench.simulator.bills.setMismatches(mismatches);
      untilReady(date);
      await fetchDay(date);
      expect(sorted(await unsettled())).toEqual(sorted(expected));
      expect((await proofs()).map(({ name }) => name)).toContain('bill-equals-ledger');
      // The channel writes a true bill: its next version settles them all, and the books equal it again.
      bench.simulator.bills.setMismatches([]);
      expect(await fetchDay(date)).toMatchObject({ isNew: true, version: 2 });
      expect(await unsettled()).toEqual([]);
      expect(await proofs()).toEqual([]);
    },
  );
});
