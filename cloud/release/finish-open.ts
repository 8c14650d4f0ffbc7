import { standingReasons } from '#cloud/ledger/release-hold.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { stepsOf } from '#cloud/release/chunks/steps.ts';
import { continueClose, findOpenClose } from '#cloud/release/close/close-steps.ts';
import { continueRun, findOpenRun } from '#cloud/release/run/run-steps.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/**
 * Ends the run or the close that stands open, if there is one, in the caller's transaction: what
 * comes after it reads a fund and points of which nothing is promised any more. With a database it
 * is ended in steps of its own, and nobody waits for the book: do that first when there may be
 * millions of accounts. Throws when a release hold forbids it.
 */
export async function finishOpenRunOrClose(db: Db | Tx, operatorId: OperatorId): Promise<void> {
  const close = await findOpenClose(db, operatorId);
  if (close !== undefined) await continueClose(stepsOf(db), close);
  const open = await findOpenRun(db, operatorId);
  if (open === undefined) return;
  const reasons = await standingReasons(db, operatorId);
  if (reasons.length > 0)
    throw new Error(`the release of ${open.day} stands open and is held: ${reasons.join(', ')}`);
  await continueRun(stepsOf(db), open);
}
