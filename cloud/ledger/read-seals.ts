import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** One signed link of the operator's chain, as an auditor reads it (docs/adr/0015 says what each hash covers). */
export interface SealRun {
  readonly runNo: number;
  readonly afterNo: number;
  readonly throughNo: number;
  readonly booksCount: number;
  readonly rowsCount: number;
  readonly prevHash: string;
  readonly hash: string;
  readonly sealedAtMs: number;
  readonly keyId: string;
  readonly signature: string;
}

export interface BookSeal {
  readonly book: string;
  readonly rowsCount: number;
  readonly prevHash: string;
  readonly hash: string;
}

export const sealRunsShownMax = 500;
export const bookSealsShownMax = 1_000;

/** Runs after `afterRun` in their order, at most {@link sealRunsShownMax}. */
export async function readSealRuns(
  db: Db | Tx,
  query: { readonly operatorId: OperatorId; readonly afterRun: number },
): Promise<readonly SealRun[]> {
  const { rows } = await db.execute<SealRun & Record<string, unknown>>(sql`
    select run_no as "runNo", after_no as "afterNo", through_no as "throughNo",
           books_count as "booksCount", rows_count as "rowsCount", prev_hash as "prevHash", hash,
           sealed_at_ms as "sealedAtMs", key_id as "keyId", signature
      from ledger_seal_run where operator_id = ${query.operatorId} and run_no > ${query.afterRun}
     order by run_no limit ${sealRunsShownMax}`);
  return rows;
}

/** The seals of one run after `afterBook`, in the order in which the run's hash takes them. */
export async function readBookSeals(
  db: Db | Tx,
  query: {
    readonly operatorId: OperatorId;
    readonly runNo: number;
    readonly afterBook: string | undefined;
  },
): Promise<readonly BookSeal[]> {
  const { operatorId, runNo, afterBook } = query;
  const after = afterBook === undefined ? sql`` : sql`and book collate "C" > ${afterBook}`;
  const { rows } = await db.execute<BookSeal & Record<string, unknown>>(sql`
    select book, rows_count as "rowsCount", prev_hash as "prevHash", hash
      from ledger_seal where operator_id = ${operatorId} and run_no = ${runNo} ${after}
     order by book collate "C" limit ${bookSealsShownMax}`);
  return rows;
}
