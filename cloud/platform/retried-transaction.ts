import { isLostPlan, sqlStateOf } from '#cloud/platform/database-error.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

export const transactionTriesMax = 4;

/**
 * serialization_failure and deadlock_detected: the database asks to try the same transaction again.
 */
const retryable: ReadonlySet<string> = new Set(['40001', '40P01']);

const mayTryAgain = (cause: unknown): boolean =>
  retryable.has(sqlStateOf(cause)) || isLostPlan(cause);

/**
 * Runs a transaction again when the database says that it lost against another one, or that a plan
 * of its connection is void. Only for work that touches nothing but the database: it may run
 * several times.
 */
export const retriedTransaction = <T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> =>
  retried(() => db.transaction(work));

/** The same for a transaction of whatever kind. */
export async function retried<T>(transaction: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transaction();
    } catch (cause) {
      if (tries >= transactionTriesMax || !mayTryAgain(cause)) throw cause;
    }
  }
}
