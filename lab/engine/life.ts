import { amountFenMax, fen } from '#shared/money/fen.ts';
import { wholeBp } from '#shared/money/rate.ts';
import { accountMultiplier } from '#shared/points/release/account-multiplier.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import type { ConfigError, PointsConfig } from '#shared/points/points-config.ts';
import { wantOf } from '#shared/points/release/points-used.ts';
import { planReleaseDay } from '#shared/points/release/release-day.ts';
import { ok, type Result } from '#shared/result/result.ts';
import { dueOf, grant, newAccount, unreleasedOf, type Account, type Actor } from './account.ts';
import { closeMonth, sum, type MonthClose, type Pools } from './close-month.ts';
import { daysPerMonth, labDay } from './lab-day.ts';
import { md5Hex } from './md5.ts';
import { assertBacked, assertCaps, assertCovered, noMoney, type Money } from './money.ts';
import { configOf, type Dials, type Rules } from './rules.ts';
import { payShops, tradeDay, type DayOfMonth, type Traded } from './trade-day.ts';

export interface LifeInput {
  readonly actors: readonly Actor[];
  readonly months: number;
  /** The month in which trade is gone and everybody spends all his vouchers; undefined: never. */
  readonly runMonth: number | undefined;
  readonly rules: Rules;
  readonly dials: Dials;
  /** Changes of plan at the beginning of a month, by account: for those who look at the window before they spend. */
  readonly replan?: (month: NewMonth) => ReadonlyMap<string, number>;
}

/** What everybody knows when a month begins: its window is planned. */
export interface NewMonth {
  readonly month: number;
  /** What an account would be given in this month, without its own cap; fen. */
  readonly wantFenOf: (id: string) => number;
}

/** One month as it ended. Money in fen, points in point-fen, both of the whole network. */
export interface MonthRow {
  readonly month: number;
  readonly netFen: number;
  readonly concessionFen: number;
  /** Was there a window in this month, that is, did the close before find the gate open? */
  readonly wasOpen: boolean;
  /** The multiplier of this month's window, bp; 0 without one. */
  readonly multBp: number;
  readonly releasedFen: number;
  /** To members alone: what they were given, and the points it took. */
  readonly memberValueFen: number;
  readonly releasedPoints: number;
  readonly redeemedFen: number;
  /** By account: vouchers released to it, and what it paid in money. */
  readonly releasedTo: ReadonlyMap<string, number>;
  readonly paidBy: ReadonlyMap<string, number>;
  readonly money: Readonly<Money>;
  /** Lowest cash of the month, before or after any day. */
  readonly lowestCashFen: number;
  readonly close: MonthClose;
}

export interface Life {
  readonly rows: readonly MonthRow[];
  readonly members: readonly Account[];
  readonly shops: readonly Account[];
}

/**
 * The points of shops as one account: under literal rules that give both sides vouchers it is
 * released like the others.
 */
const shopActor = (id: string): Actor => ({
  id,
  scoreBp: wholeBp,
  netFen: [],
  hasReferrer: false,
  side: 'shop',
  shopId: id,
});

/**
 * Lives through the months day by day with the engine of shared/points: orders, issue and waterfall, close, schedule,
 * gate, forecast, multiplier, day run with all caps, vouchers and their end. Funded rules are held to I1 and I2 of
 * docs/points.md 2.10 after each day, all rules to I4: a break throws.
 */
export function runLife(input: LifeInput): Result<Life, ConfigError> {
  const config = configOf(input.dials, input.rules.gate);
  if (!config.ok) return config;
  const members = input.actors.map(newAccount);
  const shopIds = new Set(input.actors.map(({ shopId }) => shopId));
  const shops = input.rules.merchantVouchers
    ? [...shopIds].map((id) => newAccount(shopActor(id)))
    : [];
  const world: World = {
    input,
    config: config.value,
    accounts: [...members, ...shops],
    money: noMoney(),
  };
  const rows: MonthRow[] = [];
  let pools: Pools = { outstanding: 0, inflow: 0 };
  for (let month = 1; month <= input.months; month += 1) {
    const row = runMonth(world, { month, before: rows.at(-1), pools, rows });
    pools = row.close.pools;
    rows.push(row);
  }
  return ok({ rows, members, shops });
}

interface World {
  readonly input: LifeInput;
  readonly config: PointsConfig;
  readonly accounts: readonly Account[];
  readonly money: Money;
}

interface Month {
  readonly month: number;
  readonly before: MonthRow | undefined;
  readonly pools: Pools;
  readonly rows: readonly MonthRow[];
}

function runMonth(world: World, at: Month): MonthRow {
  const { input, config, accounts, money } = world;
  const window = at.before?.close;
  const wasOpen = window?.isOpen === true;
  const beside =
    input.replan?.(newMonth(world, at.month, wasOpen ? window : undefined)) ?? new Map();
  let budgetLeftFen = wasOpen ? window.plan.budgetFen : 0;
  let lowestCashFen = money.cashFen;
  const totals = {
    netFen: 0,
    concessionFen: 0,
    redeemedFen: 0,
    releasedFen: 0,
    memberValueFen: 0,
    releasedPoints: 0,
  };
  for (let day = 1; day <= daysPerMonth; day += 1) {
    payShops(money);
    const isRun = input.runMonth !== undefined && at.month >= input.runMonth;
    const traded = tradeDay(
      { month: at.month, day, dials: input.dials, config, isRun, beside },
      accounts,
      money,
    );
    for (const shop of accounts) if (shop.actor.side === 'shop') keepShop(shop, traded);
    if (wasOpen) {
      const released = releaseDay(world, { month: at.month, day, window, budgetLeftFen, traded });
      budgetLeftFen -= released.valueFen;
      totals.releasedFen += released.valueFen;
      totals.memberValueFen += released.memberFen;
      totals.releasedPoints += released.points;
    }
    totals.netFen += traded.netFen;
    totals.concessionFen += traded.concessionFen;
    totals.redeemedFen += traded.redeemedFen;
    lowestCashFen = Math.min(lowestCashFen, money.cashFen);
    if (!input.rules.isLiteral) assertBacked(money);
  }
  // Read before the close, which begins a new month in every account.
  const releasedTo = new Map(accounts.map((one) => [one.actor.id, one.monthReleasedFen]));
  const paidBy = new Map(accounts.map((one) => [one.actor.id, one.consumedFen]));
  const close = closeMonth(
    {
      month: at.month,
      rules: input.rules,
      config,
      previous: at.pools,
      concessionHistory: [...at.rows.map((row) => row.concessionFen), totals.concessionFen],
    },
    accounts,
    money,
  );
  if (!input.rules.isLiteral) assertBacked(money);
  return {
    month: at.month,
    wasOpen,
    multBp: wasOpen ? window.plan.multBp : 0,
    ...totals,
    releasedTo,
    paidBy,
    money: { ...money },
    lowestCashFen: Math.min(lowestCashFen, money.cashFen),
    close,
  };
}

function newMonth(world: World, month: number, window: MonthClose | undefined): NewMonth {
  return {
    month,
    wantFenOf(id) {
      const account = world.accounts.find(({ actor }) => actor.id === id);
      if (account === undefined || window === undefined) return 0;
      return wantOf(dueOf(account), accountMultiplier(window.plan.multBp, account.actor.scoreBp));
    },
  };
}

/** Mutates: the shops' points of the day, and all the day's trade as theirs, so that their month cap never binds. */
function keepShop(shop: Account, traded: Traded): void {
  shop.pendingPoints += traded.shopPoints.get(shop.actor.id) ?? 0;
  shop.consumedFen += traded.netFen;
}

/** Mutates accounts and money: the run of one day. */
function releaseDay(
  world: World,
  at: DayOfMonth & {
    readonly window: MonthClose;
    readonly budgetLeftFen: number;
    readonly traded: Traded;
  },
): { readonly valueFen: number; readonly memberFen: number; readonly points: number } {
  const { input, config, accounts, money } = world;
  const { isLiteral } = input.rules;
  const members = accounts.filter(({ actor }) => actor.side === 'member');
  const plan = planReleaseDay(
    {
      runId: labDay(at.month, at.day),
      gateOpen: true,
      multBp: at.window.plan.multBp,
      budgetLeftFen: fen(isLiteral ? amountFenMax : at.budgetLeftFen),
      fundFreeFen: fen(isLiteral ? amountFenMax : money.fundFen),
      unreleasedPoints: pointFen(sum(accounts.map(unreleasedOf))),
      dayConsumptionFen: fen(at.traded.netFen),
      daysLeft: daysPerMonth + 1 - at.day,
      accounts: accounts.map((account) => ({
        id: account.actor.id,
        due: dueOf(account),
        scoreBp: account.actor.scoreBp,
        consumedFen: fen(account.consumedFen),
        releasedFen: fen(account.monthReleasedFen),
      })),
    },
    { config, md5Hex },
  );
  let [memberFen, points] = [0, 0];
  for (const [index, account] of accounts.entries()) {
    const { allocFen, pointsUsed } = plan.allocations[index]!;
    grant(account, { month: at.month, valueFen: allocFen, points: pointsUsed });
    if (account.actor.side === 'shop') continue;
    memberFen += allocFen;
    points += pointsUsed;
  }
  money.voucherFen += plan.releasedFen;
  if (!isLiteral) {
    money.fundFen -= plan.releasedFen;
    assertCovered({
      fundFen: money.fundFen,
      unreleased: sum(members.map(unreleasedOf)),
      coverageBp: config.coverageBp,
    });
  }
  assertCaps({
    releasedFen: plan.releasedFen,
    consumptionFen: at.traded.netFen,
    members: accounts.map(({ monthReleasedFen, consumedFen }) => ({
      releasedFen: monthReleasedFen,
      consumedFen,
    })),
  });
  return { valueFen: plan.releasedFen, memberFen, points };
}
