import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** Something is wrong with the books: nothing is released until a person has looked and says why it may go on. */
export interface ReleaseHold {
  readonly holdNo: number;
  /** `proof:` and a law, or `bill:` and a mismatch. */
  readonly reason: string;
  /** The first rows that break it. */
  readonly detail: unknown;
  readonly raisedAtMs: number;
  readonly liftedAtMs: number | null;
  readonly liftedBy: string | null;
  readonly liftedWhy: string | null;
}

export const holdsShownMax = 100;

interface Row extends Record<string, unknown> {
  hold_no: number;
  reason: string;
  detail: unknown;
  raised_at_ms: number;
  lifted_at_ms: number | null;
  lifted_by: string | null;
  lifted_why: string | null;
}

/** Holds releases for `reason`; one that is held already stays as it is. True when it is new. */
export async function raiseHold(
  tx: Tx,
  hold: {
    readonly operatorId: OperatorId;
    readonly reason: string;
    readonly detail: unknown;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { operatorId, reason, detail, nowMs } = hold;
  // Numbers follow each other: two nodes that find the same at once wait here.
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`release-hold ${operatorId}`}, 0))`,
  );
  const { rowCount } = await tx.execute(sql`
    insert into release_hold (operator_id, hold_no, reason, detail, raised_at_ms)
    select ${operatorId}, coalesce(max(hold_no), 0) + 1, ${reason}, ${JSON.stringify(detail)}::jsonb,
           ${nowMs}
      from release_hold where operator_id = ${operatorId}
    on conflict do nothing`);
  return rowCount === 1;
}

/** The newest holds, those that stand first. */
export async function listHolds(
  db: Db | Tx,
  operatorId: OperatorId,
): Promise<readonly ReleaseHold[]> {
  const { rows } = await db.execute<Row>(sql`
    select hold_no, reason, detail, raised_at_ms, lifted_at_ms, lifted_by, lifted_why
      from release_hold where operator_id = ${operatorId}
     order by lifted_at_ms is not null, hold_no desc limit ${holdsShownMax}`);
  return rows.map((row) => ({
    holdNo: row.hold_no,
    reason: row.reason,
    detail: row.detail,
    raisedAtMs: row.raised_at_ms,
    liftedAtMs: row.lifted_at_ms,
    liftedBy: row.lifted_by,
    liftedWhy: row.lifted_why,
  }));
}

/** Why nothing may be released now; empty when it may. */
export async function standingReasons(
  tx: Db | Tx,
  operatorId: OperatorId,
): Promise<readonly string[]> {
  const { rows } = await tx.execute<{ reason: string }>(sql`
    select reason from release_hold where operator_id = ${operatorId} and lifted_at_ms is null
     order by hold_no limit ${holdsShownMax}`);
  return rows.map((row) => row.reason);
}

/** Lifts one hold; who did it and why is kept. Errors: hold-not-standing (never raised, or lifted already). */
export async function liftHold(
  tx: Tx,
  lift: {
    readonly operatorId: OperatorId;
    readonly holdNo: number;
    readonly liftedBy: string;
    readonly why: string;
    readonly nowMs: number;
  },
): Promise<Result<void, { readonly type: 'hold-not-standing' }>> {
  const { rowCount } = await tx.execute(sql`
    update release_hold set lifted_at_ms = ${lift.nowMs}, lifted_by = ${lift.liftedBy},
                            lifted_why = ${lift.why}
     where operator_id = ${lift.operatorId} and hold_no = ${lift.holdNo} and lifted_at_ms is null`);
  return rowCount === 1 ? ok(undefined) : err({ type: 'hold-not-standing' });
}
