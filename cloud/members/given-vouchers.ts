import { sql } from 'drizzle-orm';
import type { Db } from '#cloud/platform/db.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';

/** Release days that a member's page lists. */
export const givenShownMax = 12;

/** What release days gave a member, the newest first. */
export async function readGiven(
  db: Db,
  member: { readonly operatorId: OperatorId; readonly memberId: MemberId },
): Promise<{ day: string; faceFen: number }[]> {
  const { rows } = await db.execute<{ day: string; faceFen: number }>(sql`
    select day::text as day, sum(face_fen)::bigint as "faceFen" from voucher
     where operator_id = ${member.operatorId} and member_id = ${member.memberId}
     group by day order by day desc limit ${givenShownMax}`);
  return rows;
}
