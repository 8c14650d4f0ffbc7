import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { paces, restAfterMs, type PaceName } from '#cloud/release/chunks/pace.ts';
import type { Clock } from '#shared/time/clock.ts';

/** How the steps of a release or a close are carried out. */
export interface Steps<Step extends string> {
  /** Each in a transaction of its own, or all in the caller's. */
  step<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * The same for one of many chunks, and its commit does not wait for the disk. After a power cut
   * the last ones may be as if they had not been done yet, with all that followed from them; the
   * next call does them again. Whatever anybody commits after them takes them to the disk with it,
   * and the step behind the last chunk waits for all.
   */
  chunk<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Chunks worked on at the same time. */
  readonly lanes: number;
  readonly today: string | undefined;
  /** All of it is taken back at its end: what nobody will read is not written. */
  readonly isDry: boolean;
  observe(step: Step): void | Promise<void>;
  /** Monotonic milliseconds; stands still where nobody rests. */
  nowMs(): number;
  /** Leaves the machine to others, after so much work. */
  rest(workedMs: number): Promise<void>;
}

export interface StepOptions<Step extends string> {
  /** How much of the machine it takes, by which clock; without it the lanes of `neighbourly`, and no rests. */
  readonly pace?: { readonly name: PaceName; readonly clock: Pick<Clock, 'monotonicMs'> };
  /** Told after every step that is committed. */
  readonly observe?: Steps<Step>['observe'];
  /** Accounting day on which it is run, YYYY-MM-DD: a late run's vouchers are good for their days from then on. */
  readonly today?: string;
  /** For a transaction that is taken back at its end. */
  readonly isDry?: boolean;
}

/** A transaction has `rollback`; a database has not. */
const isTx = (db: Db | Tx): db is Tx => 'rollback' in db;

/** In a transaction of the caller everything happens in it, one after the other and without a rest: its locks stand. */
export function stepsOf<Step extends string>(
  db: Db | Tx,
  options: StepOptions<Step> = {},
): Steps<Step> {
  const pace = paces[options.pace?.name ?? 'neighbourly'];
  const { clock } = options.pace ?? {};
  return {
    step: isTx(db) ? (work) => work(db) : (work) => retriedTransaction(db, work),
    chunk: isTx(db)
      ? (work) => work(db)
      : (work) =>
          retriedTransaction(db, async (tx) => {
            await tx.execute(sql`select set_config('synchronous_commit', 'off', true)`);
            return work(tx);
          }),
    lanes: isTx(db) ? 1 : pace.lanes,
    observe: options.observe ?? (() => undefined),
    today: options.today,
    isDry: options.isDry ?? false,
    nowMs: () => clock?.monotonicMs() ?? 0,
    async rest(workedMs) {
      const restMs = isTx(db) ? 0 : restAfterMs(pace, workedMs);
      if (restMs > 0) await sleep(restMs);
    },
  };
}
