import { divFloor, minBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { basisPoints, wholeBp } from '#shared/money/rate.ts';
import { agentRoles, type PointsConfig } from '#shared/points/points-config.ts';
import { issueOrder } from '#shared/points/issue/order-issue.ts';
import { referralPoints } from '#shared/points/issue/referral.ts';
import { divideConcession } from '#shared/points/agents/waterfall.ts';
import { assert } from '#shared/result/assert.ts';
import type { Account, Vintage } from './account.ts';
import { daysPerMonth } from './lab-day.ts';
import type { Money } from './money.ts';
import type { Dials } from './rules.ts';

export interface DayOfMonth {
  /** 1..months. */
  readonly month: number;
  /** 1..30. */
  readonly day: number;
}

export interface TradeDay extends DayOfMonth {
  readonly dials: Dials;
  readonly config: PointsConfig;
  /** Everybody spends all he has at once, and trade is gone: vouchers may pay whole orders. */
  readonly isRun: boolean;
  /** What an actor pays in money this month beside his own plan, fen; may be below 0. */
  readonly beside: ReadonlyMap<string, number>;
}

/** What a day's orders came to. */
export interface Traded {
  readonly netFen: number;
  readonly concessionFen: number;
  readonly redeemedFen: number;
  /** Points of the shops' side by the account of the shop. */
  readonly shopPoints: ReadonlyMap<string, number>;
}

/**
 * Mutates accounts and money: one order per actor, the day's share of his month, with the vouchers he spends beside it.
 * What is paid in money is given by the scenario, so vouchers buy on top of it.
 */
export function tradeDay(day: TradeDay, accounts: readonly Account[], money: Money): Traded {
  const { config } = day;
  let [netFen, concessionFen, redeemedFen] = [0, 0, 0];
  const shopPoints = new Map<string, number>();
  const shareBp = day.isRun ? wholeBp : config.voucherMaxShareBp;
  for (const account of accounts) {
    const ownNetFen = netOf(account, day);
    // A shop's own vouchers, which only literal rules have, buy without money beside them.
    const ownShareBp = account.actor.side === 'shop' ? wholeBp : shareBp;
    const voucherFen = spend(account, { ...day, shareBp: ownShareBp, ownNetFen });
    if (ownNetFen + voucherFen === 0) continue;
    const issued = issueOrder(
      {
        amountFen: fen(ownNetFen + voucherFen),
        voucherFen: fen(voucherFen),
        concessionBp: basisPoints(day.dials.rateBp),
      },
      ownShareBp === wholeBp ? { ...config, voucherMaxShareBp: wholeBp } : config,
    );
    assert(issued.ok, () => `an order of the lab was refused: ${JSON.stringify(issued)}`);
    const { fundFen, contingencyFen } = divideConcession(issued.value, agentRoles, config);
    const points = issued.value.consumerPoints;
    account.pendingPoints += points;
    if (account.actor.hasReferrer) account.pendingPoints += referralPoints(points, config);
    account.pendingFundFen += fundFen;
    account.pendingContingencyFen += contingencyFen;
    account.consumedFen += issued.value.netFen;
    netFen += issued.value.netFen;
    concessionFen += issued.value.concessionFen;
    redeemedFen += voucherFen;
    const { shopId } = account.actor;
    shopPoints.set(shopId, (shopPoints.get(shopId) ?? 0) + issued.value.merchantPoints);
  }
  money.voucherFen -= redeemedFen;
  money.payoutFen += redeemedFen;
  return { netFen, concessionFen, redeemedFen, shopPoints };
}

/** The day's part of a month's purchases: equal days, the odd fen where the running sum passes a whole one. */
function netOf({ actor }: Account, { month, day, beside }: TradeDay): number {
  const ofMonth = BigInt((actor.netFen[month - 1] ?? 0) + (beside.get(actor.id) ?? 0));
  const until = (count: number) => divFloor(ofMonth * BigInt(count), BigInt(daysPerMonth));
  return Number(until(day) - until(day - 1));
}

/** Mutates the vintages: what is spent today, at most the share of an order that vouchers may pay. */
function spend(
  account: Account,
  day: TradeDay & { readonly shareBp: number; readonly ownNetFen: number },
): number {
  let roomFen = voucherRoom(day);
  let spentFen = 0;
  for (const vintage of account.vintages) {
    const wanted = day.isRun ? vintage.releasedFen : wantedBy(vintage, day);
    const take = Math.min(Math.max(0, wanted - vintage.usedFen), roomFen);
    vintage.usedFen += take;
    roomFen -= take;
    spentFen += take;
  }
  account.spentFen += spentFen;
  return spentFen;
}

/** V <= share * (N + V), so V <= N * share / (1 - share); without an end where vouchers may pay all. */
function voucherRoom(day: { readonly shareBp: number; readonly ownNetFen: number }): number {
  if (day.shareBp === wholeBp) return Number.MAX_SAFE_INTEGER;
  return Number(
    divFloor(BigInt(day.ownNetFen) * BigInt(day.shareBp), BigInt(wholeBp - day.shareBp)),
  );
}

/** Of a vintage, all that is spent by this day when it is redeemed as the dials say. */
function wantedBy(vintage: Vintage, { month, day, dials }: TradeDay): number {
  const age = month - vintage.month;
  const before = dials.redemptionBp.slice(0, age).reduce((sum, part) => sum + part, 0);
  const now = dials.redemptionBp[age] ?? 0;
  // In its own month a vintage grows day by day, and its part is spent as it grows; later months spend evenly.
  const parts = age === 0 ? BigInt(now * daysPerMonth) : BigInt(before * daysPerMonth + now * day);
  const most = BigInt(wholeBp) * BigInt(daysPerMonth);
  return Number(
    minBig(divFloor(BigInt(vintage.releasedFen) * parts, most), BigInt(vintage.releasedFen)),
  );
}

/** Mutates money: yesterday's spent vouchers reach the shops in cash. */
export function payShops(money: Money): Fen {
  const paidFen = fen(money.payoutFen);
  money.cashFen -= paidFen;
  money.payoutFen = 0;
  return paidFen;
}
