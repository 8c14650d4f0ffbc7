import { oldRateGraceMs } from '#cloud/identity/merchant-rates.ts';
import { attemptColumns, toAttempt, type AttemptRow } from '#cloud/payments/attempt-row.ts';
import { closedOrderStates } from '#cloud/payments/attempt-store.ts';
import type { Attempt, AttemptKey } from '#cloud/payments/attempt.ts';
import {
  openChannels,
  openChannelsValues,
  type OpenRow,
  type RouteRequest,
} from '#cloud/payments/routing/route-and-reserve.ts';
import { orderNumberLock, orderNumberName } from '#cloud/payments/sealed-attempts.ts';
import type { Line, Statement } from '#cloud/platform/db.ts';
import type { BasisPoints } from '#shared/money/rate.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

/** All that is known of an order and its shop when a charge wants to begin. */
export interface ChargeLook {
  /** Of this order, the oldest first. */
  readonly attempts: readonly Attempt[];
  readonly open: readonly OpenRow[];
  readonly facts: ChargeFacts;
}

export interface ChargeFacts {
  /** As the till's journal has it; null when it has not come. */
  readonly order_state: string | null;
  readonly order_attempt: number | null;
  /** Was this number closed before it came? */
  readonly is_sealed: boolean;
  /** The rules of review as stored. */
  readonly rules: unknown;
  /** Is the rate the merchant's, or was it his a short while ago (identity/merchant-rates.ts)? */
  readonly is_rate_agreed: boolean;
  readonly same_day_bp: BasisPoints | null;
  /** The channels that are told what to subsidise; null when none is. */
  readonly subsidising: readonly string[] | null;
  /** The rules of points as stored, in force on the day. */
  readonly points: Partial<PointsConfig> | null;
}

const attemptsOfOrder: Statement = {
  name: 'attempts-of-order',
  text: `select ${attemptColumns} from payment_attempt
    where operator_id = $1 and order_id = $2 order by attempt`,
};

const factsOfCharge: Statement = {
  name: 'facts-of-charge',
  text: `
    select o.state as order_state, (o.folded ->> 'attempt')::integer as order_attempt,
           exists (select from sealed_attempt s where s.operator_id = $1 and s.order_id = $3
                      and s.attempt = $4 and s.terminal_id = $5) as is_sealed,
           (select v.rules from review_rules v where v.operator_id = $1) as rules,
           coalesce(
             (select max(r.from_ms) from merchant_rate r
               where r.operator_id = $1 and r.merchant_id = $2 and r.concession_bp = $6)
             >= (select coalesce(max(r.from_ms), 0) from merchant_rate r
                  where r.operator_id = $1 and r.merchant_id = $2 and r.from_ms < $7::bigint),
             false) as is_rate_agreed,
           (select m.same_day_bp from merchant m
             where m.operator_id = $1 and m.merchant_id = $2) as same_day_bp,
           (select array_agg(t.channel) from channel_settlement t
             where t.operator_id = $1 and t.subsidises) as subsidising,
           (select c.config from points_config_version c
             where c.operator_id = $1 and c.effective_from <= $8::date
             order by c.version desc limit 1) as points
      from (values (1)) one
      left join customer_order o on o.operator_id = $1 and o.merchant_id = $2 and o.order_id = $3`,
};

/**
 * Reads it in one round trip, behind the lock of the order's numbers: no other decision about them
 * is under way until the transaction ends.
 */
export async function lookForCharge(
  line: Line,
  charge: {
    readonly route: RouteRequest;
    readonly concessionBp: number;
    readonly rulesDay: string;
    readonly nowMs: number;
  },
): Promise<ChargeLook> {
  const { route, concessionBp, rulesDay, nowMs } = charge;
  const { operatorId, merchantId, orderId, terminalId, attempt } = route;
  const [, attempts, open, facts] = await Promise.all([
    line.ask(orderNumberLock, [orderNumberName(route)]),
    line.ask<AttemptRow>(attemptsOfOrder, [operatorId, orderId]),
    line.ask<OpenRow>(openChannels, openChannelsValues(route)),
    line.ask<ChargeFacts>(factsOfCharge, [
      operatorId,
      merchantId,
      orderId,
      attempt,
      terminalId,
      concessionBp,
      nowMs - oldRateGraceMs,
      rulesDay,
    ]),
  ]);
  return { attempts: attempts.rows.map(toAttempt), open: open.rows, facts: facts.rows[0]! };
}

/**
 * Why nothing may be charged under this number, whatever the channels say; undefined when it may.
 * In this order: another attempt is in flight; the order has its money or was given up; the number
 * was cancelled before it came, a later attempt was made since, or the till's journal says that it
 * gave the number up: a request on its way for so long is a stray.
 */
export function obstacleOfOrder(
  { attempts, facts }: ChargeLook,
  { attempt }: Pick<AttemptKey, 'attempt'>,
): 'attempt-in-flight' | 'order-already-paid' | 'order-number-closed' | undefined {
  if (attempts.some(({ holdsQuota }) => holdsQuota)) return 'attempt-in-flight';
  const state = facts.order_state ?? '';
  if (attempts.some(isPaid) || closedOrderStates.has(state)) return 'order-already-paid';
  const isLater = attempts.some((other) => other.attempt > attempt);
  const isGivenUp =
    (state === 'failed' || state === 'reversed') && (facts.order_attempt ?? 0) >= attempt;
  return facts.is_sealed || isLater || isGivenUp ? 'order-number-closed' : undefined;
}

const isPaid = ({ progress }: Attempt): boolean =>
  progress.status === 'paid' || progress.status === 'refunded-late';
