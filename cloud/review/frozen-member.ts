import { sql, type SQL } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';

/** True of a member whose account is held now (cloud/members/member-freeze.ts). */
export const isFrozenNow = (operatorId: OperatorId, memberId: SQL): SQL =>
  sql`exists (select from member_freeze f where f.operator_id = ${operatorId}
                 and f.member_id = ${memberId} and f.thawed_at_ms is null)`;

/**
 * Was the account held at that moment, and is it still? What was set aside before is spent by a
 * sale from before only.
 */
export async function wasFrozenAt(
  db: Db | Tx,
  sale: {
    readonly operatorId: OperatorId;
    readonly memberId: MemberId | undefined;
    readonly atMs: number;
  },
): Promise<boolean> {
  if (sale.memberId === undefined) return false;
  const sinceMs = await frozenSince(db, { ...sale, memberId: sale.memberId });
  return sinceMs !== undefined && sale.atMs >= sinceMs;
}

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
