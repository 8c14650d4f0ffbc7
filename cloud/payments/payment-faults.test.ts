import { sql } from 'drizzle-orm';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import type { ChargeRequest, ChargeStatus } from '#shared/wire/v1/charges.ts';
import type { LineFault } from '#cloud/channel-simulator/line.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { cancelCharge, startCharge } from '#cloud/payments/charge.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { runPaymentsOnce } from '#cloud/payments/payment-worker.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';

let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

const faults: readonly LineFault[] = [
  'lose-request',
  'lose-answer',
  'forge-answer',
  'garbage',
  'too-many-requests',
];
const suffixes = ['01', '02', '03', '04', '05', '06', '07', '09', '12'] as const;
const wallets = ['wechat', 'alipay', 'unionpay'] as const;

interface Sale {
  readonly suffix: (typeof suffixes)[number];
  readonly wallet: (typeof wallets)[number];
  /** Cancelled so long after the charge; null = not. */
  readonly cancelAfterMs: number | null;
  /** Sent again while it is under way, as a till does that got no answer. */
  readonly isSentTwice: boolean;
}

const sales = fc.array(
  fc.record<Sale>({
    suffix: fc.constantFrom(...suffixes),
    wallet: fc.constantFrom(...wallets),
    cancelAfterMs: fc.option(fc.integer({ min: 0, max: 70_000 })),
    isSentTwice: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);
/** The fault of the n-th request; none behind the end. About one request in three goes wrong. */
const schedule = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant<LineFault>('none') },
    { weight: 1, arbitrary: fc.constantFrom(...faults) },
  ),
  { maxLength: 60 },
);

/**
 * Charges everything, cancels what is to be cancelled, restarts the worker at every step, and runs
 * to the end.
 */
async function play(
  run: readonly Sale[],
  lineFaults: readonly LineFault[],
  adapted: (channel: Channel) => Channel = (channel) => channel,
) {
  const restarted = (): PaymentDeps => {
    const deps = bench.restarted();
    const channels = [...deps.channels].map(([name, one]) => [name, adapted(one)] as const);
    return { ...deps, channels: new Map(channels) };
  };
  let firstIndex: number | undefined;
  bench.simulator.setFaults(({ index }) => {
    firstIndex ??= index;
    return lineFaults[index - firstIndex] ?? 'none';
  });
  const startMs = bench.clock.nowMs();
  const requests = run.map(({ suffix, wallet }) => bench.request(suffix, { wallet }));
  await Promise.all(
    requests.flatMap((request, n) =>
      (run[n]!.isSentTwice ? [request, request] : [request]).map((one) =>
        startCharge(restarted(), bench.till, one),
      ),
    ),
  );
  const cancels = run
    .flatMap(({ cancelAfterMs }, n) =>
      cancelAfterMs === null ? [] : [{ atMs: startMs + cancelAfterMs, request: requests[n]! }],
    )
    .toSorted((a, b) => a.atMs - b.atMs);
  for (const { atMs, request } of cancels) {
    while (bench.clock.nowMs() < atMs) {
      bench.clock.advanceTo(Math.min(atMs, bench.clock.nowMs() + 5_000));
      while ((await runPaymentsOnce(restarted())) > 0);
    }
    const key = { ...bench.till, orderId: request.orderId as OrderId, attempt: 1 };
    await cancelCharge(bench.deps, bench.till, key);
  }
  await bench.runUntilQuiet();
  return requests;
}

interface Ours extends Record<string, unknown> {
  status: ChargeStatus;
  cancel_wanted: boolean;
  lines: number;
  results: number;
}

async function oursOf(request: ChargeRequest): Promise<Ours> {
  const { rows } = await bench.deps.db.execute<Ours>(sql`
    select status, cancel_wanted,
           (select count(*) from settlement_line s where s.order_id = a.order_id) as lines,
           (select count(*) from order_result r where r.order_id = a.order_id) as results
      from payment_attempt a where order_id = ${request.orderId}`);
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

/** Every law that the end of a run breaks, in words; none = all is well. */
async function brokenLaws(requests: readonly ChargeRequest[]): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const request of requests) {
    const ours = await oursOf(request);
    const isPaid = ours.status === 'paid';
    const number = outTradeNo(request.orderId as OrderId, 1);
    const theirs = bench.simulator.books().filter((line) => line.outTradeNo === number);
    const takenFen = theirs
      .filter((line) => line.paidAtMs !== undefined)
      .reduce((sum, line) => sum + line.amountFen - line.refundedFen, 0);
    const isDone = theirs.every((line) => line.state === 'CLOSED' || line.state === 'REFUND');
    const laws = {
      'what the payer lost is what was sold': takenFen === (isPaid ? request.amountFen : 0),
      'a sale is booked once, anything else never': ours.lines === (isPaid ? 1 : 0),
      'every attempt ends': ['paid', 'failed', 'reversed', 'refunded-late'].includes(ours.status),
      'the till is told once': ours.results === 1,
      'what we call unpaid can no longer be paid': isPaid || isDone,
      'a cancelled sale is never paid': !(ours.cancel_wanted && isPaid),
    };
    for (const [law, holds] of Object.entries(laws))
      if (!holds) broken.push(`${law}: ${number} ${ours.status} took ${takenFen}`);
  }
  return broken;
}

it('under any faults: nothing paid twice, nothing lost, nothing left open, both books equal', async () => {
  await fc.assert(
    fc.asyncProperty(sales, schedule, async (run, lineFaults) => {
      expect(await brokenLaws(await play(run, lineFaults))).toEqual([]);
    }),
    { numRuns: 40, seed: 20_261_122, endOnFailure: true },
  );
}, 120_000);

it('the books of both sides add up to the same money, and no part of a quota stays reserved', async () => {
  const { rows } = await bench.deps.db.execute<{ paid: number; reserved: number; parked: number }>(
    sql`select
      (select coalesce(sum(amount_fen - voucher_fen), 0) from payment_attempt where status = 'paid')
        as paid,
      (select coalesce(sum(reserved_fen), 0) from channel_quota_day) as reserved,
      (select count(*) from payment_attempt where book_state = 'parked') as parked`,
  );
  const theirs = bench.simulator
    .books()
    .filter((line) => line.state === 'SUCCESS')
    .reduce((sum, line) => sum + line.amountFen, 0);
  expect(theirs).toBeGreaterThan(0);
  expect(rows).toEqual([{ paid: theirs, reserved: 0, parked: 0 }]);
});

const hasty = (channel: Channel): Channel => ({
  ...channel,
  charge: async (order) => {
    const answered = await channel.charge(order);
    const { outcome } = answered;
    return outcome.type === 'unknown'
      ? { ...answered, outcome: { type: 'failed', code: outcome.code } }
      : answered;
  },
});

it('planted violation: an adapter that books every doubtful answer as a failure is found out', async () => {
  const lost: Sale = { suffix: '07', wallet: 'wechat', cancelAfterMs: null, isSentTwice: false };
  const broken = await brokenLaws(await play([lost], [], hasty));
  expect(broken.join('\n')).toContain('what the payer lost is what was sold');
});
