import { sql } from 'drizzle-orm';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { BillUnreadable, type BillRow } from '#cloud/channel/channel-bill.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { createBillDigest, lockBills, type BillDay } from '#cloud/reconciliation/bill-key.ts';
import { bookFees } from '#cloud/reconciliation/book-fees.ts';
import { judgeBill } from '#cloud/reconciliation/judge-bill.ts';
import { rowsPerChunk, storeRows, type OpenBill } from '#cloud/reconciliation/store-rows.ts';

/** Most lines of one bill; a larger one must be asked for merchant by merchant. */
export const billRowsMax = 20_000_000;

export interface BillFile extends BillDay {
  /** So long before midnight the bill's day begins and ends, milliseconds; 0 when absent. */
  readonly dayTurnsBeforeMs?: number;
  /** Reads the file from its beginning, each time it is called. Throws when the file is damaged. */
  readonly rows: () => AsyncIterable<BillRow>;
}

export interface ImportedBill {
  readonly billNo: number;
  readonly version: number;
  readonly rowCount: number;
  /** False when a bill with the same lines was there: nothing was written. */
  readonly isNew: boolean;
}

export type BillImportError = { readonly type: 'bill-unreadable'; readonly why: string };

/**
 * Reads a day's bill, matches it line by line with charges, refunds and the ledger, and keeps what does not fit as
 * breaks, in one transaction: a bill is there whole or not at all. Lines travel in chunks, so memory does not grow with
 * the bill. The same lines again change nothing; other lines for the same day are its next version.
 */
export async function importBill(
  deps: Pick<CloudDeps, 'db' | 'clock'>,
  file: BillFile,
): Promise<Result<ImportedBill, BillImportError>> {
  try {
    return ok(await retriedTransaction(deps.db, (tx) => importOnce(tx, file, deps.clock.nowMs())));
  } catch (cause) {
    if (cause instanceof AlreadyThere) return ok(cause.bill);
    if (cause instanceof BillUnreadable)
      return err({ type: 'bill-unreadable', why: cause.message });
    throw cause;
  }
}

/** Takes back what was stored of a bill that turns out to be known. */
class AlreadyThere extends Error {
  readonly bill: ImportedBill;
  constructor(bill: ImportedBill) {
    super('the bill is there already');
    this.bill = bill;
  }
}

async function importOnce(tx: Tx, file: BillFile, nowMs: number): Promise<ImportedBill> {
  await lockBills(tx, file.operatorId);
  const { rows } = await tx.execute<{ bill_no: number; version: number }>(sql`
    select coalesce(max(bill_no), 0) + 1 as bill_no,
           coalesce(max(version) filter (where channel = ${file.channel}
             and account = ${file.account} and bill_date = ${file.date}::date), 0) + 1 as version
      from bill where operator_id = ${file.operatorId}`);
  const next = rows[0];
  assert(next !== undefined, () => 'an aggregate without a row');
  const { dayTurnsBeforeMs = 0 } = file;
  const bill: OpenBill = { ...file, dayTurnsBeforeMs, billNo: next.bill_no, nowMs };
  // A chunk finds its charges and journals by their keys. Left to itself the planner takes policies for filters that
  // leave little, and reads whole tables for every chunk.
  await tx.execute(sql`set local enable_hashjoin = off`);
  await tx.execute(sql`set local enable_mergejoin = off`);
  const { digest, rowCount } = await storeAll(tx, bill, file.rows());
  await tx.execute(sql`set local enable_hashjoin = on`);
  await tx.execute(sql`set local enable_mergejoin = on`);
  await refuseKnown(tx, bill, digest);
  await tx.execute(sql`
    insert into bill (operator_id, bill_no, channel, account, bill_date, version, digest, row_count,
      imported_at_ms, day_turns_before_ms)
    values (${bill.operatorId}, ${bill.billNo}, ${bill.channel}, ${bill.account},
      ${bill.date}::date, ${next.version}, ${digest}, ${rowCount}, ${nowMs},
      ${dayTurnsBeforeMs})`);
  // Sums and joins over a million lines: what does not fit into this goes to disk, so the
  // database's memory is bounded too.
  await tx.execute(sql`set local work_mem = '64MB'`);
  await addUp(tx, bill);
  await judgeBill(tx, bill);
  await bookFees(tx, bill);
  return { billNo: bill.billNo, version: next.version, rowCount, isNew: true };
}

async function refuseKnown(tx: Tx, bill: OpenBill, digest: string): Promise<void> {
  const { rows } = await tx.execute<{ bill_no: number; version: number; row_count: number }>(sql`
    select bill_no, version, row_count from bill
     where operator_id = ${bill.operatorId} and channel = ${bill.channel}
       and account = ${bill.account} and bill_date = ${bill.date}::date and digest = ${digest}`);
  const known = rows[0];
  if (known === undefined) return;
  const { bill_no: billNo, version, row_count: rowCount } = known;
  throw new AlreadyThere({ billNo: billNo, version, rowCount, isNew: false });
}

/** Reads the next chunk while the database works on the one before. */
async function storeAll(
  tx: Tx,
  bill: OpenBill,
  rows: AsyncIterable<BillRow>,
): Promise<{ readonly digest: string; readonly rowCount: number }> {
  const digest = createBillDigest();
  let chunk: BillRow[] = [];
  let rowCount = 0;
  let storing: Promise<void> = Promise.resolve();
  const flush = async () => {
    await storing;
    storing = storeRows(tx, bill, { firstRowNo: rowCount + 1, rows: chunk });
    // It is awaited with the next chunk; until then a failure must not look unhandled.
    storing.catch(() => {});
    rowCount += chunk.length;
    chunk = [];
  };
  try {
    for await (const row of readable(rows)) {
      digest.add(row);
      chunk.push(row);
      if (chunk.length < rowsPerChunk) continue;
      if (rowCount + chunk.length > billRowsMax) throw new BillUnreadable('too many lines');
      await flush();
    }
    if (chunk.length > 0) await flush();
  } finally {
    await storing;
  }
  return { digest: digest.hex(), rowCount };
}

/** Whatever a reader throws says that the file is no good. */
async function* readable(rows: AsyncIterable<BillRow>): AsyncIterable<BillRow> {
  const reader = rows[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await reader.next().catch((cause: unknown) => {
        throw cause instanceof BillUnreadable ? cause : new BillUnreadable(String(cause));
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await reader.return?.();
  }
}

const addUp = (tx: Tx, bill: OpenBill): Promise<unknown> =>
  tx.execute(sql`
    insert into bill_total (operator_id, bill_no, merchant_id, paid_count, paid_fen, back_count,
      back_fen, fee_fen)
    select ${bill.operatorId}, ${bill.billNo}, coalesce(merchant_id, ''),
           count(*) filter (where kind = 'paid'),
           coalesce(sum(amount_fen) filter (where kind = 'paid'), 0),
           count(*) filter (where kind in ('refund', 'reversed')),
           coalesce(sum(amount_fen) filter (where kind in ('refund', 'reversed')), 0), sum(fee_fen)
      from bill_row where operator_id = ${bill.operatorId} and bill_no = ${bill.billNo}
     group by 3`);
