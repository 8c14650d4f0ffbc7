import { sql } from 'drizzle-orm';
import { buildApp } from '#cloud/app.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import type { SaleSource } from '#cloud/orders/paid-order.ts';
import { findAttempt } from '#cloud/payments/attempt-store.ts';
import { paidOrderOf } from '#cloud/payments/booking/book-attempt.ts';
import { bookWaitingOnce } from '#cloud/payments/booking/booking-desk.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import type { PaidTwiceVerdict } from '#cloud/payments/paid-twice/paid-twice-store.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { proveBooks } from '#cloud/proof/proof-run.ts';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import { fen, zeroFen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';

export type Json = Readonly<Record<string, unknown>>;
interface Said {
  readonly status: number;
  readonly body: Json;
}

/** Charges that were paid although their orders have other money, and people who decide about them. */
export interface PaidTwiceDesk {
  readonly bench: PaymentBench;
  readonly keys: readonly [string, string, string, string];
  readonly call: (
    method: 'GET' | 'POST',
    url: string,
    sent?: { readonly key?: string; readonly body: object },
  ) => Promise<Said>;
  /** The first person proposes, unless another key is given. */
  readonly propose: (orderId: string, verdict: PaidTwiceVerdict, key?: string) => Promise<Said>;
  /** The second person agrees, unless another key is given. */
  readonly agree: (actNo: unknown, key?: string) => Promise<Said>;
  readonly decide: (orderId: string, verdict: PaidTwiceVerdict) => Promise<Said>;
  /**
   * Paid at the channel by a process that dies; meanwhile the order got other money. The booking is
   * parked. Answers the order.
   */
  readonly paidTwice: (
    change?: Partial<ChargeRequest>,
    other?: { readonly source?: SaleSource; readonly lessFen?: number },
  ) => Promise<string>;
  readonly standing: (orderId: string) => Promise<Json & { readonly status: string }>;
  /** What the channel has of an order after all. */
  readonly leftAtChannel: (orderId: string) => number;
  /** Of the shop's book. */
  readonly balance: (account: string) => Promise<number>;
  /** Names of the laws that do not hold. */
  readonly broken: () => Promise<readonly string[]>;
  readonly itemsOf: (orderId: string) => Promise<readonly Json[]>;
  readonly close: () => Promise<void>;
}

export const why = '收银员补录了现金，渠道后来也扣了款';

export async function openPaidTwiceDesk(): Promise<PaidTwiceDesk> {
  const bench = await createPaymentBench();
  const { deps } = bench.cloud;
  const app = await buildApp(deps, { payments: bench.deps, onJournalTaken: () => {} });
  const keyOf = async (name: string) => (await makePerson(deps, name)).key;
  const keys = [
    await keyOf('王芳'),
    await keyOf('李明'),
    await keyOf('陈静'),
    await keyOf('赵强'),
  ] as const;
  bench.clock.advance(personAgeMsMin);
  const call: PaidTwiceDesk['call'] = async (method, url, sent) => {
    const answer = await app.inject({
      method,
      url: `/admin/v1/${url}`,
      headers: {
        authorization: `Bearer ${deps.operatorToken}`,
        ...(sent?.key === undefined ? {} : { 'x-person-key': sent.key }),
      },
      ...(sent === undefined ? {} : { payload: sent.body }),
    });
    return { status: answer.statusCode, body: answer.json<Json>() };
  };
  const propose: PaidTwiceDesk['propose'] = (orderId, verdict, key = keys[0]) =>
    call('POST', `charges/${orderId}/1/paid-twice`, { key, body: { verdict, why } });
  const agree: PaidTwiceDesk['agree'] = (actNo, key = keys[1]) =>
    call('POST', `acts/${String(actNo)}/agree`, { key, body: { note: '已核对' } });
  return {
    bench,
    keys,
    call,
    propose,
    agree,
    decide: async (orderId, verdict) => {
      const proposed = await propose(orderId, verdict);
      assert(proposed.status === 202, () => JSON.stringify(proposed));
      return await agree(proposed.body['actNo']);
    },
    paidTwice: (change = {}, other = {}) => payTwice(bench, change, other),
    standing: (orderId) => standingOf(bench, orderId),
    leftAtChannel: (orderId) => {
      const line = bench.simulator
        .books()
        .find((one) => one.outTradeNo === outTradeNo(orderId as OrderId, 1))!;
      return line.amountFen - line.refundedFen;
    },
    balance: async (account) => {
      const { rows } = await bench.deps.db.execute<{ fen: number }>(sql`
        select coalesce(sum(balance_fen), 0)::bigint as fen from ledger_balance
         where account = ${account} and book = ${bench.till.merchantId}`);
      return rows[0]!.fen;
    },
    broken: async () => {
      const { operatorId } = bench.till;
      const proofs = await proveBooks({ db: bench.deps.db, operatorId });
      return proofs.filter(({ holds }) => !holds).map(({ name }) => name);
    },
    itemsOf: async (orderId) => {
      const { body } = await call('GET', 'exceptions');
      return (body['exceptions'] as readonly Json[]).filter((one) => one['orderId'] === orderId);
    },
    close: async () => {
      await app.close();
      await bench.close();
    },
  };
}

async function payTwice(
  bench: PaymentBench,
  change: Partial<ChargeRequest>,
  other: { readonly source?: SaleSource; readonly lessFen?: number },
): Promise<string> {
  const dying = bench.restarted();
  dying.bookings.attend({ wake: () => {} });
  const request = bench.request('01', change);
  const { orderId } = request;
  const charged = getOrThrow(await startCharge(dying, bench.till, request));
  assert(charged.status === 'paid', () => charged.status);
  const key = { operatorId: bench.till.operatorId, orderId: orderId as OrderId, attempt: 1 };
  const attempt = (await findAttempt(bench.deps.db, key))!;
  const source = other.source ?? 'cash';
  const amountFen = fen(attempt.netFen - (other.lessFen ?? 0));
  const sale = {
    ...paidOrderOf(attempt, bench.clock.nowMs()),
    source,
    channel: source,
    amountFen,
    netFen: amountFen,
    voucherFen: zeroFen,
  };
  await bench.deps.db.transaction(async (tx) => void getOrThrow(await bookPaidOrders(tx, [sale])));
  await runScoped({ type: 'across', work: 'payments' }, () => bookWaitingOnce(bench.restarted()));
  const now = await standingOf(bench, orderId);
  assert(now['book_state'] === 'parked', () => JSON.stringify(now));
  return orderId;
}

async function standingOf(
  bench: PaymentBench,
  orderId: string,
): Promise<Json & { readonly status: string }> {
  const { rows } = await bench.deps.db.execute<Json & { status: string }>(sql`
    select a.status, a.book_state, a.next_step, p.verdict, p.ended_as, p.back_fen,
           (select count(*) from settlement_line l where l.order_id = a.order_id) as lines,
           (select count(*) from payment_call c where c.order_id = a.order_id
               and c.kind in ('reverse', 'refund')) as back_calls
      from payment_attempt a left join paid_twice p using (operator_id, order_id, attempt)
     where a.order_id = ${orderId}`);
  return rows[0]!;
}
