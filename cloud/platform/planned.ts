import {
  filled,
  type Answer,
  type Db,
  type Line,
  type Statement,
  type Tx,
} from '#cloud/platform/db.ts';

/** Sessions of transactions that can plan a statement once for their connection. */
const asks = new WeakMap<object, Line['ask']>();

/** What runs on this transaction by {@link planned}, also below a savepoint of it, is asked so. */
export const plansBy = (tx: Tx, ask: Line['ask']): void => void asks.set(tx._.session, ask);

/**
 * A statement of work that is done now in a batch by itself and now in a swift transaction ({@link Line}): there it is
 * planned once for each connection, elsewhere every time. Lists go over as PostgreSQL's arrays.
 */
export async function planned<Row extends object>(
  db: Db | Tx,
  statement: Statement,
  values: readonly unknown[],
): Promise<Answer<Row>> {
  const ask = '_' in db ? asks.get(db._.session) : undefined;
  if (ask !== undefined) return await ask<Row>(statement, values);
  return (await db.execute(filled(statement, values))) as unknown as Answer<Row>;
}
