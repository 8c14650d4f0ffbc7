import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { literal, materialise, plainWord } from '#cloud/release/temporary-table.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import type { BasisPoints } from '#shared/money/rate.ts';
import { periodKindOf, periodsReleasedInMonth, periodSpan } from '#shared/time/period.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { scheduleLcm } from '#shared/points/schedule.ts';
import { reduceTheta, type Theta } from '#shared/points/water-fill.ts';
import { assert } from '#shared/result/assert.ts';

/** Set-based twin of shared/points/release-day.ts: the same rules over a table; a property test holds both equal. */

export interface ReleaseDay {
  readonly operatorId: OperatorId;
  readonly period: string;
  /** Accounting date, YYYY-MM-DD. */
  readonly day: string;
}

/** Far above the 5 or 6 passes of 21 million accounts; a broken fixed point ends here instead of running on. */
const passesMax = 10_000;

export interface Wants {
  readonly wantLeftFen: Fen;
  readonly mostFen: Fen;
  readonly accountCount: number;
}

interface WantsRun extends ReleaseDay {
  readonly multBp: BasisPoints;
  readonly config: PointsConfig;
}

/**
 * docs/points.md 2.7 steps 1-3 into the temporary table release_want: due points, the account's multiplier, want w and
 * e = least(w, own month cap). Accounts that are frozen, in debt or without due points are not in it.
 */
export async function collectWants(tx: Tx, run: WantsRun): Promise<Wants> {
  await materialise(tx, { name: 'release_want', query: wantsOf(run) });
  const { rows } = await tx.execute<{ want: number; most: number; accounts: number }>(sql`
    select coalesce(sum(want), 0) as want, coalesce(sum(most), 0) as most, count(*) as accounts
      from release_want`);
  const sums = rows[0]!;
  const { windowFirstDay, windowLastDay } = periodSpan(run.period);
  assert(
    run.day >= windowFirstDay && run.day <= windowLastDay,
    () => `day ${run.day} is outside the window of ${run.period}`,
  );
  return {
    wantLeftFen: fen(sums.want),
    mostFen: fen(sums.most),
    accountCount: sums.accounts,
  };
}

/**
 * What an account is due, what its member bought and what he was given already are brought together by one GROUP BY
 * over their union instead of by joins: there is no join for the planner to choose wrongly.
 */
function wantsOf(run: WantsRun): SQL {
  const { multBp, config } = run;
  const operator = sql`operator_id = ${plainWord(run.operatorId)}`;
  const monthStart = plainWord(`${run.day.slice(0, 7)}-01`);
  // Of a monthly period it is that period alone; shorter ones have several windows in a calendar month.
  const periods = periodsReleasedInMonth(run.day, periodKindOf(run.period));
  const givenIn = sql.join(periods.map(plainWord), sql`, `);
  return sql`
    select member_id, due, mult_bp, want,
           least(want, greatest(0, consumed * ${literal(config.monthlyReleaseBp)} / 10000 - released))
             as most
      from (select *, due * mult_bp / 10000 as want
              from (select member_id, consumed, released, due,
                           case when ${literal(multBp)} <= 10000
                                  or not ${literal(config.bonusRequiresScore)}
                                then ${literal(multBp)}
                                else 10000 + (${literal(multBp)} - 10000) * score_bp / 10000
                           end as mult_bp
                      from (
    select member_id, max(due) as due, max(score_bp) as score_bp,
           sum(consumed)::bigint as consumed, sum(released)::bigint as released
      from (select member_id, (div(cum_num, ${literal(scheduleLcm)}) - released)::bigint as due,
                   score_bp, 0 as consumed, 0 as released
              from account_points where ${operator} and state = 'active'
            union all
            select member_id, null, null, net_fen - refunded_fen, 0 from points_order
             where ${operator} and member_id is not null
               and accepted_on between ${monthStart}::date
                                   and ${plainWord(run.day)}::date
            union all
            select member_id, null, null, 0, alloc_fen from release_allocation
             where ${operator} and period in (${givenIn}) and day >= ${monthStart}::date) facts
     group by member_id having max(due) > 0) accounts) multiplied) wanted
     where want > 0`;
}

/**
 * Theta by a monotone fixed point over the table. A double decides the clear cases; within one part in 10^9 of the
 * boundary the exact NUMERIC comparison does.
 */
export async function findTheta(tx: Tx, wants: Wants, totalFen: Fen): Promise<Theta> {
  if (wants.mostFen <= totalFen) return { num: 1n, den: 1n };
  let theta: Theta = { num: BigInt(totalFen), den: BigInt(wants.wantLeftFen) };
  for (let pass = 0; pass < passesMax; pass += 1) {
    const { rows } = await tx.execute<{ num: string; den: string }>(sql`
      select (${totalFen}::numeric - coalesce(sum(most) filter (where capped), 0))::text as num,
             coalesce(sum(want) filter (where not capped), 0)::text as den
        from (select want, most, ${isCapped(theta)} as capped from release_want) passes`);
    const next = { num: BigInt(rows[0]!.num), den: BigInt(rows[0]!.den) };
    if (next.num === theta.num && next.den === theta.den) return reduceTheta(theta);
    theta = next;
  }
  throw new Error(`invariant broken: no fixed point in ${passesMax} passes`);
}

/**
 * docs/points.md 2.7 step 5: floors, then one fen each to the largest remainders, ties by md5(runId:member), then by
 * member; and the points used, min(due, ceil(value / multiplier)).
 */
export async function storeAllocations(
  tx: Tx,
  run: ReleaseDay & {
    readonly runId: string;
    readonly totalFen: Fen;
    readonly theta: Theta;
    readonly dayStartMs: number;
  },
): Promise<void> {
  const { operatorId, period, day, theta } = run;
  const full = theta.num === theta.den;
  const [num, den] = [sql`${String(theta.num)}::numeric`, sql`${String(theta.den)}::numeric`];
  const shares = full
    ? sql`select *, most as base, 0::numeric as remainder from release_want where most > 0`
    : sql`select *, case when capped then most else div(want * ${num}, ${den})::bigint end as base,
                 case when capped then 0 else mod(want * ${num}, ${den}) end as remainder
            from (select *, ${isCapped(theta)} as capped from release_want) marked`;
  // When everything fits, nothing is left over; otherwise the floors leave less than one fen per account.
  const odd = full ? sql`0` : sql`${run.totalFen}::bigint - sum(base) over ()`;
  await tx.execute(sql`
    insert into release_allocation (operator_id, period, day, member_id, due_points, mult_bp,
      want_fen, most_fen, alloc_fen, points_used, voucher_id)
    select ${operatorId}, ${period}, ${day}::date, member_id, due, mult_bp, want, most, value,
           least(due, (value * 10000 + mult_bp - 1) / mult_bp),
           voucher_id_of(${run.dayStartMs}::bigint, ${operatorId} || ':' || ${run.runId} || ':' || member_id)
      from (select member_id, due, mult_bp, want, most,
                   base + case when remainder > 0 and rank <= odd then 1 else 0 end as value
              from (select *, ${odd} as odd,
                           row_number() over (order by remainder desc,
                             md5(${run.runId} || ':' || member_id) collate "C",
                             member_id collate "C") as rank
                      from (${shares}) shares) ranked) allocated
     where value > 0`);
}

const isCapped = ({ num, den }: Theta) => {
  const ratio = Number(num) / Number(den);
  return sql`case when most::float8 < want::float8 * ${ratio}::float8 * (1 - 1e-9) then true
                  when most::float8 > want::float8 * ${ratio}::float8 * (1 + 1e-9) then false
                  else most::numeric * ${String(den)}::numeric < want::numeric * ${String(num)}::numeric
             end`;
};
