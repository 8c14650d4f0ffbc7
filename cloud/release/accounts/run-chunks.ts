import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { cutAccounts, rangesOf, type MemberRange } from '#cloud/release/accounts/account-ranges.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';

/** One day on which a period's points are released. */
export interface ReleaseDay {
  readonly operatorId: OperatorId;
  readonly period: string;
  /** Accounting date, YYYY-MM-DD. */
  readonly day: string;
}

/** Places of a chunk among the ordinals of a run; new members may come between the cutting and the reading. */
export const chunkPlaces = 2 ** 20;

export interface Chunk extends MemberRange {
  readonly chunkNo: number;
}

/** The condition of a run's rows, whatever the table. */
export const ofRun = (day: ReleaseDay): SQL =>
  sql`operator_id = ${day.operatorId} and period = ${day.period} and day = ${day.day}::date`;

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
