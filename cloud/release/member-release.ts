import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { meetsMember, type ReleaseDay } from '#cloud/release/accounts/run-chunks.ts';
import { readRun, type StoredRun } from '#cloud/release/release-day.ts';
import { wholePoints } from '#cloud/release/accounts/whole-points.ts';
import type { MemberId, VoucherId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { scoreOfMultiplier } from '#shared/points/release/account-multiplier.ts';
import {
  dayBindingWords,
  formulaWords,
  shareBoundWords,
  type ShareBound,
  type Words,
} from '#shared/points/words/explanation-words.ts';
import {
  explainShare,
  nothingWords,
  thetaOf,
  type NothingReason,
} from '#shared/points/release/member-share.ts';
import { pointFen } from '#shared/points/point-fen.ts';

/** One member's part of a stored release run, with the numbers it was computed from. */
export interface MemberRelease {
  readonly memberId: MemberId;
  readonly runId: string;
  /** What limited the whole day, and its limit and theta. */
  readonly runBinding: StoredRun['binding'];
  readonly limitFen: Fen;
  readonly theta: string;
  /** The period's multiplier in basis points, the same for everybody. */
  readonly periodMultBp: number;
  readonly allocFen: Fen;
  /**
   * What decided the member's sum: all that was due (want), his own month cap (month-cap), or his share of the day's
   * limit, theta times want (share). `nothing`: he got nothing on this day.
   */
  readonly bound: ShareBound;
  readonly allocation: MemberAllocation | null;
  /** Why he got nothing; null when he got something. */
  readonly nothing: NothingReason | null;
  readonly words: {
    readonly run: Words;
    readonly member: Words;
    readonly formula: Words;
    readonly dayFormula: Words;
  };
  /** Of the run: the member's numbers follow from what it seals. */
  readonly explanationHash: string;
}

export interface MemberAllocation {
  readonly duePoints: number;
  /** The member's own multiplier, basis points. */
  readonly multBp: number;
  /** The lowest score that gives this multiplier; null when the multiplier is the same for every score. */
  readonly scoreBp: number | null;
  readonly wantFen: Fen;
  /** The smaller of want and month cap. */
  readonly mostFen: Fen;
  /** What his month cap left, when it was smaller than the want; null: it did not matter. */
  readonly monthCapFen: Fen | null;
  /** floor(theta x want), what the floor left over (over theta's denominator), and the odd fen that came here. */
  readonly shareFen: Fen;
  readonly remainder: string;
  readonly oddFen: Fen;
  readonly pointsUsed: number;
  readonly voucherId: VoucherId;
}

interface Row extends Record<string, unknown> {
  readonly due_points: number;
  readonly mult_bp: number;
  readonly want_fen: number;
  readonly most_fen: number;
  readonly alloc_fen: number | null;
  readonly points_used: number;
  readonly voucher_id: VoucherId;
  readonly withdrawn: boolean;
  readonly wanted: boolean;
  readonly state: string;
  readonly due_now: number;
}

/**
 * Why one member got what he got on a day: his sum computed again, step by step, from what the run stored. Throws when
 * the stored sum does not follow from it. Undefined when the day was not run, or the member has no points account.
 */
export async function readMemberRelease(
  db: Db | Tx,
  key: ReleaseDay & { readonly memberId: MemberId },
): Promise<MemberRelease | undefined> {
  const run = await readRun(db, key);
  const row = await readRow(db, key);
  if (run === undefined || row === undefined) return undefined;
  const { runId, binding: runBinding, limitFen, theta, explanationHash } = run;
  const periodMultBp = Number(run.snapshot['multBp']);
  const { memberId } = key;
  const ofRun = { memberId, runId, runBinding, limitFen, theta, periodMultBp, explanationHash };
  const runWords = {
    run: dayBindingWords[runBinding],
    formula: formulaWords.share,
    dayFormula: formulaWords.dayLimit,
  };
  if (row.alloc_fen === null) {
    const nothing = nothingOf(row, run);
    const words = { ...runWords, member: nothingWords[nothing] };
    return { ...ofRun, allocFen: fen(0), bound: 'nothing', allocation: null, nothing, words };
  }
  const { bound, allocation } = allocationOf(row, { theta, periodMultBp });
  const words = { ...runWords, member: shareBoundWords[bound] };
  return { ...ofRun, allocFen: fen(row.alloc_fen), bound, allocation, nothing: null, words };
}

async function readRow(
  db: Db | Tx,
  key: ReleaseDay & { readonly memberId: MemberId },
): Promise<Row | undefined> {
  const { operatorId, period, day, memberId } = key;
  const ofDay = sql`operator_id = ${operatorId} and member_id = ${memberId}
                    and period = ${period} and day = ${day}::date`;
  const { rows } = await db.execute<Row>(sql`
    select r.due_points, r.mult_bp, r.want_fen, r.most_fen, r.alloc_fen, r.points_used, r.voucher_id,
           exists (select from release_withdrawn where ${ofDay}) as withdrawn,
           exists (select from release_want where ${ofDay} and ${meetsMember(memberId)}) as wanted,
           a.state, ${wholePoints(sql`a.cum_num`)} - a.released as due_now
      from account_points a
      left join (select * from release_allocation where ${ofDay} and ${meetsMember(memberId)}) r
        on r.member_id = a.member_id
     where a.operator_id = ${operatorId} and a.member_id = ${memberId}`);
  return rows[0];
}

function allocationOf(
  row: Row,
  run: { readonly theta: string; readonly periodMultBp: number },
): { readonly bound: ShareBound; readonly allocation: MemberAllocation } {
  const stored = {
    duePoints: pointFen(row.due_points),
    multBp: basisPoints(row.mult_bp),
    wantFen: fen(row.want_fen),
    mostFen: fen(row.most_fen),
    allocFen: fen(row.alloc_fen!),
    pointsUsed: pointFen(row.points_used),
  };
  const steps = explainShare(stored, thetaOf(run.theta));
  const score = scoreOfMultiplier(basisPoints(run.periodMultBp), stored.multBp);
  return {
    bound: steps.bound,
    allocation: {
      duePoints: stored.duePoints,
      multBp: stored.multBp,
      scoreBp: score ?? null,
      wantFen: stored.wantFen,
      mostFen: stored.mostFen,
      monthCapFen: steps.monthCapFen ?? null,
      shareFen: steps.shareFen,
      remainder: String(steps.remainder),
      oddFen: steps.oddFen,
      pointsUsed: steps.pointsUsed,
      voucherId: row.voucher_id,
    },
  };
}

/** What the run stored decides first; the account's state is that of today, because nothing was stored for it. */
function nothingOf(row: Row, run: StoredRun): NothingReason {
  if (run.binding === 'gate-closed') return 'gate-closed';
  if (row.withdrawn) return 'withdrawn';
  if (row.wanted) return run.limitFen === 0 ? 'nothing-to-divide' : 'under-one-fen';
  if (row.state !== 'active') return 'account-not-active';
  return row.due_now <= 0 ? 'nothing-due' : 'month-cap-used';
}
