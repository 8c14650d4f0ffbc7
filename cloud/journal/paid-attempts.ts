import { sql } from 'drizzle-orm';
import type { AttemptName } from '#cloud/journal/project-journal.ts';
import type { Tx } from '#cloud/platform/db.ts';

/** Of the attempts named, those whose money the cloud's own book of attempts has seen. One statement. */
export async function findPaidAttempts(
  tx: Tx,
  attempts: readonly AttemptName[],
): Promise<readonly AttemptName[]> {
  if (attempts.length === 0) return [];
  const { rows } = await tx.execute<{
    operator_id: string;
    order_id: string;
    attempt: number;
  }>(sql`
    select a.operator_id, a.order_id, a.attempt
      from jsonb_to_recordset(${JSON.stringify(attempts)}::jsonb)
             as n("operatorId" text, "orderId" text, attempt integer)
      join payment_attempt a on a.operator_id = n."operatorId" and a.order_id = n."orderId"
       and a.attempt = n.attempt
     where a.status in ('paid', 'refunded-late')`);
  return rows.map((row) => ({
    operatorId: row.operator_id,
    orderId: row.order_id,
    attempt: row.attempt,
  }));
}
