import { sql } from 'drizzle-orm';
import type { Db } from '#cloud/platform/db.ts';
import type { ReleaseDay } from '#cloud/release/allocate.ts';
import { readRun, type ReleaseOutcome } from '#cloud/release/release-day.ts';
import type { MemberId, VoucherId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';

/** One member's part of a stored release run, with the numbers it was computed from. */
export interface MemberRelease {
  readonly memberId: MemberId;
  readonly runId: string;
  /** What limited the whole day, and its limit and theta. */
  readonly runBinding: ReleaseOutcome['binding'];
  readonly limitFen: Fen;
  readonly theta: string;
  readonly allocFen: Fen;
  /**
   * What decided the member's sum: all that was due (want), his own month cap (month-cap), or his share of the day's
   * limit, theta times want (share). `nothing`: he got nothing on this day.
   */
  readonly bound: 'want' | 'month-cap' | 'share' | 'nothing';
  readonly allocation: MemberAllocation | null;
  /** Of the run: the member's numbers follow from what it seals. */
  readonly explanationHash: string;
}

interface MemberAllocation {
  readonly duePoints: number;
  /** The member's own multiplier, basis points. */
  readonly multBp: number;
  readonly wantFen: Fen;
  /** The smaller of want and month cap. */
  readonly mostFen: Fen;
  readonly pointsUsed: number;
  readonly voucherId: VoucherId;
}

/** Undefined when the day was not run, or the member has no points account. */
export async function readMemberRelease(
  db: Db,
  key: ReleaseDay & { readonly memberId: MemberId },
): Promise<MemberRelease | undefined> {
  const { operatorId, period, day, memberId } = key;
  const run = await readRun(db, key);
  const { rows } = await db.execute<{
    due_points: number;
    mult_bp: number;
    want_fen: number;
    most_fen: number;
    alloc_fen: number | null;
    points_used: number;
    voucher_id: VoucherId;
  }>(sql`
    select r.due_points, r.mult_bp, r.want_fen, r.most_fen, r.alloc_fen, r.points_used, r.voucher_id
      from account_points a
      left join release_allocation r on r.operator_id = a.operator_id and r.member_id = a.member_id
                                    and r.period = ${period} and r.day = ${day}::date
     where a.operator_id = ${operatorId} and a.member_id = ${memberId}`);
  const row = rows[0];
  if (run === undefined || row === undefined) return undefined;
  const { runId, binding: runBinding, limitFen, theta, explanationHash } = run;
  const ofRun = { memberId, runId, runBinding, limitFen, theta, explanationHash };
  if (row.alloc_fen === null)
    return { ...ofRun, allocFen: fen(0), bound: 'nothing', allocation: null };
  const allocation = {
    duePoints: row.due_points,
    multBp: row.mult_bp,
    wantFen: fen(row.want_fen),
    mostFen: fen(row.most_fen),
    pointsUsed: row.points_used,
    voucherId: row.voucher_id,
  };
  const allocFen = fen(row.alloc_fen);
  return { ...ofRun, allocFen, bound: boundOf(allocFen, allocation), allocation };
}

function boundOf(allocFen: Fen, { wantFen, mostFen }: MemberAllocation): MemberRelease['bound'] {
  if (allocFen < mostFen) return 'share';
  return mostFen < wantFen ? 'month-cap' : 'want';
}
