import { sql } from 'drizzle-orm';
import { announceRevocation, frozenReason } from '#cloud/payments/offline/store.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';

/**
 * Stops the codes that a frozen member could still show. His phones stay his: thawed, they get new
 * ones. What he showed before the freeze is owed by him, as by the owner of a cloned phone.
 */
export async function stopCodesOfFrozen(
  tx: Tx,
  member: { readonly operatorId: OperatorId; readonly memberId: MemberId; readonly nowMs: number },
): Promise<void> {
  const { rowCount } = await tx.execute(sql`
    insert into member_certificate_revoked (operator_id, certificate_id, reason, revoked_at_ms)
    select operator_id, certificate_id, ${frozenReason}, ${member.nowMs}::bigint
      from member_certificate
     where operator_id = ${member.operatorId} and member_id = ${member.memberId}
       and not_after_ms >= ${member.nowMs}
    on conflict do nothing`);
  if ((rowCount ?? 0) > 0) await announceRevocation(tx, member.operatorId);
}
