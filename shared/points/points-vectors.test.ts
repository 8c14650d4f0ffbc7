import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { divFloor } from '#shared/money/exact.ts';
import { fen, sumFen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { accountMultiplier } from '#shared/points/release/account-multiplier.ts';
import { agentShares, agentSharesOfFlow } from '#shared/points/agents/agents.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { clawBack } from '#shared/points/refund/clawback.ts';
import { planMultiplier } from '#shared/points/close/controller.ts';
import { dailyLimit } from '#shared/points/release/daily-limit.ts';
import { gateOpenByInflow, gateOpenByOutstanding } from '#shared/points/gate/gate.ts';
import { monthlyCap } from '#shared/points/release/monthly-cap.ts';
import { baseLotPeriods, lotPeriods } from '#shared/points/issue/n-base.ts';
import { issueOrder } from '#shared/points/issue/order-issue.ts';
import { periodOf, type PeriodKind } from '#shared/time/period.ts';
import { pointFen, sumPointFen } from '#shared/points/point-fen.ts';
import { defaultPointsConfig as config, type AgentRole } from '#shared/points/points-config.ts';
import { pointsUsed, wantOf } from '#shared/points/release/points-used.ts';
import { referralPoints } from '#shared/points/issue/referral.ts';
import { refundSteps } from '#shared/points/refund/refund.ts';
import { planReleaseDay } from '#shared/points/release/release-day.ts';
import { entitlementOfLots, type Lot } from '#shared/points/release/schedule.ts';
import { tierOf, tierScore } from '#shared/points/issue/tiers.ts';
import { selfDealingProfit, type Ratio } from '#shared/points/issue/self-dealing.ts';
import { spendVouchers } from '#shared/points/vouchers/voucher-spend.ts';
import { thetaText, waterFill } from '#shared/points/release/water-fill.ts';
import { divideConcession } from '#shared/points/agents/waterfall.ts';

/**
 * Runs every public vector of the kinds that exist here and names the others. A number of a vector that passes
 * 2^53 is read as bigint from its own text, so nothing is rounded on the way in.
 */
const md5Hex = (text: string): string => createHash('md5').update(text).digest('hex');

// The vectors are untyped JSON of 30 shapes; each runner below reads its own.
// oxlint-disable-next-line typescript/no-explicit-any -- one cast here instead of thirty
type Json = any;
interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly description: string;
  readonly input: Json;
  readonly expect: Json;
}

const exactNumbers = (_key: string, value: unknown, context: { source?: string }): unknown =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
    ? BigInt(context.source ?? String(value))
    : value;

const file: { readonly vectors: readonly Vector[] } = (
  JSON.parse as (text: string, reviver: typeof exactNumbers) => Json
)(readFileSync(new URL('vectors/points-vectors.json', import.meta.url), 'utf8'), exactNumbers);

/** Kinds whose rules live in other rooms, and the test there that names each vector of the kind by its id. */
const ranElsewhere: Readonly<Record<string, string>> = {
  idempotent: 'cloud/release/release-day.test.ts',
  route: 'cloud/payments/routing/route-charge.test.ts',
  ledger: 'cloud/orders/book-paid-orders.test.ts',
};

const slices = (points: number, n: number): number[] => {
  const upTo = (closes: number): number =>
    entitlementOfLots([{ points: pointFen(points), n, closes }]);
  return Array.from({ length: n }, (_, index) => upTo(index + 1) - upTo(index));
};

/** As the vectors print a fraction: whole when it is. */
const ratioText = ({ numerator, denominator }: Ratio): string => {
  const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));
  const common = gcd(numerator < 0n ? -numerator : numerator, denominator);
  const rest = denominator / common;
  return rest === 1n ? String(numerator / common) : `${numerator / common}/${rest}`;
};

const lotsOf = (lots: Json): Lot[] =>
  lots.map((lot: Json) => ({ points: pointFen(lot.points), n: lot.n, closes: lot.k }));

const runners: Readonly<Record<string, (input: Json) => unknown>> = {
  order: ({ A, V, rateBp }) => {
    const issued = issueOrder(
      { amountFen: fen(A), voucherFen: fen(V), concessionBp: basisPoints(rateBp) },
      config,
    );
    if (!issued.ok)
      return issued.error.type === 'concession-out-of-range'
        ? { error: 'CONCESSION_OUT_OF_RANGE' }
        : { error: 'COUPON_SHARE_EXCEEDED', maxCoupon: issued.error.voucherFenMax };
    const order = issued.value;
    return {
      net: order.netFen,
      concession: order.concessionFen,
      pointsConsumer: order.consumerPoints,
      pointsMerchant: order.merchantPoints,
      // The vectors name the two parts of the same day apart.
      merchantSameDay: order.sameDayFen - order.voucherPayoutFen,
      reserve: order.reserveFen,
      couponPayout: order.voucherPayoutFen,
      merchantAfterHold: order.afterHoldFen,
      merchantTotal: order.merchantTotalFen,
    };
  },
  fake_order: ({ net, rateBp, feeBp, multBp, releasedShare, referral, agentBp }) => ({
    profit: ratioText(
      selfDealingProfit(
        {
          netFen: fen(net),
          concessionBp: basisPoints(rateBp),
          channelFeeBp: basisPoints(feeBp),
          multBp,
          releasedBp: basisPoints(Math.round(releasedShare * 10_000)),
          hasOwnReferrer: referral,
          agentBp: basisPoints(agentBp),
        },
        config,
      ),
    ),
  }),
  referral: ({ friendPoints }) => ({ points: referralPoints(pointFen(friendPoints), config) }),
  agent_year: ({ stores, months, monthlyConcession, monthlyFlow, role }) => {
    const order = { netFen: fen(monthlyFlow), concessionFen: fen(monthlyConcession) };
    const monthly = agentShares(order, [role], config)[role as AgentRole]!;
    const flow = BigInt(monthlyFlow) * BigInt(stores * months);
    const total = monthly * stores * months;
    return { total, flowShareBp: Number(divFloor(BigInt(total) * 10_000n, flow)) };
  },
  agents: ({ net, concession, present }) =>
    agentShares({ netFen: fen(net), concessionFen: fen(concession) }, present, config),
  agents_flow: ({ net, concession, flowBp }) =>
    agentSharesOfFlow({ netFen: fen(net), concessionFen: fen(concession) }, flowBp, config),
  waterfall: ({ net, concession, present }) => {
    const order = { netFen: fen(net), concessionFen: fen(concession) };
    const { agents, marginFen, contingencyFen, fundFen } = divideConcession(order, present, config);
    return { agents, margin: marginFen, contingency: contingencyFen, fund: fundFen };
  },
  gate: ({ rows }) => ({
    open: rows.map((row: Json) =>
      gateOpenByOutstanding({ previous: BigInt(row.prev), current: BigInt(row.cur) }, config),
    ),
  }),
  gate_inflow: ({ rows }) => ({
    open: rows.map((row: Json) =>
      gateOpenByInflow(
        {
          previous: BigInt(row.prev),
          current: BigInt(row.cur),
          previousDays: row.prevDays,
          currentDays: row.curDays,
        },
        config,
      ),
    ),
  }),
  schedule: ({ points, n }) => {
    const parts = slices(points, n);
    const count = (size: number): number => parts.filter((part) => part === size).length;
    return {
      first6: parts.slice(0, 6),
      last: parts.at(-1),
      countOf555: count(555),
      countOf556: count(556),
      total: parts.reduce((sum, part) => sum + part, 0),
    };
  },
  schedule_value: ({ points, n, multBp }) => {
    const parts = slices(points, n);
    const values = parts.map((part) => wantOf(pointFen(part), basisPoints(multBp)));
    return {
      perPeriodPoints: parts[0],
      perPeriodValue: values[0],
      totalValue: sumFen(values),
    };
  },
  schedule_compare: ({ points }) => ({
    tier0: slices(points, lotPeriods(config.nMax, 0, config))[0],
    tier4: slices(points, lotPeriods(config.nMax, 4, config))[0],
  }),
  entitlement: ({ lots }) => ({ points: entitlementOfLots(lotsOf(lots)) }),
  controller: ({ fund, unreleased, due }) => {
    const plan = planMultiplier(
      {
        fundFen: fen(fund),
        unreleasedPoints: pointFen(unreleased),
        duePoints: pointFen(due),
        forecastBp: undefined,
      },
      config,
    );
    return { rawBp: Number(plan.rawBp), multBp: plan.multBp, budget: plan.budgetFen };
  },
  n_base: ({ fund, unreleased }) => ({
    n: baseLotPeriods({ fundFen: fen(fund), unreleasedPoints: pointFen(unreleased) }, config),
  }),
  daily_limit: ({ wantLeft, daysLeft, consDay, budgetLeft, fundFree }) => ({
    limit: dailyLimit(
      {
        wantLeftFen: fen(wantLeft),
        daysLeft,
        consumptionFen: fen(consDay),
        budgetLeftFen: fen(budgetLeft),
        fundFreeFen: fen(fundFree),
      },
      config,
    ).limitFen,
  }),
  monthly_cap: ({ consMtd, releasedMtd }) => ({
    cap: monthlyCap({ consumedFen: fen(consMtd), releasedFen: fen(releasedMtd) }, config),
  }),
  water_fill: ({ runId, total, rows }) => {
    const filled = waterFill({
      runId,
      totalFen: fen(total),
      rows: rows.map((row: Json) => ({ id: row.id, wantFen: fen(row.w), capFen: fen(row.cap) })),
      md5Hex,
    });
    return {
      theta: thetaText(filled.theta),
      alloc: Object.fromEntries(
        rows.map((row: Json, index: number) => [row.id, filled.allocFen[index]]),
      ),
    };
  },
  points_consumed: ({ due, value, multBp }) => ({
    points: pointsUsed({ due: pointFen(due), valueFen: fen(value), multBp: basisPoints(multBp) }),
  }),
  account_mult: ({ multBp, scoreBp }) => ({
    multBp: accountMultiplier(basisPoints(multBp), basisPoints(scoreBp)),
  }),
  tier: ({ own, referred }) => {
    const score = tierScore({ ownFen: fen(own), referredFen: fen(referred) }, config);
    const tier = tierOf(score, config);
    return { score, tier, n: lotPeriods(config.nMax, tier, config) };
  },
  refund: ({ A, V, rateBp, refunds }) => {
    const order = { amountFen: fen(A), voucherFen: fen(V), concessionBp: basisPoints(rateBp) };
    const { steps, concessionLeftFen } = refundSteps(order, refunds.map(fen));
    return {
      steps: steps.map((step) => ({
        cashRefund: step.cashRefundFen,
        couponRestored: step.voucherRestoredFen,
        concessionReturned: step.concessionReturnedFen,
        pointsBackEachSide: step.pointsBackEachSide,
        merchantGivesBack: step.merchantGivesBackFen,
      })),
      concessionLeft: concessionLeftFen,
    };
  },
  clawback: (input) => {
    const result = clawBack({
      lots: lotsOf(input.lots),
      lotIndex: input.lotIndex,
      newPoints: pointFen(input.newPoints),
      releasedPoints: pointFen(input.releasedPoints),
      releasedFen: fen(input.releasedValue),
      unspentFen: fen(input.unspentCoupons),
    });
    return {
      entitlement: result.entitlement,
      carry: result.carry,
      couponCancelled: result.voucherCancelledFen,
      pointsRestored: result.pointsRestored,
      debt: result.debt,
    };
  },
  coupon_spend: ({ coupons, amount, today }) => {
    const spent = spendVouchers(
      coupons.map((coupon: Json) => ({
        id: coupon.id,
        leftFen: fen(coupon.left),
        expiresOn: coupon.expires,
      })),
      { amountFen: fen(amount), today },
    );
    if (!spent.ok) return { error: 'COUPON_BALANCE' };
    return {
      used: spent.value.used.map(({ id, usedFen, leftFen }) => ({
        id,
        used: usedFen,
        left: leftFen,
      })),
      backToFund: spent.value.backToFundFen,
    };
  },
  release_day: (input) => {
    const dues = input.users.map((user: Json) => pointFen(user.due));
    const pool = { fundFen: fen(input.fundFree), unreleasedPoints: pointFen(input.unreleased) };
    const { multBp, budgetFen } = planMultiplier(
      { ...pool, duePoints: sumPointFen(dues), forecastBp: undefined },
      config,
    );
    const plan = planReleaseDay(
      {
        runId: input.runId,
        gateOpen: true,
        multBp,
        budgetLeftFen: budgetFen,
        fundFreeFen: pool.fundFen,
        unreleasedPoints: pool.unreleasedPoints,
        dayConsumptionFen: fen(input.consDay),
        daysLeft: input.daysLeft,
        accounts: input.users.map((user: Json) => ({
          id: user.id,
          due: pointFen(user.due),
          scoreBp: basisPoints(user.scoreBp ?? 10_000),
          consumedFen: fen(user.consMtd),
          releasedFen: fen(user.releasedMtd),
        })),
      },
      { config, md5Hex },
    );
    const byId = (pick: (row: (typeof plan.allocations)[number]) => number) =>
      Object.fromEntries(plan.allocations.map((row) => [row.id, pick(row)]));
    return {
      multBp,
      dayLimit: plan.limitFen,
      theta: thetaText(plan.theta),
      alloc: byId((row) => row.allocFen),
      pointsUsed: byId((row) => row.pointsUsed),
      fundAfter: plan.fundAfterFen,
      unreleasedAfter: plan.unreleasedAfter,
    };
  },
  accounting_date: ({ instant }) => {
    const date = accountingDate(Date.parse(instant));
    return { date, month: date.slice(0, 7) };
  },
  period_id: ({ date, kind }) => ({ period: periodOf(date, kind as PeriodKind) }),
};

describe('public points vectors', () => {
  const kinds = [...new Set(file.vectors.map(({ kind }) => kind))];
  const missing = kinds.filter((kind) => !(kind in runners));

  it.each(file.vectors.filter(({ kind }) => kind in runners))(
    '$kind $id: $description',
    ({ kind, input, expect: expected }) => {
      expect(runners[kind]!(input)).toEqual(expected);
    },
  );

  it('names every kind that is not run here and where it runs', () => {
    const ran = file.vectors.filter(({ kind }) => kind in runners).length;
    console.info(
      `points vectors: ${ran} of ${file.vectors.length} run here; not run here: ${missing
        .map((kind) => `${kind} -> ${ranElsewhere[kind] ?? 'NOT IMPLEMENTED'}`)
        .join('; ')}`,
    );
    expect(missing.toSorted()).toEqual(Object.keys(ranElsewhere).toSorted());
  });

  it.each(file.vectors.filter(({ kind }) => kind in ranElsewhere))(
    '$kind $id is run by the test that is named for it',
    ({ id, kind }) => {
      const text = readFileSync(new URL(`../../${ranElsewhere[kind]!}`, import.meta.url), 'utf8');
      expect(text).toContain(id);
    },
  );
});
