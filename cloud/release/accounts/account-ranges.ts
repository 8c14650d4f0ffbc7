import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/**
 * Accounts of one chunk. A chunk is one transaction: small enough that whoever meets one of its
 * rows hardly waits, large enough that the transaction itself costs little.
 */
export const chunkAccounts = 10_000;

/** Accounts by their member's id. */
export interface MemberRange {
  readonly fromMember: string;
  /** The first member that is not in it; undefined: the last range has no end. */
  readonly toMember: string | undefined;
}

/** The members of a range: an index condition that needs no statistics. */
export const inRange = (range: MemberRange, column: SQL = sql`member_id`): SQL =>
  range.toMember === undefined
    ? sql`${column} >= ${range.fromMember}`
    : sql`${column} >= ${range.fromMember} and ${column} < ${range.toMember}`;

/**
 * Sees to it that the cuts of an operator's accounts are {@link chunkAccounts} apart, by hops over
 * the index of their ids: behind the last cut, and in chunks that the last run found crowded. The
 * caller holds the book's lock for update.
 */
export async function cutAccounts(tx: Tx, operatorId: OperatorId): Promise<void> {
  await tx.execute(sql`
    insert into account_cut (operator_id, from_member) values (${operatorId}, '')
    on conflict do nothing`);
  await tx.execute(sql`
    with recursive cuts as (
      select from_member, lead(from_member) over (order by from_member) as to_member
        from account_cut where operator_id = ${operatorId}
    ), hops (from_member, to_member) as (
      select from_member, to_member from cuts
       where to_member is null or from_member in (
         select from_member from release_chunk c
          where operator_id = ${operatorId} and account_count > ${2 * chunkAccounts}::bigint
            and day = (select max(day) from release_run where operator_id = ${operatorId}))
      union all
      select (select member_id from account_points
               where operator_id = ${operatorId} and member_id > hops.from_member
                 and (hops.to_member is null or member_id < hops.to_member)
               order by member_id offset ${chunkAccounts}::bigint limit 1), to_member
        from hops where from_member is not null
    )
    insert into account_cut (operator_id, from_member)
    select ${operatorId}, from_member from hops where from_member is not null
    on conflict do nothing`);
}

/** The ranges as they were last cut, numbered from 0. */
export const rangesOf = (operatorId: OperatorId): SQL => sql`
  select row_number() over (order by from_member) - 1 as chunk_no, from_member,
         lead(from_member) over (order by from_member) as to_member
    from account_cut where operator_id = ${operatorId}`;

/** All accounts of an operator in ranges. The caller holds the book's lock for update. */
export async function memberRanges(
  tx: Tx,
  operatorId: OperatorId,
): Promise<readonly MemberRange[]> {
  await cutAccounts(tx, operatorId);
  const { rows } = await tx.execute<{ from_member: string; to_member: string | null }>(
    sql`select from_member, to_member from (${rangesOf(operatorId)}) ranges order by chunk_no`,
  );
  return rows.map((row) => ({ fromMember: row.from_member, toMember: row.to_member ?? undefined }));
}
