import { sql } from 'drizzle-orm';
import { standingReasons } from '#cloud/ledger/release-hold.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { lockBook, pointsConfigAt } from '#cloud/points/points-config-store.ts';
import type { ReleaseDay } from '#cloud/release/accounts/run-chunks.ts';
import {
  continueClose,
  findOpenClose,
  openClose,
  type CloseStep,
} from '#cloud/release/close/close-steps.ts';
import { readClose, type StoredClose } from '#cloud/release/close/stored-closes.ts';
import { continueRun, findOpenRun } from '#cloud/release/run/run-steps.ts';
import { stepsOf, type StepOptions } from '#cloud/release/chunks/steps.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { addPeriods, periodKindOf, type PeriodKind } from '#shared/time/period.ts';

export interface PeriodClose extends StoredClose {
  /** False when the period was closed before and this is the stored answer. */
  readonly isNew: boolean;
}

export type CloseError =
  /** Periods close one after the other. */
  | { readonly type: 'period-out-of-order'; readonly expectedPeriod: string }
  /** The operator's periods are of another length. */
  | { readonly type: 'period-kind-differs'; readonly kind: PeriodKind }
  /** A release run stands open and is held: a person looks first. */
  | { readonly type: 'release-held'; readonly reasons: readonly string[] };

/** How often a release run or a close of others may stand in the way of one call. */
const openingsMax = 100;

/**
 * Closes a period (docs/points.md 2.5 and 2.6), once: schedules advance by one slice, scores are taken anew, the gate
 * reads its pools, and the multiplier and the budget of the following period's release window are fixed. A second call
 * answers what is stored.
 *
 * With a database each step and each chunk of accounts is a transaction of its own: others hardly
 * wait, and a close that was cut off anywhere is carried on by the next call. With a transaction
 * everything happens in it, or nothing. A release run that stands open is ended first: it was
 * promised points and money of before this close. Errors in this order: period-kind-differs,
 * period-out-of-order, release-held (a run stands open and may not be ended).
 */
export async function closePeriod(
  db: Db | Tx,
  closing: { readonly operatorId: OperatorId; readonly period: string },
  options: StepOptions<CloseStep> = {},
): Promise<Result<PeriodClose, CloseError>> {
  const steps = stepsOf(db, options);
  for (let opening = 0; opening < openingsMax; opening += 1) {
    const found = await steps.step((tx) => findOrOpen(tx, closing));
    if (!found.ok) return found;
    switch (found.value.type) {
      case 'stored':
        return ok({ ...found.value.close, isNew: false });
      case 'release':
        // Posted in a dry run too: the close reads what it leaves.
        await continueRun(
          stepsOf(db, { ...options, isDry: false, observe: () => undefined }),
          found.value.run,
        );
        break;
      case 'opened':
        if (found.value.isNew) await steps.observe('opened');
        return ok({
          isNew: await continueClose(steps, closing),
          ...(await steps.step((tx) => readClose(tx, closing)))!,
        });
      default:
        return exhaustive(found.value);
    }
  }
  throw new Error(`invariant broken: ${openingsMax} release runs stood open`);
}

type Found =
  | { readonly type: 'stored'; readonly close: StoredClose }
  /** It stands open, by this call or by another one that was cut off. */
  | { readonly type: 'opened'; readonly isNew: boolean }
  /** A run that must be ended first. */
  | { readonly type: 'release'; readonly run: ReleaseDay };

async function findOrOpen(
  tx: Tx,
  closing: { readonly operatorId: OperatorId; readonly period: string },
): Promise<Result<Found, CloseError>> {
  const { operatorId, period } = closing;
  await lockBook(tx, operatorId, 'update');
  const close = await readClose(tx, closing);
  if (close !== undefined) return ok({ type: 'stored', close });
  const { config } = await pointsConfigAt(tx, closing);
  const kind = config.periodKind;
  if (periodKindOf(period) !== kind) return err({ type: 'period-kind-differs', kind });
  const open = await findOpenClose(tx, operatorId);
  if (open?.period === period) return ok({ type: 'opened', isNew: false });
  const expectedPeriod = open?.period ?? (await nextToClose(tx, operatorId)) ?? period;
  if (expectedPeriod !== period) return err({ type: 'period-out-of-order', expectedPeriod });
  const run = await findOpenRun(tx, operatorId);
  if (run !== undefined) {
    const reasons = await standingReasons(tx, operatorId);
    return reasons.length > 0
      ? err({ type: 'release-held', reasons })
      : ok({ type: 'release', run });
  }
  await openClose(tx, closing);
  return ok({ type: 'opened', isNew: true });
}

async function nextToClose(tx: Tx, operatorId: OperatorId): Promise<string | undefined> {
  const { rows } = await tx.execute<{ last: string | null }>(sql`
    select last_closed_period as last from points_book where operator_id = ${operatorId}`);
  const last = rows[0]?.last ?? undefined;
  return last === undefined ? undefined : addPeriods(last, 1);
}
