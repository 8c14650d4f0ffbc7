import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/**
 * Makes one voucher per allocation of a release run, in one statement. The caller posts F -> VO of the same sum in the
 * same transaction, so every voucher is backed at birth (invariant I1).
 */
export async function issueVouchers(
  tx: Tx,
  run: {
    readonly operatorId: OperatorId;
    readonly period: string;
    readonly day: string;
    readonly runId: string;
    /** Last day of use. */
    readonly expiresOn: string;
  },
): Promise<void> {
  await tx.execute(sql`
    with made as (
      insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen,
                           expires_on)
      select operator_id, voucher_id, member_id, period, day, alloc_fen, alloc_fen,
             ${run.expiresOn}::date
        from release_allocation
       where operator_id = ${run.operatorId} and period = ${run.period} and day = ${run.day}::date
      returning operator_id, voucher_id, face_fen
    )
    insert into voucher_entry (operator_id, voucher_id, kind, ref, amount_fen)
    select operator_id, voucher_id, 'issued', ${run.runId}, face_fen from made`);
}
