import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';

/** One day on which a period's points are released. */
export interface ReleaseDay {
  readonly operatorId: OperatorId;
  readonly period: string;
  /** Accounting date, YYYY-MM-DD. */
  readonly day: string;
}

/**
 * Accounts of one chunk. A chunk is one transaction: small enough that whoever meets one of its
 * rows hardly waits, large enough that the transaction itself costs little.
 */
export const chunkAccounts = 10_000;

/** Places of a chunk among the ordinals of a run; new members may come between the cutting and the reading. */
export const chunkPlaces = 2 ** 20;

/** Accounts by their member's id. */
export interface MemberRange {
  readonly fromMember: string;
  /** The first member that is not in it; undefined: the last range has no end. */
  readonly toMember: string | undefined;
}

export interface Chunk extends MemberRange {
  readonly chunkNo: number;
}

/** The condition of a run's rows, whatever the table. */
export const ofRun = (day: ReleaseDay): SQL =>
  sql`operator_id = ${day.operatorId} and period = ${day.period} and day = ${day.day}::date`;

/** The members of a chunk by a range of their ids: an index condition that needs no statistics. */
export const inChunk = (chunk: MemberRange, column: SQL = sql`member_id`): SQL =>
  chunk.toMember === undefined
    ? sql`${column} >= ${chunk.fromMember}`
    : sql`${column} >= ${chunk.fromMember} and ${column} < ${chunk.toMember}`;

/**
 * Of the rows of release_want and release_allocation those whose chunk may hold such members: the
 * wants of the others are then not unpacked. Chunks of other runs may be cut elsewhere, so it goes
 * beside the condition on the member itself.
 */
export const meetsChunk = ({ fromMember, toMember }: MemberRange): SQL => {
  const ends = sql`(to_member is null or to_member > ${fromMember})`;
  return toMember === undefined ? ends : sql`from_member < ${toMember} and ${ends}`;
};

/** {@link meetsChunk} of one member. */
export const meetsMember = (memberId: string): SQL =>
  sql`from_member <= ${memberId} and (to_member is null or to_member > ${memberId})`;

/**
 * Sees to it that the cuts of an operator's accounts are {@link chunkAccounts} apart, by hops over
 * the index of their ids: behind the last cut, and in chunks that the last run found crowded. The
 * caller holds the book's lock for update.
 */
async function cutAccounts(tx: Tx, operatorId: OperatorId): Promise<void> {
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

const rangesOf = (operatorId: OperatorId): SQL => sql`
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

/** Cuts the accounts of a run into chunks, all of them open. The caller holds the book's lock for update. */
export async function cutChunks(tx: Tx, day: ReleaseDay): Promise<void> {
  await cutAccounts(tx, day.operatorId);
  await tx.execute(sql`
    insert into release_chunk (operator_id, period, day, chunk_no, from_member, to_member, state)
    select ${day.operatorId}, ${day.period}, ${day.day}::date, chunk_no, from_member, to_member, 'open'
      from (${rangesOf(day.operatorId)}) ranges`);
}

export interface ChunkClaim {
  readonly state: 'open' | 'wanted';
  /** Chunks from this one on come first: lanes that work far from each other do not meet in the indexes. */
  readonly fromChunk: number;
  /** Also wait for a chunk that somebody works on. */
  readonly wait: boolean;
}

/** Locks a chunk in that state that nobody else works on; undefined when there is none. */
export async function claimChunk(
  tx: Tx,
  day: ReleaseDay,
  claim: ChunkClaim,
): Promise<Chunk | undefined> {
  const { state, fromChunk, wait } = claim;
  const { rows } = await tx.execute<{
    chunk_no: number;
    from_member: string;
    to_member: string | null;
  }>(sql`
    select chunk_no, from_member, to_member from release_chunk
     where ${ofRun(day)} and state = ${state} and state <> 'posted' and chunk_no >= ${fromChunk}
     order by chunk_no limit 1 for update ${wait ? sql`` : sql`skip locked`}`);
  const row = rows[0];
  if (row === undefined)
    return fromChunk > 0 ? claimChunk(tx, day, { ...claim, fromChunk: 0 }) : undefined;
  const { chunk_no: chunkNo, from_member: fromMember, to_member: toMember } = row;
  assert(chunkNo < chunkPlaces, () => `chunk ${chunkNo} has no ordinals`);
  return { chunkNo, fromMember, toMember: toMember ?? undefined };
}

export interface ChunkSums {
  readonly chunkCount: number;
  readonly leftInState: number;
  readonly accountCount: number;
  readonly wantFen: number;
  readonly mostFen: number;
  readonly wantFenMax: number;
  readonly givenCount: number;
  readonly givenFen: number;
  readonly pointsUsed: number;
  readonly withdrawnFen: number;
}

/** The sums of a run's chunks; `leftInState` counts those that are still in the state asked for. */
export async function sumChunks(
  tx: Tx,
  day: ReleaseDay,
  state: 'open' | 'wanted' = 'open',
): Promise<ChunkSums> {
  const { rows } = await tx.execute<Record<keyof ChunkSums, number>>(sql`
    select count(*) as "chunkCount", count(*) filter (where state = ${state}) as "leftInState",
           coalesce(sum(account_count), 0) as "accountCount",
           coalesce(sum(want_fen), 0) as "wantFen", coalesce(sum(most_fen), 0) as "mostFen",
           coalesce(max(want_fen_max), 0) as "wantFenMax",
           coalesce(sum(given_count), 0) as "givenCount", coalesce(sum(given_fen), 0) as "givenFen",
           coalesce(sum(points_used), 0) as "pointsUsed",
           coalesce(sum(withdrawn_fen), 0) as "withdrawnFen"
      from release_chunk where ${ofRun(day)}`);
  return rows[0]!;
}
