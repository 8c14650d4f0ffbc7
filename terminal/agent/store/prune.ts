import type { OrderStateName } from '#shared/order/order.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { openRefundOf } from '#shared/order/refunds.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { entriesAfter, lastEntry, type JournalEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { getMetaNumber } from '#terminal/agent/journal/meta.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { createOrderWriter } from '#terminal/agent/journal/order-writer.ts';
import { project } from '#terminal/agent/journal/projections.ts';
import {
  deleteProjectionRow,
  loadCarried,
  projectionRows,
  replaceCarried,
  type CarriedRow,
} from '#terminal/agent/store/carried-rows.ts';
import { readCut, writeCut } from '#terminal/agent/store/chain-cut.ts';
import { withScratchStore } from '#terminal/agent/store/scratch-store.ts';
import { isResolved } from '#terminal/agent/tally/resolved-rows.ts';
import { isStillTold } from '#terminal/agent/tally/still-told.ts';

/** Entries stay on the till for so long; after that the cloud's copy is enough. */
export const keepMs = 90 * 86_400_000;
/** So many of the last entries stay however old they are: a clock that jumped ahead must not empty the till. */
export const keepEntriesMin = 10_000;
/** One batch is one short transaction between two sales. */
export const pruneBatchEntries = 200;

/** Orders in these states are done: nobody waits for them, and no rule of the counter looks at them again. */
const doneStates: ReadonlySet<string> = new Set<OrderStateName>([
  'paid',
  'failed',
  'reversed',
  'cash-recorded',
  'settled',
  'paid-then-refunded',
  'pos-paid',
  'promise-kept',
  'promise-broken',
  'voided',
]);
const donePrints: ReadonlySet<string> = new Set(['sent', 'printed', 'abandoned']);

/**
 * Takes the oldest batch of entries out that the cloud has and that are older than {@link keepMs}. The chain stays
 * provable from the cut; what later entries or people need of the projections is carried, what days need is summed.
 * Answers how many entries went; 0: nothing is old enough.
 */
export function pruneOnce(
  journal: Journal,
  limits: { readonly nowMs: number; readonly keepEntriesMin?: number },
): number {
  const batch = prunable(journal.read, limits);
  const last = batch.at(-1);
  if (!last) return 0;
  const carried = carryOver(journal.read, batch);
  const done = doneRows(journal.read, { rows: carried, cut: last.position });
  const doneKeys = new Set(done.map(rowName));
  const pruned = journal.append([], (tx) => {
    for (const row of done) {
      if (row.projection === 'orders') addToDay(tx, row.key);
      deleteProjectionRow(tx, row);
    }
    replaceCarried(
      tx,
      carried.filter((row) => !doneKeys.has(rowName(row))),
    );
    tx.run('DELETE FROM entry WHERE position <= $position', { position: last.position });
    writeCut(tx, last);
  });
  return pruned.ok ? batch.length : 0;
}

const rowName = ({ projection, key }: CarriedRow): string => `${projection} ${key}`;

function prunable(
  read: ReadHandle,
  limits: { readonly nowMs: number; readonly keepEntriesMin?: number },
): readonly JournalEntry[] {
  const newest = lastEntry(read)?.position ?? 0;
  const upTo = Math.min(
    getMetaNumber(read, 'acked-position'),
    newest - (limits.keepEntriesMin ?? keepEntriesMin),
  );
  const position = readCut(read)?.position ?? 0;
  const oldest = entriesAfter(read, { position, limit: pruneBatchEntries });
  const young = oldest.findIndex(
    (entry) => entry.position > upTo || entry.wallMs > limits.nowMs - keepMs,
  );
  return young === -1 ? oldest : oldest.slice(0, young);
}

/** The projections as they stand at the end of `batch`: the carried rows with the batch folded over them. */
const carryOver = (read: ReadHandle, batch: readonly JournalEntry[]): readonly CarriedRow[] =>
  withScratchStore((tx) => {
    loadCarried(read, tx);
    const orders = createOrderWriter(tx);
    for (const entry of batch) {
      const fact = { type: entry.type, body: JSON.parse(entry.body) as unknown } as EntryFact;
      project({ tx, orders }, fact, entry);
      orders.flush();
    }
    return projectionRows(tx);
  });

/** Of the rows at the cut those that nobody needs: of orders that are done and whose last entry goes as well. */
function doneRows(
  read: ReadHandle,
  { rows, cut }: { readonly rows: readonly CarriedRow[]; readonly cut: number },
): readonly CarriedRow[] {
  const isOrderDone = (orderId: unknown): boolean => {
    const live = read.one<{ state: string; last: number }>(
      'SELECT state, last_position AS last FROM orders WHERE order_id = $orderId',
      { orderId: String(orderId) },
    );
    if (live === undefined) return true;
    const order = findOrder(read, String(orderId) as OrderId)?.order;
    const isRefunding = order !== undefined && openRefundOf(order) !== undefined;
    return doneStates.has(live.state) && live.last <= cut && !isRefunding;
  };
  const isPrintDone = ({ key, content }: CarriedRow): boolean => {
    const state = read.one<{ state: string }>('SELECT state FROM print_jobs WHERE job_id = $key', {
      key,
    })?.state;
    const isOver =
      state === undefined ||
      donePrints.has(state) ||
      isResolved(read, { kind: 'print', jobId: key });
    return (
      isOver &&
      ((content['order_id'] ?? undefined) === undefined || isOrderDone(content['order_id']))
    );
  };
  return rows.filter((row) => {
    if (row.projection === 'print_jobs') return isPrintDone(row);
    // What a person said of a row stays as long as the row would come back without it.
    if (row.projection === 'no_sales') return false;
    if (row.projection === 'resolved') return !isStillTold(read, row.key);
    return isOrderDone(row.key);
  });
}

/** The columns are those that a day is summed by (tally/today.ts, tally/day-promises.ts, tally/day-refunds.ts). */
function addToDay(tx: WriteHandle, orderId: string): void {
  tx.run(
    `INSERT INTO pruned_refunds (business_date, how, refund_count, cash_fen, voucher_fen)
     SELECT r.value ->> '$.businessDate', r.value ->> '$.how', 1, r.value ->> '$.cashFen',
       r.value ->> '$.voucherFen'
     FROM orders, json_each(detail, '$.refunds') AS r
     WHERE order_id = $orderId AND r.value ->> '$.state' = 'done'
     ON CONFLICT (business_date, how) DO UPDATE SET refund_count = refund_count + 1,
       cash_fen = cash_fen + excluded.cash_fen, voucher_fen = voucher_fen + excluded.voucher_fen`,
    { orderId },
  );
  tx.run(
    `INSERT INTO pruned_promises (business_date, how, order_count, sum_fen)
     SELECT json_extract(detail, '$.tender.kept.businessDate'), json_extract(detail, '$.tender.kept.how'),
       1, amount_fen - voucher_fen
     FROM orders WHERE order_id = $orderId AND state = 'promise-kept'
     ON CONFLICT (business_date, how) DO UPDATE SET
       order_count = order_count + 1, sum_fen = sum_fen + excluded.sum_fen`,
    { orderId },
  );
  tx.run(
    `INSERT INTO pruned_sums (business_date, bucket, tender, hour_start_ms, order_count, sum_fen,
       voucher_fen, coupon_fen, coupon_count)
     SELECT business_date, bucket,
       coalesce(json_extract(detail, '$.tender.wallet'), json_extract(detail, '$.tender.type'), 'unknown'),
       opened_at_ms / 3600000 * 3600000, 1, amount_fen, voucher_fen,
       coalesce(json_extract(detail, '$.couponFen'), 0), json_extract(detail, '$.couponFen') IS NOT NULL
     FROM orders WHERE order_id = $orderId AND bucket IS NOT NULL
     ON CONFLICT (business_date, bucket, tender, hour_start_ms) DO UPDATE SET
       order_count = order_count + 1, sum_fen = sum_fen + excluded.sum_fen,
       voucher_fen = voucher_fen + excluded.voucher_fen,
       coupon_fen = coupon_fen + excluded.coupon_fen,
       coupon_count = coupon_count + excluded.coupon_count`,
    { orderId },
  );
}
