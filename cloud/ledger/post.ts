import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { planned } from '#cloud/platform/planned.ts';
import {
  bookOf,
  chart,
  checkJournal,
  contentHash,
  journalBatchMax,
  type AccountName,
  type Journal,
  type JournalError,
} from '#cloud/ledger/posting.ts';
import { postStatement, postValues, type PostArrays } from '#cloud/ledger/post-statement.ts';
import { withSavepoint } from '#cloud/ledger/savepoint.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

export interface PostOutcome {
  readonly postedCount: number;
  /** Journals whose key and content were in the books already. */
  readonly repeatedCount: number;
  /** Per journal as given: true when this call posted it. */
  readonly isNew: readonly boolean[];
}

/** A guarded account that the batch would have taken below nothing; `balanceFen` as it would have stood. */
export interface BalanceViolation {
  readonly operatorId: string;
  readonly book: string;
  readonly account: AccountName;
  readonly balanceFen: number;
}

export type LedgerError =
  | JournalError
  | { readonly type: 'journal-batch-too-large'; readonly count: number }
  /** A key is in the books with other content: a bug or an attack, never a retry. */
  | { readonly type: 'idempotency-mismatch'; readonly idemKeys: readonly string[] }
  | { readonly type: 'balance-refused'; readonly violations: readonly BalanceViolation[] };

/**
 * Posts up to {@link journalBatchMax} journals with one statement (a set, not a loop): transactions that are new are
 * inserted, their legs joined to them, each account's balance moved once, in key order so that concurrent batches
 * cannot lock each other out. All or nothing: on an error the books are as before and `tx` can be used further.
 * Errors: journal-malformed, journal-unbalanced, journal-batch-too-large, idempotency-mismatch, balance-refused.
 */
export async function postJournals(
  tx: Tx,
  journals: readonly Journal[],
): Promise<Result<PostOutcome, LedgerError>> {
  if (journals.length === 0) return ok({ postedCount: 0, repeatedCount: 0, isNew: [] });
  if (journals.length > journalBatchMax)
    return err({ type: 'journal-batch-too-large', count: journals.length });
  for (const journal of journals) {
    const checked = checkJournal(journal);
    if (!checked.ok) return checked;
  }
  const batch = distinct(journals);
  if (!batch.ok) return batch;
  return await withSavepoint(tx, (inner) => post(inner, batch.value, journals));
}

interface Batch {
  readonly unique: readonly { readonly journal: Journal; readonly hash: string }[];
  /** Per journal as given: its index in `unique` when it is the first of its key. */
  readonly firstAt: readonly (number | undefined)[];
}

/** Drops repeats inside the batch; the same key with other content is an error here as well. */
function distinct(journals: readonly Journal[]): Result<Batch, LedgerError> {
  const unique: { journal: Journal; hash: string }[] = [];
  const indexOf = new Map<string, number>();
  const firstAt: (number | undefined)[] = [];
  for (const journal of journals) {
    const hash = contentHash(journal);
    const key = `${journal.operatorId}\n${bookOf(journal)}\n${journal.idemKey}`;
    const seen = indexOf.get(key);
    if (seen !== undefined && unique[seen]!.hash !== hash)
      return err({ type: 'idempotency-mismatch', idemKeys: [journal.idemKey] });
    firstAt.push(seen === undefined ? unique.length : undefined);
    if (seen === undefined) {
      indexOf.set(key, unique.length);
      unique.push({ journal, hash });
    }
  }
  return ok({ unique, firstAt });
}

async function post(
  tx: Tx,
  batch: Batch,
  journals: readonly Journal[],
): Promise<Result<PostOutcome, LedgerError>> {
  const arrays = toArrays(batch.unique);
  const { rows } = await planned<StatementRow>(tx, postStatement, postValues(arrays));
  const row = rows[0]!;
  const mismatched = await mismatches(tx, batch, row);
  if (mismatched.length > 0) return err({ type: 'idempotency-mismatch', idemKeys: mismatched });
  if (row.violations.length > 0)
    return err({ type: 'balance-refused', violations: row.violations });
  assert(Number(row.sum_fen) === 0, () => `a posted batch sums to ${row.sum_fen} fen`);
  const posted = new Set(row.posted);
  const isNew = batch.firstAt.map((index) => index !== undefined && posted.has(index));
  return ok({
    postedCount: posted.size,
    repeatedCount: journals.length - posted.size,
    isNew,
  });
}

interface StatementRow {
  readonly posted: readonly number[];
  readonly sum_fen: string;
  readonly violations: readonly BalanceViolation[];
}

/** What was not posted is in the books already, also if another connection just committed it: is it the same? */
async function mismatches(tx: Tx, batch: Batch, row: StatementRow): Promise<string[]> {
  const posted = new Set(row.posted);
  const known = batch.unique.filter((_, index) => !posted.has(index));
  if (known.length === 0) return [];
  const found = await tx.execute(sql`
    SELECT t.idem_key FROM unnest(
      ${sql.param(known.map(({ journal }) => journal.operatorId))}::text[],
      ${sql.param(known.map(({ journal }) => bookOf(journal)))}::text[],
      ${sql.param(known.map(({ journal }) => journal.idemKey))}::text[],
      ${sql.param(known.map(({ hash }) => hash))}::text[]
    ) AS i (operator_id, book, idem_key, content_hash)
    JOIN ledger_txn t USING (operator_id, book, idem_key)
    WHERE t.content_hash <> i.content_hash`);
  return found.rows.map((found_) => String(found_['idem_key']));
}

function toArrays(unique: Batch['unique']): PostArrays {
  const legs = unique.flatMap(({ journal }, index) =>
    journal.legs.map((leg, position) => ({ index, position, leg })),
  );
  return {
    operators: unique.map(({ journal }) => journal.operatorId),
    books: unique.map(({ journal }) => bookOf(journal)),
    keys: unique.map(({ journal }) => journal.idemKey),
    kinds: unique.map(({ journal }) => journal.kind),
    eventAtMs: unique.map(({ journal }) => journal.eventAtMs),
    hashes: unique.map(({ hash }) => hash),
    legJournals: legs.map(({ index }) => index),
    legPositions: legs.map(({ position }) => position),
    legAccounts: legs.map(({ leg }) => leg.account),
    legAmounts: legs.map(({ leg }) => leg.amountFen),
    legSlots: legs.map(({ leg }) => chart[leg.account].slots),
    legGuards: legs.map(({ leg }) => guardSign(leg.account)),
  };
}

/** 1: the balance must stay >= 0; -1: it must stay <= 0; 0: not guarded. */
function guardSign(account: AccountName): -1 | 0 | 1 {
  const rule = chart[account];
  if (!rule.guarded) return 0;
  return rule.nature === 'claim' ? 1 : -1;
}
