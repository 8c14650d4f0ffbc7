import { sql } from 'drizzle-orm';
import type { OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { OrderResult, ResultsAnswer } from '#shared/wire/v1/terminals.ts';
import type { Db, Statement, Tx } from '#cloud/platform/db.ts';

/** The most results one answer holds. */
export const resultsPageMax = 500;

export interface NewResult {
  readonly operatorId: OperatorId;
  readonly terminalId: TerminalId;
  /** The same key is appended once, for example `charge:{orderId}:{attempt}:paid`. */
  readonly resultKey: string;
  readonly result: Omit<OrderResult, 'cursor'>;
}

/**
 * Appends what became of an order for its terminal to read. Call `hints.pull` after the commit. The cursor row is
 * locked until then, so cursors appear in commit order; false when the key was appended before.
 */
export async function appendResult(tx: Tx, entry: NewResult): Promise<boolean> {
  const { operatorId, terminalId, resultKey, result } = entry;
  // The lock comes first: only then is "is the key there?" a safe question.
  await tx.execute(sql`
    insert into order_result_cursor (operator_id, terminal_id, last_cursor)
    values (${operatorId}, ${terminalId}, 0)
    on conflict (operator_id, terminal_id) do update
      set last_cursor = order_result_cursor.last_cursor`);
  const { rowCount } = await tx.execute(sql`
    with moved as (
      update order_result_cursor set last_cursor = last_cursor + 1
       where operator_id = ${operatorId} and terminal_id = ${terminalId}
         and not exists (
           select 1 from order_result where operator_id = ${operatorId}
              and terminal_id = ${terminalId} and result_key = ${resultKey})
      returning last_cursor
    )
    insert into order_result (operator_id, terminal_id, cursor, order_id, result_key, result)
    select ${operatorId}, ${terminalId}, last_cursor, ${result.orderId}, ${resultKey},
           ${JSON.stringify(result)}::jsonb
      from moved`);
  return rowCount === 1;
}

/**
 * {@link appendResult} in one statement, for what happens once by itself: whoever appends has just made the change that
 * this key tells of, and nobody can make it again. Values: operator, terminal, order, result key, result.
 */
export const firstResult: Statement = {
  name: 'first-result',
  text: `
    with moved as (
      insert into order_result_cursor as c (operator_id, terminal_id, last_cursor)
      values ($1, $2, 1)
      on conflict (operator_id, terminal_id) do update set last_cursor = c.last_cursor + 1
      returning last_cursor)
    insert into order_result (operator_id, terminal_id, cursor, order_id, result_key, result)
    select $1, $2, last_cursor, $3, $4, $5::jsonb from moved`,
};

/** Results of one terminal after a cursor, oldest first, at most {@link resultsPageMax}. */
export async function readResults(
  db: Db,
  reader: {
    readonly operatorId: OperatorId;
    readonly terminalId: TerminalId;
    readonly afterCursor: number;
  },
): Promise<ResultsAnswer> {
  const { rows } = await db.execute<{ cursor: number; result: Omit<OrderResult, 'cursor'> }>(sql`
    select cursor, result from order_result
     where operator_id = ${reader.operatorId} and terminal_id = ${reader.terminalId}
       and cursor > ${reader.afterCursor}
     order by cursor limit ${resultsPageMax + 1}`);
  return {
    results: rows.slice(0, resultsPageMax).map((row) => ({ ...row.result, cursor: row.cursor })),
    more: rows.length > resultsPageMax,
  };
}
