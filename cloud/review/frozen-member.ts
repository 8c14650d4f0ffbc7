import { sql, type SQL } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';

/** True of a member whose account is held now (cloud/members/member-freeze.ts). */
export const isFrozenNow = (operatorId: OperatorId, memberId: SQL): SQL =>
  sql`exists (select from member_freeze f where f.operator_id = ${operatorId}
                 and f.member_id = ${memberId} and f.thawed_at_ms is null)`;

/** Since when the account is held; undefined when it is not. */
export async function frozenSince(
  db: Db | Tx,
  member: { readonly operatorId: OperatorId; readonly memberId: MemberId },
): Promise<number | undefined> {
  const { rows } = await db.execute<{ at: number }>(sql`
    select frozen_at_ms as at from member_freeze
     where operator_id = ${member.operatorId} and member_id = ${member.memberId}
       and thawed_at_ms is null`);
  return rows[0]?.at;
}
