import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { basisPoints, rateBpMax } from '#shared/money/rate.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountMultiplier } from '#shared/points/release/account-multiplier.ts';
import { agentShares, agentSharesOfFlow } from '#shared/points/agents/agents.ts';
import { planMultiplier } from '#shared/points/close/controller.ts';
import { decideGate, type GateInput } from '#shared/points/gate/gate.ts';
import { issueOrder } from '#shared/points/issue/order-issue.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { pointsUsed, wantOf } from '#shared/points/release/points-used.ts';
import {
  agentRoles,
  checkPointsConfig,
  defaultPointsConfig as config,
} from '#shared/points/points-config.ts';
import { refundSteps } from '#shared/points/refund/refund.ts';
import {
  closeSchedulePeriod,
  emptySchedule,
  entitlementOf,
  scheduleLcm,
  startLot,
} from '#shared/points/release/schedule.ts';
import { waterFill, type WaterFillRow } from '#shared/points/release/water-fill.ts';
import { divideConcession } from '#shared/points/agents/waterfall.ts';

const md5Hex = (text: string): string => createHash('md5').update(text).digest('hex');
const amount = fc.integer({ min: 1, max: 5_000_000 }).map(fen);
const legalRate = fc.integer({ min: 300, max: 2000 }).map(basisPoints);

describe('water filling', () => {
  const book = fc.array(
    fc.record({ want: fc.integer({ min: 0, max: 400 }), cap: fc.integer({ min: 0, max: 500 }) }),
    { minLength: 1, maxLength: 40 },
  );

  it('gives the total to the fen, keeps every cap, and stays within a fen of the exact ideal', () => {
    fc.assert(
      fc.property(book, fc.integer({ min: 0, max: 12_000 }), (raw, total) => {
        const rows = raw.map(({ want, cap }, index) => ({
          id: `u${index}`,
          wantFen: fen(want),
          capFen: fen(cap),
        }));
        const { allocFen } = waterFill({ runId: 'r', totalFen: fen(total), rows, md5Hex });
        const ideal = slowIdeal(rows, total);
        const most = rows.map((row) => Math.min(row.wantFen, row.capFen));
        const sum = allocFen.reduce<number>((a, b) => a + b, 0);
        expect(sum).toBe(
          Math.min(
            total,
            most.reduce((a, b) => a + b, 0),
          ),
        );
        allocFen.forEach((value, index) => {
          expect(value).toBeLessThanOrEqual(most[index]!);
          const { num, den } = ideal[index]!;
          const distance = BigInt(value) * den - num;
          expect(distance < 0n ? -distance < den : distance < den).toBe(true);
        });
      }),
      { numRuns: 1500 },
    );
  });

  it('does not depend on the order of the accounts', () => {
    fc.assert(
      fc.property(book, fc.integer({ min: 0, max: 3000 }), (raw, total) => {
        const rows = raw.map(({ want, cap }, index) => ({
          id: `u${index}`,
          wantFen: fen(want),
          capFen: fen(cap),
        }));
        const run = (list: readonly WaterFillRow[]) => {
          const filled = waterFill({ runId: 'r', totalFen: fen(total), rows: list, md5Hex });
          return new Map(list.map(({ id }, index) => [id, filled.allocFen[index]]));
        };
        const forward = run(rows);
        const backward = run(rows.toReversed());
        for (const { id } of rows) expect(backward.get(id)).toBe(forward.get(id));
      }),
    );
  });
});

/**
 * The same rule another way: sort by cap/want, and walk. After the k tightest rows are at their cap the rest share
 * what is left in proportion; the first k for which nobody in the rest is over its cap is the answer.
 */
function slowIdeal(
  rows: readonly WaterFillRow[],
  total: number,
): readonly { readonly num: bigint; readonly den: bigint }[] {
  const most = rows.map((row) => Math.min(row.wantFen, row.capFen));
  if (most.reduce((a, b) => a + b, 0) <= total)
    return most.map((value) => ({ num: BigInt(value), den: 1n }));
  const order = rows
    .map((_, index) => index)
    .filter((index) => rows[index]!.wantFen > 0)
    .toSorted((a, b) => most[a]! * rows[b]!.wantFen - most[b]! * rows[a]!.wantFen);
  for (let capped = 0; capped < order.length; capped += 1) {
    const fixed = order.slice(0, capped);
    const rest = order.slice(capped);
    const left = total - fixed.reduce((sum, index) => sum + most[index]!, 0);
    const weight = rest.reduce((sum, index) => sum + rows[index]!.wantFen, 0);
    const fits = rest.every((index) => rows[index]!.wantFen * left <= most[index]! * weight);
    if (!fits || left < 0) continue;
    return rows.map((row, index) =>
      fixed.includes(index) || row.wantFen === 0
        ? { num: BigInt(most[index]!), den: 1n }
        : { num: BigInt(row.wantFen) * BigInt(left), den: BigInt(weight) },
    );
  }
  throw new Error('the slow walk found no level');
}

/** sum of points * k / n as one fraction over 36*37*38*39*40, without the lcm. */
const perLot = (
  issued: readonly { points: number; n: number; issuedAt: number }[],
  close: number,
): number => {
  const common = 36n * 37n * 38n * 39n * 40n;
  const num = issued.reduce((sum, { points, n, issuedAt }) => {
    const closes = Math.max(0, Math.min(n, close - issuedAt + 1));
    return sum + (BigInt(points) * BigInt(closes) * common) / BigInt(n);
  }, 0n);
  return Number(num / common);
};

describe('schedule', () => {
  const lots = fc.array(
    fc.record({
      points: fc.integer({ min: 0, max: 10_000_000 }).map(pointFen),
      n: fc.integer({ min: 36, max: 40 }),
      issuedAt: fc.integer({ min: 0, max: 50 }),
    }),
    { maxLength: 12 },
  );

  it('keeps in two numbers exactly what the lots say, at every close, and ends at exactly P', () => {
    fc.assert(
      fc.property(lots, (issued) => {
        let state = emptySchedule;
        for (let close = 0; close < 95; close += 1) {
          for (const lot of issued.filter(({ issuedAt }) => issuedAt === close))
            state = startLot(state, lot);
          state = closeSchedulePeriod(
            state,
            issued.filter(({ issuedAt, n }) => issuedAt + n - 1 === close),
          );
          expect(entitlementOf(state)).toBe(perLot(issued, close));
        }
        expect(state.activeNum).toBe(0n);
        expect(entitlementOf(state)).toBe(issued.reduce((sum, { points }) => sum + points, 0));
      }),
      { numRuns: 60 },
    );
  });

  it('is built on the least common multiple of 36..40', () => {
    for (const n of [36n, 37n, 38n, 39n, 40n]) expect(scheduleLcm % n).toBe(0n);
    expect(scheduleLcm).toBe(3_290_040n);
  });
});

describe('orders and concession', () => {
  it('N + V = merchant(A - C) + C for every legal order, and the reserve covers the concession (I3)', () => {
    fc.assert(
      fc.property(
        amount,
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        legalRate,
        (A, share, r) => {
          const voucherFen = fen(Math.floor(A * share));
          const issue = getOrThrow(
            issueOrder({ amountFen: A, voucherFen, concessionBp: r }, config),
          );
          expect(issue.merchantTotalFen + issue.concessionFen).toBe(A);
          expect(issue.concessionFen).toBeLessThanOrEqual(issue.reserveFen);
        },
      ),
    );
  });

  it('divides every concession without loss: commissions at most 20%, the fund at least 70%', () => {
    const present = fc.subarray([...agentRoles]);
    fc.assert(
      fc.property(amount, legalRate, present, fc.boolean(), (netFen, rate, roles, flow) => {
        const concessionFen = fen(Math.floor((netFen * rate) / 10_000));
        const mode = { ...config, agentMode: flow ? 'flow' : 'concession' } as const;
        const order = { netFen, concessionFen };
        const parts = divideConcession(order, roles, mode);
        const agents = Object.values(parts.agents).reduce<number>((a, b) => a + b, 0);
        expect(agents + parts.marginFen + parts.contingencyFen + parts.fundFen).toBe(concessionFen);
        expect(agents * 10_000).toBeLessThanOrEqual(concessionFen * 2000);
        expect(parts.fundFen * 10_000).toBeGreaterThanOrEqual(concessionFen * 7000);
        expect((parts.agents.province ?? 0) * 10_000).toBeLessThanOrEqual(netFen * 150);
      }),
    );
  });

  it('scales flow commissions on a 3% order to 20% of the concession: 1.00 + 2.00 + 3.00', () => {
    const flowBp = { marketer: 50, region: 100, province: 150 } as const;
    const rates = Object.fromEntries(
      Object.entries(flowBp).map(([role, bp]) => [role, basisPoints(bp)]),
    );
    expect(
      agentSharesOfFlow({ netFen: fen(100_000), concessionFen: fen(3000) }, rates, config),
    ).toEqual({ marketer: 100, region: 200, province: 300 });
  });

  it('pays no absent role and does not pass its share upwards', () => {
    const order = { netFen: fen(100_000), concessionFen: fen(20_000) };
    expect(agentShares(order, ['province'], config)).toEqual({ province: 400 });
  });

  it('refunds in any number of parts end where one refund of the sum ends', () => {
    const parts = fc.array(fc.integer({ min: 1, max: 1000 }).map(fen), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(parts, fc.integer({ min: 0, max: 1000 }), legalRate, (refunds, extra, rate) => {
        const sum = refunds.reduce<number>((a, b) => a + b, 0);
        const amountFen = fen(sum + extra);
        const order = { amountFen, voucherFen: fen(Math.floor(amountFen / 3)), concessionBp: rate };
        const many = refundSteps(order, refunds);
        const one = refundSteps(order, [fen(sum)]);
        const cash = many.steps.reduce((a, step) => a + step.cashRefundFen, 0);
        expect(cash).toBe(one.steps[0]!.cashRefundFen);
        expect(many.concessionLeftFen).toBe(one.concessionLeftFen);
      }),
    );
  });
});

describe('controller', () => {
  it('keeps the coverage floor after any part of its budget is released (I2)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000_000 }),
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 0, max: 1000 }),
        fc.option(fc.bigInt({ min: -50_000n, max: 90_000n }), { nil: undefined }),
        (fund, unreleased, dueShare, releasedShare, forecastBp) => {
          const due = Math.floor((unreleased * dueShare) / 1000);
          const plan = planMultiplier(
            {
              fundFen: fen(fund),
              unreleasedPoints: pointFen(unreleased),
              duePoints: pointFen(due),
              forecastBp,
            },
            config,
          );
          expect(plan.multBp).toBeGreaterThanOrEqual(10_000);
          expect(plan.multBp).toBeLessThanOrEqual(50_000);
          const valueFen = fen(Math.floor((plan.budgetFen * releasedShare) / 1000));
          const used = pointsUsed({ due: pointFen(due), valueFen, multBp: plan.multBp });
          expect(used).toBeLessThanOrEqual(due);
          if (valueFen === 0) return;
          const slack = (fund - valueFen) * 10_000 - 3000 * (unreleased - used);
          expect(slack).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('releases fewer points at par, to the last fen that the coverage floor allows', () => {
    const [fund, unreleased] = [20_000_000, 60_000_000];
    const plan = planMultiplier(
      {
        fundFen: fen(fund),
        unreleasedPoints: pointFen(unreleased),
        duePoints: pointFen(10_000_000),
        forecastBp: undefined,
      },
      config,
    );
    // (10000 * 20,000,000 - 3000 * 60,000,000) / 7000 = 2,857,142.86
    expect(plan).toMatchObject({ rawBp: 5000n, multBp: 10_000, budgetFen: 2_857_142 });
    const slackAfter = (value: number) => (fund - value) * 10_000 - 3000 * (unreleased - value);
    expect(slackAfter(plan.budgetFen)).toBeGreaterThanOrEqual(0);
    expect(slackAfter(plan.budgetFen + 1)).toBeLessThan(0);
  });

  it('never makes a point worth more than 5.00 (I5)', () => {
    const rate = fc.integer({ min: 10_000, max: 50_000 }).map(basisPoints);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        rate,
        fc.integer({ min: 0, max: 10_000 }),
        (due, m, s) => {
          const own = accountMultiplier(m, basisPoints(s));
          expect(own).toBeLessThanOrEqual(m);
          expect(wantOf(pointFen(due), own)).toBeLessThanOrEqual(due * 5);
        },
      ),
    );
  });
});

const gateInput = (current: bigint, topMerchantGrowth: bigint): GateInput => ({
  outstanding: { previous: 10_000_000n, current, topMerchantGrowth },
  inflow: {
    previous: 10_000_000n,
    current,
    previousDays: 30,
    currentDays: 30,
    // In point-days: both sides of the comparison are multiplied by the days of the other period.
    topMerchantGrowth: topMerchantGrowth * 30n,
  },
});

describe('gate', () => {
  it.each([
    ['open', 11_500_000n, 450_000n],
    ['growth-below-threshold', 11_499_999n, 0n],
    ['merchant-concentration', 11_500_000n, 450_001n],
  ] as const)('says %s at a pool of %d with a top growth of %d', (reason, current, top) => {
    for (const gateMeasure of ['outstanding', 'period_inflow'] as const)
      expect(decideGate(gateInput(current, top), { ...config, gateMeasure })).toMatchObject({
        open: reason === 'open',
        reason,
      });
  });

  it('stays closed in the first period and under the minimum scale', () => {
    const first = {
      ...gateInput(5n, 0n),
      outstanding: { previous: 0n, current: 5n, topMerchantGrowth: 0n },
    };
    expect(decideGate(first, config).reason).toBe('no-previous-pool');
    const small = {
      ...gateInput(5n, 0n),
      outstanding: { previous: 1n, current: 999_999n, topMerchantGrowth: 0n },
    };
    expect(decideGate(small, config).reason).toBe('below-min-scale');
  });

  it('stays exact beyond 2^53', () => {
    const previous = 20_000_000_000_000_000n;
    const at = (current: bigint) =>
      decideGate(
        { ...gateInput(0n, 0n), outstanding: { previous, current, topMerchantGrowth: 0n } },
        config,
      ).open;
    expect([at(23_000_000_000_000_000n), at(22_999_999_999_999_999n)]).toEqual([true, false]);
  });
});

describe('configuration', () => {
  it('accepts the published values and refuses every looser one', () => {
    expect(checkPointsConfig(config).ok).toBe(true);
    const looser = [
      { gateGrowthBp: 1499 },
      { dailyReleaseBp: 5001 },
      { monthlyReleaseBp: 20_001 },
      { multMaxBp: 50_001 },
      { agentTotalCapBp: 2001 },
      { concessionMaxBp: 2001 },
      { nMin: 35 },
      { fundMinBp: 4999 },
      { coverageBp: 6700 },
      { multMinBp: 2500 },
      { plannerHorizon: 0 },
      { agents: { ...config.agents, province: { ...config.agents.province, flowCapBp: 151 } } },
      { tierScoreFen: [0, 5, 5] },
    ];
    for (const change of looser)
      expect(checkPointsConfig({ ...config, ...change } as typeof config).ok).toBe(false);
    expect(rateBpMax).toBeGreaterThan(config.multMaxBp);
  });
});
