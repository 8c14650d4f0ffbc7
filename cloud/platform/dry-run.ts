import Type, { type Static } from 'typebox';
import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';

/**
 * Runs work in a transaction, and in a dry run takes everything back at its end: the same
 * computation, the same answer, and nothing stored. A dry run sees one moment (repeatable read) and
 * keeps nobody waiting for the book of points, which whoever sells needs: it works on a copy of
 * that row, and what it would have locked there goes on. Where others change what it would change,
 * it looks again at a newer moment.
 */
export async function inTransaction<T>(
  db: Db,
  mode: { readonly dryRun: boolean },
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  if (!mode.dryRun) return await db.transaction(work);
  const kept: { answer?: { readonly value: T } } = {};
  const moment: Pick<Db, 'transaction'> = {
    transaction: (inside) => db.transaction(inside, { isolationLevel: 'repeatable read' }),
  };
  try {
    await retriedTransaction(moment as Db, async (tx) => {
      // A temporary table goes before the one of its name.
      await tx.execute(sql`
        create temporary table points_book (like points_book including all) on commit drop`);
      await tx.execute(sql`insert into pg_temp.points_book select * from public.points_book`);
      kept.answer = { value: await work(tx) };
      throw new TakenBack();
    });
  } catch (error) {
    if (!(error instanceof TakenBack)) throw error;
  }
  return kept.answer!.value;
}

/** Ends the transaction of a dry run. */
class TakenBack extends Error {}

/** `?dryRun=1` of an engine call. */
export const DryRunSchema = Type.Object({
  dryRun: Type.Optional(Type.Union([Type.Literal('1'), Type.Literal('0')])),
});

export const isDryRun = (query: Static<typeof DryRunSchema>): boolean => query.dryRun === '1';
