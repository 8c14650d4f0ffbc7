import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { ofRun, type ChunkSums, type ReleaseDay } from '#cloud/release/accounts/run-chunks.ts';
import { shareFormula, wholeNumber, type Shares } from '#cloud/release/share-formula.ts';
import { materialise, plainWord } from '#cloud/release/chunks/temporary-table.ts';
import type { Fen } from '#shared/money/fen.ts';
import { reduceTheta, type Theta } from '#shared/points/release/water-fill.ts';

/**
 * Set-based twin of shared/points/release/release-day.ts: the same rules over tables; a property
 * test holds both equal.
 */

/** Far above the 5 or 6 passes of 21 million accounts; a broken fixed point ends here instead of running on. */
const passesMax = 10_000;

/** Sorting and grouping of a whole run; a chunk needs less than the server's default. */
const wholeRunMemory = '128MB';

/** The wants of a run as a multiset: how often each pair of want and cap occurs. Everything global is found on it. */
export async function groupWants(tx: Tx, run: ReleaseDay): Promise<void> {
  await tx.execute(sql`select set_config('work_mem', ${wholeRunMemory}, true)`);
  await materialise(tx, {
    name: 'release_pair',
    query: sql`
      select want_fen, most_fen, count(*) as accounts
        from (select unnest(want_fen) as want_fen, unnest(most_fen) as most_fen
                from release_chunk_want
               where operator_id = ${plainWord(run.operatorId)}
                 and period = ${plainWord(run.period)}
                 and day = ${plainWord(run.day)}::date) wants
       group by want_fen, most_fen`,
  });
}

/** Theta by a monotone fixed point over the pairs of {@link groupWants}. */
export async function findTheta(tx: Tx, wants: ChunkSums, totalFen: Fen): Promise<Theta> {
  if (wants.mostFen <= totalFen) return { num: 1n, den: 1n };
  if (totalFen === 0) return { num: 0n, den: 1n };
  let theta: Theta = { num: BigInt(totalFen), den: BigInt(wants.wantFen) };
  for (let pass = 0; pass < passesMax; pass += 1) {
    const { isCapped } = pairFormula(theta, wants);
    const { rows } = await tx.execute<{ num: string; den: string }>(sql`
      select (${totalFen}::numeric - coalesce(sum(most_fen * accounts) filter (where capped), 0))::text
               as num,
             coalesce(sum(want_fen * accounts) filter (where not capped), 0)::text as den
        from (select *, ${isCapped} as capped from release_pair) passes`);
    const next = { num: BigInt(rows[0]!.num), den: BigInt(rows[0]!.den) };
    if (next.num === theta.num && next.den === theta.den) return reduceTheta(theta);
    theta = next;
  }
  throw new Error(`invariant broken: no fixed point in ${passesMax} passes`);
}

const pairFormula = (theta: Theta, { wantFenMax }: Pick<ChunkSums, 'wantFenMax'>) =>
  shareFormula({ theta, wantFenMax, want: sql`want_fen`, most: sql`most_fen` });

/**
 * docs/points.md 2.7 step 5, the odd fen: one each to the largest remainders, ties by
 * md5(runId:member), then by member. The last remainder that gets one is found on the pairs; only
 * its equals are sorted.
 */
export async function findOddFen(
  tx: Tx,
  run: ReleaseDay & { readonly runId: string },
  options: { readonly theta: Theta; readonly totalFen: Fen; readonly wants: ChunkSums },
): Promise<Shares> {
  const { theta, totalFen, wants } = options;
  // No remainder reaches the denominator: nobody gets an odd fen.
  const none = { theta, oddRemainder: theta.den, tie: '' };
  if (theta.num === theta.den || totalFen === 0) return none;
  const formula = pairFormula(theta, wants);
  const { rows } = await tx.execute<{ remainder: string; accounts: number; wanted: number }>(sql`
    with shares as (
      select case when ${formula.isCapped} then most_fen else ${formula.base} end as base,
             case when ${formula.isCapped} then 0 else ${formula.remainder} end as remainder, accounts
        from release_pair
    ), odd as (select ${totalFen}::bigint - sum(base * accounts) as fen from shares),
    ranked as (
      select remainder, sum(accounts) as accounts,
             sum(sum(accounts)) over (order by remainder desc) as upto
        from shares where remainder > 0 group by remainder
    )
    select remainder::text as remainder, accounts, odd.fen - (upto - accounts) as wanted
      from ranked, odd where odd.fen > 0 and upto >= odd.fen order by upto limit 1`);
  const last = rows[0];
  if (last === undefined) return none;
  const oddRemainder = BigInt(last.remainder);
  const tie = await lastTie(tx, run, { ...options, oddRemainder, place: last.wanted });
  return { theta, oddRemainder, tie };
}

async function lastTie(
  tx: Tx,
  run: ReleaseDay & { readonly runId: string },
  options: {
    readonly theta: Theta;
    readonly wants: ChunkSums;
    readonly oddRemainder: bigint;
    /** How many of the equal ones get an odd fen; 1 or more. */
    readonly place: number;
  },
): Promise<string> {
  const { isCapped, remainder } = pairFormula(options.theta, options.wants);
  const { rows } = await tx.execute<{ tie: string }>(sql`
    select ${tieOf(run)} as tie
      from (select unnest(members) as member_id, unnest(want_fen) as want_fen,
                   unnest(most_fen) as most_fen
              from release_chunk_want where ${ofRun(run)}) wants
     where not ${isCapped} and ${remainder} = ${wholeNumber(options.oddRemainder)}
     order by (${tieOf(run)}) collate "C" offset ${options.place - 1}::bigint limit 1`);
  return rows[0]!.tie;
}

/** By what equal remainders are ordered: md5 of run and member, and the member for the case of equal md5. */
export const tieOf = ({ runId }: { readonly runId: string }): SQL =>
  sql`md5(${`${runId}:`}::text || member_id) || member_id`;
