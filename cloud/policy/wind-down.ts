import { sql, type SQL } from 'drizzle-orm';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { endedAt, hasLeft, lapseProposals, standsAt } from '#cloud/persons/proposal-life.ts';
import { lockBook } from '#cloud/points/points-config-store.ts';
import type { OperatorId, PersonId } from '#shared/ids/ids.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { accountingDate, addDays } from '#shared/time/calendar-day.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** The plan under which an operator ends (docs/points.md 2.14). */
export interface WindDown {
  readonly planNo: number;
  /** First day whose sales carry no concession and give no points, YYYY-MM-DD. */
  readonly stopOn: string;
  readonly planZh: string;
  readonly planEn: string;
  readonly proposedBy: PersonId;
  readonly proposedAtMs: number;
  /** Lapsed: nobody published it in time (persons/proposal-life.ts). */
  readonly state: 'proposed' | 'withdrawn' | 'lapsed' | 'published' | 'distributed';
  readonly endedBy: string | null;
  readonly endedAtMs: number | null;
  readonly distributedAtMs: number | null;
  readonly distributedFen: number | null;
  readonly accountCount: number | null;
  readonly explanation: Record<string, unknown> | null;
  readonly explanationHash: string | null;
}

export type WindDownError =
  | { readonly type: 'plan-unknown' }
  /** A plan stands already. */
  | { readonly type: 'wind-down-running' }
  | { readonly type: 'person-act-lapsed' }
  | { readonly type: 'policy-proposal-ended' }
  | { readonly type: 'policy-same-person' }
  /** The plan is published this many days before it stops anything. */
  | { readonly type: 'policy-notice-too-short'; readonly earliestDay: string };

/** Days between the publication of the plan and the last points. */
export const windDownNoticeDays = 30;

interface Act {
  readonly operatorId: OperatorId;
  readonly by: PersonId;
  readonly nowMs: number;
}

/** One person proposes to end. Errors: wind-down-running, policy-notice-too-short. */
export async function proposeWindDown(
  tx: Tx,
  act: Act & Pick<WindDown, 'stopOn' | 'planZh' | 'planEn'>,
): Promise<Result<WindDown, WindDownError>> {
  const { operatorId } = act;
  await lockBook(tx, operatorId, 'update');
  await lapse(tx, act);
  if ((await standingPlan(tx, operatorId)) !== undefined) return err({ type: 'wind-down-running' });
  const noticed = checkNotice(act);
  if (!noticed.ok) return noticed;
  const [last] = await listWindDowns(tx, act);
  const planNo = (last?.planNo ?? 0) + 1;
  await tx.execute(sql`
    insert into wind_down (operator_id, plan_no, stop_on, plan_zh, plan_en, proposed_by,
      proposed_at_ms, state)
    values (${operatorId}, ${planNo}, ${act.stopOn}::date, ${act.planZh}, ${act.planEn}, ${act.by},
      ${act.nowMs}, 'proposed')`);
  return ok((await readWindDown(tx, { operatorId, planNo }))!);
}

/**
 * Another person publishes it, or either withdraws a proposal; what is published stands.
 * Errors in this order: plan-unknown, person-act-lapsed, policy-proposal-ended, policy-same-person, policy-proposal-ended
 * (whoever proposed it has left), policy-notice-too-short.
 */
export async function endWindDownProposal(
  tx: Tx,
  act: Act & {
    readonly planNo: number;
    readonly note: string;
    readonly to: 'published' | 'withdrawn';
  },
): Promise<Result<WindDown, WindDownError>> {
  const { operatorId, planNo, to } = act;
  await lockBook(tx, operatorId, 'update');
  await lapse(tx, act);
  const plan = await readWindDown(tx, act);
  if (plan === undefined) return err({ type: 'plan-unknown' });
  if (plan.state === 'lapsed') return err({ type: 'person-act-lapsed' });
  if (plan.state !== 'proposed') return err({ type: 'policy-proposal-ended' });
  if (to === 'published') {
    if (plan.proposedBy === act.by) return err({ type: 'policy-same-person' });
    if (await hasLeft(tx, plan.proposedBy, operatorId))
      return err({ type: 'policy-proposal-ended' });
    const noticed = checkNotice({ stopOn: plan.stopOn, nowMs: act.nowMs });
    if (!noticed.ok) return noticed;
  }
  await tx.execute(sql`
    update wind_down set state = ${to}, ended_by = ${act.by}, ended_at_ms = ${act.nowMs},
           ended_note = ${act.note}
     where operator_id = ${operatorId} and plan_no = ${planNo}`);
  return ok((await readWindDown(tx, act))!);
}

const lapse = (tx: Tx, { operatorId, nowMs }: Act): Promise<unknown> =>
  lapseProposals(tx, { table: 'wind_down', which: sql`operator_id = ${operatorId}`, nowMs });

function checkNotice(plan: {
  readonly stopOn: string;
  readonly nowMs: number;
}): Result<void, WindDownError> {
  const earliestDay = addDays(accountingDate(plan.nowMs), windDownNoticeDays);
  return plan.stopOn < earliestDay
    ? err({ type: 'policy-notice-too-short', earliestDay })
    : ok(undefined);
}

/**
 * Orders agreed to on or after the day of the stop lose their concession: the shop gives nothing up
 * for points that are not issued any more. Vouchers in them are paid in full as ever. What is
 * booked already was accepted when it was booked, however late it comes again.
 */
export async function withoutConcessionAfterStop(
  tx: Tx,
  orders: readonly PaidOrder[],
): Promise<{
  readonly orders: readonly PaidOrder[];
  readonly isStopped: (order: PaidOrder) => boolean;
}> {
  const operators = [...new Set(orders.map(({ operatorId }) => operatorId))];
  const { rows } = await tx.execute<{
    operator_id: OperatorId;
    stop_on: string;
    is_over: boolean;
  }>(sql`
    select operator_id, to_char(stop_on, 'YYYY-MM-DD') as stop_on, state = 'distributed' as is_over
      from wind_down
     where operator_id = any(${sql.param(operators)}::text[])
       and state in ('published', 'distributed')`);
  const stops = new Map(rows.map((row) => [row.operator_id, row]));
  const booked = stops.size === 0 ? new Map<string, Booked>() : await bookedOf(tx, orders);
  const isStopped = (order: PaidOrder): boolean => {
    const stop = stops.get(order.operatorId);
    if (stop === undefined) return false;
    const line = booked.get(keyOf(order));
    if (line !== undefined) return line.day >= stop.stop_on && line.is_free;
    // Nothing is left to be divided once the fund was: then what comes even later gives no points.
    const agreedAtMs = stop.is_over ? undefined : order.agreed?.rateAtMs;
    return accountingDate(agreedAtMs ?? order.acceptedAtMs) >= stop.stop_on;
  };
  return {
    orders: orders.map((order) =>
      isStopped(order) ? { ...order, concessionBp: basisPoints(0) } : order,
    ),
    isStopped,
  };
}

const keyOf = (order: Pick<PaidOrder, 'operatorId' | 'merchantId' | 'orderId'>): string =>
  `${order.operatorId}/${order.merchantId}/${order.orderId}`;

interface Booked {
  /** Its accounting day. */
  readonly day: string;
  /** Was it booked without a concession? */
  readonly is_free: boolean;
}

/** Those of the orders that stand in the books. */
async function bookedOf(
  tx: Tx,
  orders: readonly PaidOrder[],
): Promise<ReadonlyMap<string, Booked>> {
  const keys = orders.map(({ operatorId, merchantId, orderId }) => ({
    operator_id: operatorId,
    merchant_id: merchantId,
    order_id: orderId,
  }));
  const { rows } = await tx.execute<{ key: string; day: string; is_free: boolean }>(sql`
    select operator_id || '/' || merchant_id || '/' || order_id as key,
           to_char(ledger_date, 'YYYY-MM-DD') as day, concession_bp = 0 as is_free
      from settlement_line
      join jsonb_to_recordset(${JSON.stringify(keys)}::jsonb)
        as k(operator_id text, merchant_id text, order_id text)
           using (operator_id, merchant_id, order_id)`);
  return new Map(rows.map((row) => [row.key, row]));
}

interface PlanKey {
  readonly operatorId: OperatorId;
  readonly planNo: number;
}

export const readWindDown = async (db: Db | Tx, key: PlanKey): Promise<WindDown | undefined> =>
  (await selectPlans(db, { ...key, nowMs: 0 }, sql`plan_no = ${key.planNo}`))[0];

/** The plan that is neither withdrawn nor lapsed; there is at most one. */
export const standingPlan = async (
  db: Db | Tx,
  operatorId: OperatorId,
): Promise<WindDown | undefined> =>
  (await selectPlans(db, { operatorId, nowMs: 0 }, sql`state not in ('withdrawn', 'lapsed')`))[0];

/** Plans in one page of the list. */
export const plansPerPage = 50;

/** Every plan, the newest first; `before` is the last number of the page before. Each as it stands at `nowMs`. */
export const listWindDowns = (
  db: Db | Tx,
  page: {
    readonly operatorId: OperatorId;
    readonly before?: number | undefined;
    readonly nowMs: number;
  },
): Promise<readonly WindDown[]> =>
  selectPlans(db, page, page.before === undefined ? sql`true` : sql`plan_no < ${page.before}`);

async function selectPlans(
  db: Db | Tx,
  { operatorId, nowMs }: { readonly operatorId: OperatorId; readonly nowMs: number },
  which: SQL,
): Promise<readonly WindDown[]> {
  const { rows } = await db.execute<WindDown & Record<string, unknown>>(sql`
    select plan_no as "planNo", to_char(stop_on, 'YYYY-MM-DD') as "stopOn", plan_zh as "planZh",
           plan_en as "planEn", proposed_by as "proposedBy", proposed_at_ms as "proposedAtMs",
           ${standsAt(nowMs)} as state, ended_by as "endedBy", ${endedAt(nowMs)} as "endedAtMs",
           distributed_at_ms as "distributedAtMs", distributed_fen as "distributedFen",
           account_count as "accountCount", explanation, explanation_hash as "explanationHash"
      from wind_down where operator_id = ${operatorId} and ${which}
     order by plan_no desc limit ${plansPerPage}`);
  return rows;
}
