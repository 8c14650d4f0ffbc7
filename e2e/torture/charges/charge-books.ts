import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { ChargeStatus } from '#shared/wire/v1/charges.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import type { BillDesk, BillRow } from '#cloud/channel/channel-bill.ts';
import type { BookLine } from '#cloud/channel-simulator/protocol.ts';
import { billForms } from '#cloud/payments/channels/bill-forms.ts';
import { paymentLaws } from '#cloud/payments/payment-laws.ts';
import { assert } from '#shared/result/assert.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import type { PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { definiteWithinMs } from '#cloud/payments/undecided.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';
import type { TierOutcome } from '../tier.ts';

interface AttemptRow extends Record<string, unknown> {
  order_id: string;
  attempt: number;
  status: ChargeStatus;
  channel: string;
  out_trade_no: string;
  net_fen: number;
  took_ms: number | null;
  /** What the ledger took in for the order, and how many lines the settlement has. */
  ledger_fen: number;
  line_count: number;
}

interface Compared {
  readonly bench: PaymentBench;
  /** `order/attempt` that stood in the list of exceptions at some moment. */
  readonly listed: ReadonlySet<string>;
  readonly tally: (name: string, by?: number) => void;
}

const dayMs = 86_400_000;
const faultsMax = 50;

/** Order by order: the simulator's books, our attempts, our ledger, the settlement and the bill. */
export async function compareBooks(
  compared: Compared,
): Promise<Omit<TierOutcome, 'tried' | 'counts'>> {
  const { bench, listed, tally } = compared;
  const attempts = await attemptsOf(bench);
  const theirs = new Map(bench.simulator.books().map((line) => [line.outTradeNo, line]));
  const billed = await billedFen(bench, attempts);
  const faults: string[] = [];
  const paidOrders = new Map<string, number>();
  let [lost, doubled, acknowledged] = [0, 0, 0];
  const sums = { simulator: 0, attempts: 0, bill: 0 };
  for (const one of attempts) {
    const name = `${one.order_id}/${one.attempt}`;
    const isPaid = one.status === 'paid';
    tally(one.status);
    const ours = isPaid ? one.net_fen : 0;
    const taken = takenFen(theirs.get(one.out_trade_no));
    const bill = billed.get(one.out_trade_no) ?? 0;
    sums.simulator += taken;
    sums.attempts += ours;
    sums.bill += bill;
    if (isPaid) acknowledged += 1;
    if (isPaid) paidOrders.set(one.order_id, (paidOrders.get(one.order_id) ?? 0) + 1);
    // Money of a payer without a sale, or a sale without its money.
    if (taken !== ours || (isPaid && one.line_count === 0)) lost += 1;
    if (bill !== taken) faults.push(`${name}: the bill says ${bill}, the books ${taken}`);
    if (isPaid && (one.ledger_fen !== ours || one.line_count !== 1))
      faults.push(`${name}: ledger ${one.ledger_fen}, lines ${one.line_count}, paid ${ours}`);
    if (one.took_ms === null) {
      faults.push(`${name} is still ${one.status}`);
      continue;
    }
    if (one.took_ms > definiteWithinMs) {
      tally('late');
      if (!listed.has(name)) faults.push(`${name} took ${one.took_ms} ms and was never listed`);
    }
  }
  for (const paid of paidOrders.values()) if (paid > 1) doubled += 1;
  const known = new Set(attempts.map((one) => one.out_trade_no));
  for (const [number, line] of theirs) if (!known.has(number) && takenFen(line) > 0) doubled += 1;
  const ledgerFen = await ledgerSum(bench);
  if (new Set([sums.simulator, sums.attempts, sums.bill, ledgerFen]).size !== 1)
    faults.push(`sums differ: ${JSON.stringify({ ...sums, ledger: ledgerFen })}`);
  faults.push(...(await quotaFaults(bench)), ...(await lawFaults(bench)));
  return { acknowledged, lost, doubled, faults: faults.slice(0, faultsMax) };
}

const takenFen = (line: BookLine | undefined): number =>
  line?.paidAtMs === undefined ? 0 : line.amountFen - line.refundedFen;

async function attemptsOf({ deps }: PaymentBench): Promise<readonly AttemptRow[]> {
  const { rows } = await deps.db.execute<AttemptRow>(sql`
    select a.order_id, a.attempt, a.status, a.channel, a.out_trade_no,
           a.amount_fen - a.voucher_fen as net_fen, a.settled_at_ms - a.submitted_at_ms as took_ms,
           coalesce((select -sum(e.amount_fen) from ledger_txn t
             join ledger_entry e on e.operator_id = t.operator_id and e.txn_no = t.txn_no
              and e.account = 'channel_clearing'
            where t.operator_id = a.operator_id and t.book = a.merchant_id
              and t.idem_key = 'sale:' || a.order_id), 0) as ledger_fen,
           (select count(*) from settlement_line l where l.operator_id = a.operator_id
              and l.order_id = a.order_id) as line_count
      from payment_attempt a`);
  return rows;
}

async function ledgerSum({ deps }: PaymentBench): Promise<number> {
  const { rows } = await deps.db.execute<{ fen: number }>(sql`
    select coalesce(-sum(e.amount_fen), 0) as fen from ledger_entry e
      join ledger_txn t on t.operator_id = e.operator_id and t.txn_no = e.txn_no
     where e.account = 'channel_clearing' and t.kind = 'channel-sale'`);
  return rows[0]?.fen ?? 0;
}

/** What the bills of all channels say was paid and not given back, by order number: as downloaded, as its reader reads it. */
async function billedFen(
  bench: PaymentBench,
  attempts: readonly AttemptRow[],
): Promise<ReadonlyMap<string, number>> {
  const fen = new Map<string, number>();
  const endMs = bench.clock.nowMs();
  bench.clock.advance(3 * dayMs);
  bench.simulator.setFaults(() => 'none');
  const desks = [...bench.restarted().channels.values()].flatMap(({ bills }) => bills ?? []);
  for (let atMs = firstMs(bench); atMs < endMs + dayMs; atMs += dayMs)
    for (const desk of desks)
      for (const row of await downloaded(desk, accountingDate(atMs)))
        fen.set(row.outTradeNo, (fen.get(row.outTradeNo) ?? 0) + movedFen(row));
  // A bill is about what was paid; an order that never was stands in none.
  const numbers = new Set(attempts.map((one) => one.out_trade_no));
  return new Map([...fen].filter(([number]) => numbers.has(number)));
}

async function downloaded(desk: BillDesk, date: string): Promise<readonly BillRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-charges-bill-'));
  try {
    const chunks: Uint8Array[] = [];
    const { outcome } = await desk.download({ date }, (chunk) => void chunks.push(chunk));
    if (outcome.type === 'no-bill') return [];
    assert(outcome.type === 'whole', () => `no ${desk.format} of ${date}: ${outcome.type}`);
    const path = join(folder, 'bill');
    writeFileSync(path, Buffer.concat(chunks));
    const rows: BillRow[] = [];
    for await (const row of billForms[desk.format].rows(path)) rows.push(row);
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const movedFen = ({ kind, amountFen }: BillRow): number =>
  kind === 'paid' ? amountFen : kind === 'closed' ? 0 : -amountFen;

const firstMs = (bench: PaymentBench): number =>
  Math.min(
    bench.clock.nowMs(),
    ...bench.simulator
      .books()
      .flatMap((line) => (line.paidAtMs === undefined ? [] : line.paidAtMs))
      .slice(0, 1),
  ) - dayMs;

/** Nothing stays reserved, and what is used is what was paid: by day and by month, in fen and in sales. */
async function quotaFaults({ deps }: PaymentBench): Promise<readonly string[]> {
  const { rows } = await deps.db.execute<{ bad: string }>(sql`
    with paid as (
      select merchant_id, channel, quota_date, count(*) as n, sum(amount_fen - voucher_fen) as fen
        from payment_attempt where status = 'paid' group by 1, 2, 3)
    select 'day ' || q.channel || ' ' || q.quota_date as bad from channel_quota_day q
      left join paid p using (merchant_id, channel, quota_date)
     where (q.reserved_fen, q.reserved_count) <> (0, 0)
        or (q.used_fen, q.used_count) <> (coalesce(p.fen, 0), coalesce(p.n, 0))
    union all
    select 'month ' || q.channel || ' ' || q.quota_month from channel_quota_month q
      left join (select merchant_id, channel, date_trunc('month', quota_date)::date as quota_month,
                        sum(n) as n, sum(fen) as fen from paid group by 1, 2, 3) p
        using (merchant_id, channel, quota_month)
     where (q.reserved_fen, q.reserved_count) <> (0, 0)
        or (q.used_fen, q.used_count) <> (coalesce(p.fen, 0), coalesce(p.n, 0))
    union all
    select 'over the limit ' || q.quota_date from channel_quota_day q
      join merchant_channel c using (operator_id, merchant_id, channel)
     where q.used_count > c.day_count_max
    union all
    select 'over the limit ' || q.quota_month from channel_quota_month q
      join merchant_channel c using (operator_id, merchant_id, channel)
     where q.used_count > c.month_count_max`);
  return rows.map(({ bad }) => `quota: ${bad}`);
}

async function lawFaults({ deps, till }: PaymentBench): Promise<readonly string[]> {
  const laws = [...ledgerLaws, ...settlementLaws, ...paymentLaws];
  const proofs = await proveLaws(deps.db, { operatorId: till.operatorId, laws });
  return proofs.flatMap(({ name, holds, violations }) =>
    holds ? [] : [`law ${name}: ${JSON.stringify(violations[0])}`],
  );
}
