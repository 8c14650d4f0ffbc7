import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import type { NamedMember } from '#shared/wire/v1/common.ts';

/**
 * A member as a till may name him on its result screen and on a receipt: the masked number and the
 * tier, nothing else.
 */
export async function namedMember(
  db: Db | Tx,
  key: { readonly operatorId: OperatorId; readonly memberId: MemberId | undefined },
): Promise<NamedMember | undefined> {
  const { operatorId, memberId } = key;
  if (memberId === undefined) return undefined;
  const { rows } = await db.execute<{ mask: string; tier: number }>(sql`
    select m.phone_mask as mask, coalesce(t.tier, 0) as tier
      from member m
      left join member_tier t on t.operator_id = m.operator_id and t.member_id = m.member_id
     where m.operator_id = ${operatorId} and m.member_id = ${memberId}`);
  return rows[0];
}
