import Type, { type Static } from 'typebox';
import type { Db, Tx } from '#cloud/platform/db.ts';

/**
 * Runs work in a transaction, and in a dry run takes everything back at its end: the same computation, the same answer,
 * and nothing stored.
 */
export async function inTransaction<T>(
  db: Db,
  mode: { readonly dryRun: boolean },
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  if (!mode.dryRun) return await db.transaction(work);
  const kept: { answer?: { readonly value: T } } = {};
  try {
    await db.transaction(async (tx) => {
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
