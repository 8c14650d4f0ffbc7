import { amountFenMax, fen } from '#shared/money/fen.ts';
import type { BasisPoints } from '#shared/money/rate.ts';
import { planMultiplier, type PlanBinding } from '#shared/points/close/controller.ts';
import { forecastBoundBp } from '#shared/points/close/forecast-bound.ts';
import { forecastInflow } from '#shared/points/close/forecast.ts';
import { decideGate, type GateDecision } from '#shared/points/gate/gate.ts';
import { baseLotPeriods } from '#shared/points/issue/n-base.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { spendVouchers } from '#shared/points/vouchers/voucher-spend.ts';
import { assert } from '#shared/result/assert.ts';
import { closeAccountMonth, dueOf, sliceAhead, unreleasedOf, type Account } from './account.ts';
import { daysPerMonth, labDay, lastVoucherDay } from './lab-day.ts';
import type { Money } from './money.ts';
import type { Rules } from './rules.ts';

/** Pools at the close before. */
export interface Pools {
  readonly outstanding: number;
  readonly inflow: number;
}

export interface MonthClose {
  readonly gate: GateDecision;
  /** The gate's word, or always open where the rules have no gate; never in the first month. */
  readonly isOpen: boolean;
  readonly pools: Pools;
  readonly duePoints: number;
  readonly plan: {
    readonly multBp: BasisPoints;
    readonly budgetFen: number;
    readonly rawBp: bigint;
    readonly forecastBp: bigint | undefined;
    readonly binding: PlanBinding;
  };
}

export interface Closing {
  readonly month: number;
  readonly rules: Rules;
  readonly config: PointsConfig;
  readonly previous: Pools;
  /** Concession of all months so far, this one last. */
  readonly concessionHistory: readonly number[];
}

/**
 * Mutates accounts and money. The month's orders become final, lots begin, the schedule advances, the gate is read and
 * the multiplier of the coming window is planned: with what the fund holds, or, literally, as if money had no end.
 */
export function closeMonth(
  closing: Closing,
  accounts: readonly Account[],
  money: Money,
): MonthClose {
  const { month, rules, config } = closing;
  const members = accounts.filter(({ actor }) => actor.side === 'member');
  expireVouchers(closing, accounts, money);
  const n = baseLotPeriods(
    { fundFen: fen(money.fundFen), unreleasedPoints: pointFen(sum(members.map(unreleasedOf))) },
    config,
  );
  const inflow = sum(members.map(({ pendingPoints }) => pendingPoints));
  const collectedFen = sum(accounts.map(({ pendingFundFen }) => pendingFundFen));
  money.cashFen += collectedFen;
  // Literal rules know no contingency apart: all that agents and margin leave may be paid out.
  if (rules.isLiteral)
    money.cashFen += sum(accounts.map(({ pendingContingencyFen }) => pendingContingencyFen));
  else money.fundFen += collectedFen;
  for (const account of accounts) {
    account.pendingFundFen = 0;
    account.pendingContingencyFen = 0;
    closeAccountMonth(account, { month, n });
  }
  const pools = { outstanding: sum(members.map(unreleasedOf)), inflow };
  const gate = decideGate(gateInput(closing.previous, pools), config);
  const isOpen = rules.gate === 'off' ? month > 1 : gate.open;
  const duePoints = sum(members.map((account) => Math.max(0, dueOf(account))));
  const forecastBp = rules.isLiteral
    ? undefined
    : lookAhead(closing, members, { money, pools, duePoints, n });
  const plan = planMultiplier(
    {
      fundFen: rules.isLiteral ? fen(amountFenMax) : fen(money.fundFen),
      unreleasedPoints: pointFen(pools.outstanding),
      duePoints: pointFen(duePoints),
      forecastBp,
    },
    config,
  );
  return { gate, isOpen, pools, duePoints, plan: { ...plan, forecastBp } };
}

function gateInput(previous: Pools, pools: Pools) {
  return {
    outstanding: {
      previous: BigInt(previous.outstanding),
      current: BigInt(pools.outstanding),
      topMerchantGrowth: 0n,
    },
    inflow: {
      previous: BigInt(previous.inflow),
      current: BigInt(pools.inflow),
      previousDays: daysPerMonth,
      currentDays: daysPerMonth,
      topMerchantGrowth: 0n,
    },
  };
}

function lookAhead(
  { month, config, concessionHistory }: Closing,
  members: readonly Account[],
  at: {
    readonly money: Money;
    readonly pools: Pools;
    readonly duePoints: number;
    readonly n: number;
  },
): bigint | undefined {
  if (config.plannerHorizon === 1) return undefined;
  const coming = Array.from({ length: config.plannerHorizon - 1 }, (_, index) => index + 1);
  const forecast = forecastInflow({
    history: concessionHistory.map((points) => ({ points, days: daysPerMonth })),
    comingDays: coming.map(() => daysPerMonth),
    seasonLength: 12,
  });
  if (forecast === undefined) return undefined;
  return forecastBoundBp(
    {
      fundFen: fen(at.money.fundFen),
      unreleasedPoints: pointFen(at.pools.outstanding),
      duePoints: pointFen(at.duePoints),
      scheduledPoints: coming.map((ahead) =>
        sum(members.map((account) => sliceAhead(account, { month, ahead }))),
      ),
      concessionPath: forecast.low,
      nBase: at.n,
    },
    config,
  );
}

/** Mutates: vouchers whose last day this was end, and what is left of them goes back to the fund. */
function expireVouchers(
  { month, rules, config }: Closing,
  accounts: readonly Account[],
  money: Money,
): void {
  const tomorrow = labDay(month + 1, 1);
  for (const account of accounts) {
    const kept = account.vintages.filter((vintage) => {
      const expiresOn = lastVoucherDay({ month: vintage.month, voucherDays: config.voucherDays });
      const leftFen = fen(vintage.releasedFen - vintage.usedFen);
      const ended = spendVouchers([{ id: labDay(vintage.month, 1), leftFen, expiresOn }], {
        amountFen: fen(0),
        today: tomorrow,
      });
      assert(ended.ok, () => 'spending nothing was refused');
      money.voucherFen -= ended.value.backToFundFen;
      if (!rules.isLiteral) money.fundFen += ended.value.backToFundFen;
      return expiresOn >= tomorrow;
    });
    account.vintages = kept;
  }
}

export const sum = (parts: readonly number[]): number =>
  parts.reduce((total, part) => total + part, 0);
