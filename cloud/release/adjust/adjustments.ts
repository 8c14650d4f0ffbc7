import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import { standingReasons } from '#cloud/ledger/release-hold.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { endedAt, hasLeft, lapseProposals, standsAt } from '#cloud/persons/proposal-life.ts';
import { lockBook, pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { readAdjustmentState, type AdjustedRun } from '#cloud/release/adjust/adjustment-state.ts';
import { monthNumber } from '#cloud/release/allocation/collect-wants.ts';
import type { ReleaseDay } from '#cloud/release/accounts/run-chunks.ts';
import { findOpenRun } from '#cloud/release/run/run-steps.ts';
import { finishOpenRunOrClose } from '#cloud/release/finish-open.ts';
import { sealRecord } from '#cloud/release/sealed-record.ts';
import { insertVouchers, voucherStem } from '#cloud/vouchers/issue-vouchers.ts';
import { cancelVouchers } from '#cloud/vouchers/return-vouchers.ts';
import type { MemberId, OperatorId, PersonId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import {
  judgeAdjustment,
  type Adjustment,
  type AdjustmentError,
} from '#shared/points/release/adjustment.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import { err, getOrThrow, ok, type Result } from '#shared/result/result.ts';

/** A run of kind `adjust` as it is stored. */
export interface StoredAdjustment {
  readonly adjustmentNo: number;
  readonly period: string;
  readonly day: string;
  readonly memberId: MemberId;
  readonly kind: Adjustment['kind'];
  readonly valueFen: number;
  readonly points: number;
  readonly why: string;
  readonly proposedBy: PersonId;
  readonly proposedAtMs: number;
  /** Lapsed: nobody agreed in time (persons/proposal-life.ts). */
  readonly state: 'proposed' | 'posted' | 'withdrawn' | 'lapsed';
  readonly endedBy: string | null;
  readonly endedAtMs: number | null;
  readonly endedNote: string | null;
  readonly explanation: Record<string, unknown> | null;
  readonly explanationHash: string | null;
}

export type AdjustError =
  | AdjustmentError
  | { readonly type: 'run-unknown' }
  | { readonly type: 'adjustment-unknown' }
  | { readonly type: 'person-act-lapsed' }
  | { readonly type: 'policy-proposal-ended' }
  | { readonly type: 'policy-same-person' }
  | { readonly type: 'release-held'; readonly reasons: readonly string[] };

interface Act {
  readonly operatorId: OperatorId;
  readonly by: PersonId;
  readonly nowMs: number;
}
interface Ending extends Act {
  readonly adjustmentNo: number;
  readonly note: string;
}

/** Most adjustments that a list answers, the newest first. */
export const adjustmentsListedMax = 200;

/**
 * One person proposes to correct a posted run for one member.
 * Errors in this order: release-held (a run stands open and may not be ended), run-unknown, adjustment-refused.
 */
export async function proposeAdjustment(
  tx: Tx,
  act: Act & Adjustment & ReleaseDay & { readonly memberId: MemberId; readonly why: string },
): Promise<Result<StoredAdjustment, AdjustError>> {
  const { operatorId } = act;
  await lockBook(tx, operatorId, 'update');
  if ((await findOpenRun(tx, operatorId)) !== undefined) {
    const reasons = await standingReasons(tx, operatorId);
    if (reasons.length > 0) return err({ type: 'release-held', reasons });
    await finishOpenRunOrClose(tx, operatorId);
  }
  const judged = await judge(tx, { ...act, today: accountingDate(act.nowMs) }, act);
  if (!judged.ok) return judged;
  const { rows } = await tx.execute<{ no: number }>(sql`
    insert into release_adjustment (operator_id, adjustment_no, period, day, member_id, kind,
      value_fen, points, why, proposed_by, proposed_at_ms, state)
    select ${operatorId}, coalesce(max(adjustment_no), 0) + 1, ${act.period}, ${act.day}::date,
           ${act.memberId}, ${act.kind}, ${act.valueFen}, ${act.points}, ${act.why}, ${act.by},
           ${act.nowMs}, 'proposed'
      from release_adjustment where operator_id = ${operatorId}
    returning adjustment_no as no`);
  return ok((await readAdjustment(tx, { operatorId, adjustmentNo: rows[0]!.no }))!);
}

/**
 * Another person agrees: it is judged again and posted, once, in this transaction: vouchers, points
 * and one journal. Errors in this order: adjustment-unknown, person-act-lapsed,
 * policy-proposal-ended, policy-same-person, policy-proposal-ended (whoever proposed it has left),
 * release-held, adjustment-refused.
 */
export async function postAdjustment(
  tx: Tx,
  act: Ending,
): Promise<Result<StoredAdjustment, AdjustError>> {
  const { operatorId } = act;
  await lockBook(tx, operatorId, 'update');
  const stored = await lapsedOrNot(tx, act);
  if (stored === undefined) return err({ type: 'adjustment-unknown' });
  if (stored.state === 'lapsed') return err({ type: 'person-act-lapsed' });
  if (stored.state !== 'proposed') return err({ type: 'policy-proposal-ended' });
  if (stored.proposedBy === act.by) return err({ type: 'policy-same-person' });
  if (await hasLeft(tx, stored.proposedBy, operatorId))
    return err({ type: 'policy-proposal-ended' });
  const reasons = await standingReasons(tx, operatorId);
  if (reasons.length > 0) return err({ type: 'release-held', reasons });
  await finishOpenRunOrClose(tx, operatorId);
  const run = { ...stored, operatorId, today: accountingDate(act.nowMs) };
  const { kind, valueFen, points } = stored;
  const change = { kind, valueFen: fen(valueFen), points: pointFen(points) };
  const judged = await judge(tx, run, change);
  if (!judged.ok) return judged;
  await move(tx, { ...run, nowMs: act.nowMs });
  const { text, hash } = sealRecord(judged.value);
  await tx.execute(sql`
    update release_adjustment set state = 'posted', ended_by = ${act.by},
           ended_at_ms = ${act.nowMs}, ended_note = ${act.note}, explanation = ${text}::jsonb,
           explanation_hash = ${hash}
     where operator_id = ${operatorId} and adjustment_no = ${act.adjustmentNo}`);
  return ok((await readAdjustment(tx, act))!);
}

/** Either thinks again. Errors: adjustment-unknown, person-act-lapsed, policy-proposal-ended. */
export async function withdrawAdjustment(
  tx: Tx,
  act: Ending,
): Promise<Result<StoredAdjustment, AdjustError>> {
  const { operatorId, adjustmentNo } = act;
  const standing = await lapsedOrNot(tx, act);
  if (standing === undefined) return err({ type: 'adjustment-unknown' });
  if (standing.state === 'lapsed') return err({ type: 'person-act-lapsed' });
  const { rows } = await tx.execute(sql`
    update release_adjustment set state = 'withdrawn', ended_by = ${act.by},
           ended_at_ms = ${act.nowMs}, ended_note = ${act.note}
     where operator_id = ${operatorId} and adjustment_no = ${adjustmentNo} and state = 'proposed'
    returning 1`);
  if (rows.length === 0) return err({ type: 'policy-proposal-ended' });
  return ok((await readAdjustment(tx, act))!);
}

/** The judgement with all that it was made of, ready to be sealed. */
async function judge(tx: Tx, run: AdjustedRun, change: Adjustment) {
  const { config, version } = await pointsConfigAt(tx, { ...run, period: run.period });
  const state = await readAdjustmentState(tx, run, config);
  if (state === undefined) return err({ type: 'run-unknown' as const });
  const judged = judgeAdjustment(change, state, config);
  if (!judged.ok) return judged;
  const { kind, valueFen, points } = change;
  const { memberId, period, day } = run;
  const { member, ...rest } = state;
  return ok({
    kind,
    valueFen,
    points,
    memberId,
    period,
    day,
    configVersion: version,
    state: { ...rest, member: { ...member } },
  });
}

type Moved = AdjustedRun & {
  readonly adjustmentNo: number;
  readonly kind: Adjustment['kind'];
  readonly valueFen: number;
  readonly points: number;
  readonly nowMs: number;
};

async function move(tx: Tx, moved: Moved): Promise<void> {
  const { operatorId, memberId, valueFen, points, kind } = moved;
  const month = monthNumber(moved.today);
  const sign = kind === 'give' ? 1 : -1;
  // What is taken back leaves the month's cap as it was used: a cap is a ceiling of what was ever given.
  await tx.execute(sql`
    update account_points
       set released = released + ${sign * points}::bigint,
           released_fen = released_fen + ${sign * valueFen}::bigint,
           given_fen = case when ${kind} = 'take' then given_fen
                            when given_month = ${month}::integer then given_fen + ${valueFen}::bigint
                            else ${valueFen}::bigint end,
           given_month = case when ${kind} = 'take' then given_month else ${month}::integer end
     where operator_id = ${operatorId} and member_id = ${memberId}`);
  if (kind === 'give') await makeVoucher(tx, moved);
  else
    await cancelVouchers(tx, {
      operatorId,
      memberId,
      amountFen: fen(valueFen),
      today: moved.today,
      ref: `adjust:${moved.adjustmentNo}`,
    });
  getOrThrow(
    await postJournals(tx, [
      {
        operatorId,
        merchantId: null,
        idemKey: `adjust:${moved.adjustmentNo}`,
        kind: 'release-adjust',
        eventAtMs: moved.nowMs,
        legs: [
          { account: 'fund_free', amountFen: fen(-sign * valueFen) },
          { account: 'voucher_outstanding', amountFen: fen(sign * valueFen) },
        ],
      },
    ]),
  );
}

async function makeVoucher(tx: Tx, moved: Moved): Promise<void> {
  const { operatorId, memberId, valueFen, period, today, adjustmentNo } = moved;
  const { config } = await pointsConfigAt(tx, { operatorId, period });
  const stem = voucherStem({
    operatorId,
    period: `adjust:${adjustmentNo}`,
    day: today,
    dayStartMs: dayStartMs(today),
  });
  const expiresOn = addDays(today, config.voucherDays);
  await tx.execute(sql`
    with given as (select ${memberId}::text as member_id, 0::bigint as ordinal,
                          ${valueFen}::bigint as value)
    ${insertVouchers(sql`given`, { operatorId, period, day: today, stem, expiresOn })}`);
}

interface AdjustmentKey {
  readonly operatorId: OperatorId;
  readonly adjustmentNo: number;
}

const readAdjustment = async (
  tx: Tx,
  { operatorId, adjustmentNo }: AdjustmentKey,
): Promise<StoredAdjustment | undefined> =>
  (await listAdjustments(tx, { operatorId, adjustmentNo, nowMs: 0 }))[0];

/** The adjustment; one whose time is over has lapsed with that. */
async function lapsedOrNot(
  tx: Tx,
  { nowMs, ...key }: AdjustmentKey & Pick<Act, 'nowMs'>,
): Promise<StoredAdjustment | undefined> {
  const which = sql`operator_id = ${key.operatorId} and adjustment_no = ${key.adjustmentNo}`;
  await lapseProposals(tx, { table: 'release_adjustment', which, nowMs });
  return await readAdjustment(tx, key);
}

/** Every adjustment, the newest first, as it stands at `nowMs`. */
export async function listAdjustments(
  db: Db | Tx,
  {
    operatorId,
    adjustmentNo,
    nowMs,
  }: Omit<AdjustmentKey, 'adjustmentNo'> & {
    readonly adjustmentNo?: number;
    readonly nowMs: number;
  },
): Promise<readonly StoredAdjustment[]> {
  const { rows } = await db.execute<StoredAdjustment & Record<string, unknown>>(sql`
    select adjustment_no as "adjustmentNo", period, to_char(day, 'YYYY-MM-DD') as day,
           member_id as "memberId", kind, value_fen as "valueFen", points, why,
           proposed_by as "proposedBy", proposed_at_ms as "proposedAtMs",
           ${standsAt(nowMs)} as state, ended_by as "endedBy", ${endedAt(nowMs)} as "endedAtMs",
           ended_note as "endedNote",
           explanation, explanation_hash as "explanationHash"
      from release_adjustment
     where operator_id = ${operatorId}
       and adjustment_no = coalesce(${adjustmentNo ?? null}::integer, adjustment_no)
     order by adjustment_no desc limit ${adjustmentsListedMax}`);
  return rows;
}
