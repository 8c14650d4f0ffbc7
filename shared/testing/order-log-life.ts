import { fen, sumFen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { settleExcess } from '#shared/points/refund/clawback.ts';
import { planClose } from '#shared/points/close/close-plan.ts';
import { lotPeriods } from '#shared/points/issue/n-base.ts';
import { issueOrder, voucherFenMax, type OrderIssue } from '#shared/points/issue/order-issue.ts';
import { pointFen, pointsOfConcession } from '#shared/points/point-fen.ts';
import { referralPoints } from '#shared/points/issue/referral.ts';
import { refundStep } from '#shared/points/refund/refund.ts';
import { planReleaseDay } from '#shared/points/release/release-day.ts';
import {
  closeSchedulePeriod,
  entitlementOf,
  entitlementOfLots,
  sliceNum,
  startLot,
} from '#shared/points/release/schedule.ts';
import type { Md5Hex } from '#shared/points/release/water-fill.ts';
import { divideConcession } from '#shared/points/agents/waterfall.ts';
import { assert } from '#shared/result/assert.ts';
import { getOrThrow } from '#shared/result/result.ts';
import {
  assertBacked,
  balancesOf,
  dueOf,
  newLife,
  spend,
  total,
  unreleased,
  type Account,
  type Life,
  type Lot,
  type Sale,
} from '#shared/testing/order-log-books.ts';
import { daysPerLogMonth, type LoggedEvent, type OrderLog } from '#shared/testing/order-log.ts';
import { addMonths } from '#shared/time/period.ts';

/** What was seen in one life, for "the search met this at all". */
export interface LifeSeen {
  readonly text: string;
  readonly openMonths: number;
  readonly closedMonths: number;
  readonly releasedFen: number;
  readonly refundsLate: number;
  readonly refundsInHold: number;
  readonly lotsEnded: number;
  readonly orders: number;
}

/** Spoils the books before each day's release: the laws must notice. */
export type Planted = (money: { cash: number; fund: number }) => void;

/** In days of the log: a hold that passes into the next month now and then, and vouchers that end. */
const holdDays = 2;
const voucherDays = 3 * daysPerLogMonth;

/**
 * Lives through a log with the functions that the cloud's SQL is held against, and throws at the
 * first day on which an invariant of docs/points.md 2.10 (I1 to I7) does not hold. `text` is every
 * balance after every month and at the end: I8 is that the same log gives the same text.
 */
export function liveOrderLog(log: OrderLog, md5Hex: Md5Hex, planted?: Planted): LifeSeen {
  const life = newLife(log);
  const written: unknown[] = [];
  for (let day = 0; day < log.days.length; day += 1) {
    beginDay(life, day);
    for (const event of log.days[day]!)
      if (event.type === 'order') sell(life, event, day);
      else refund(life, event, day);
    planted?.(life.money);
    if (day >= daysPerLogMonth) release(life, day, md5Hex);
    assertBacked(life);
    if ((day + 1) % daysPerLogMonth === 0) {
      closeMonth(life, Math.floor(day / daysPerLogMonth));
      written.push(balancesOf(life));
    }
  }
  return { ...life.seen, orders: life.sales.length, text: JSON.stringify(written, asText) };
}

const asText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `${value}` : value;

/** Spent vouchers reach the shops, ended ones return to the fund, holds end. */
function beginDay(life: Life, day: number): void {
  const { money } = life;
  if (day % daysPerLogMonth === 0)
    for (const account of life.accounts) [account.monthNetFen, account.monthReleasedFen] = [0, 0];
  money.cash -= money.payout;
  money.payout = 0;
  life.dayNetFen = 0;
  for (const account of life.accounts) {
    const ended = total(
      account.vouchers.map(({ leftFen, endsDay }) => (endsDay < day ? leftFen : 0)),
    );
    account.vouchers = account.vouchers.filter(({ endsDay }) => endsDay >= day);
    money.vouchers -= ended;
    money.fund += ended;
  }
  for (const [number, sale] of life.sales.entries())
    if (!sale.isFinal && sale.day + holdDays <= day) makeFinal(life, number, sale, day);
}

/** The concession goes its way, and the points begin to run. I7: never more to agents than the caps say. */
function makeFinal(life: Life, number: number, sale: Sale, day: number): void {
  const { config, referrers } = life.log;
  const { concessionFen, event } = sale;
  sale.isFinal = true;
  if (concessionFen === 0) return;
  const order = { netFen: netLeft(sale), concessionFen: fen(concessionFen) };
  const parts = divideConcession(order, event.roles, config);
  const agents = sumFen(Object.values(parts.agents));
  assert(agents * 5 <= concessionFen, () => `I7: ${agents} of ${concessionFen}`);
  for (const [role, capBp] of [
    ['marketer', 100],
    ['region', 120],
    ['province', 150],
  ] as const)
    assert(
      (parts.agents[role] ?? 0) * 10_000 <= order.netFen * capBp,
      () => `I7: ${role} above its cap of the flow`,
    );
  assert(
    agents + parts.marginFen + parts.contingencyFen + parts.fundFen === concessionFen,
    () => 'a fen of the concession is lost',
  );
  life.money.cash += parts.fundFen;
  life.money.fund += parts.fundFen;
  const points = pointsOfConcession(fen(concessionFen));
  begin(life, event.member, { points, order: number }, day);
  const referrer = referrers[event.member]!;
  if (referrer >= 0)
    begin(life, referrer, { points: referralPoints(points, config), order: number }, day);
}

const netLeft = ({ issue, refundedFen }: Sale) => shareOf(issue.netFen, refundedFen, issue);

/** Money that is left of a sale after refunds in its hold. */
const shareOf = (netFen: number, refundedFen: number, issue: OrderIssue) =>
  fen(netFen - Math.floor((refundedFen * netFen) / (issue.netFen + issue.voucherPayoutFen)));

function begin(
  life: Life,
  member: number,
  lot: { readonly points: number; readonly order: number },
  day: number,
): void {
  if (lot.points === 0) return;
  const { config, scores } = life.log;
  const account = life.accounts[member]!;
  const base = life.window?.plan.nBase ?? config.nMax;
  const n = lotPeriods(base, scores[member]! % 5, config);
  account.lots.push({ ...lot, n, issued: Math.floor(day / daysPerLogMonth) });
  account.schedule = startLot(account.schedule, { points: pointFen(lot.points), n });
  life.monthPoints += lot.points;
}

function sell(life: Life, event: Sale['event'], day: number): void {
  const { config } = life.log;
  const account = life.accounts[event.member]!;
  const wallet = total(account.vouchers.map(({ leftFen }) => leftFen));
  const most = Math.min(wallet, voucherFenMax(fen(event.amountFen), config));
  const voucherFen = Math.floor((most * event.voucherPercent) / 100);
  const terms = { amountFen: fen(event.amountFen), voucherFen: fen(voucherFen) };
  const issue = getOrThrow(
    issueOrder({ ...terms, concessionBp: basisPoints(event.rateBp) }, config),
  );
  assert(issue.concessionFen <= issue.reserveFen, () => 'I3: the reserve is too small');
  assert(issue.merchantTotalFen + issue.concessionFen === event.amountFen, () => 'A fen is lost');
  spend(account, voucherFen);
  life.money.vouchers -= voucherFen;
  life.money.payout += voucherFen;
  const { concessionFen } = issue;
  life.sales.push({ event, day, voucherFen, issue, refundedFen: 0, concessionFen, isFinal: false });
  life.dayNetFen += issue.netFen;
  account.monthNetFen += issue.netFen;
}

/** Money and vouchers go back; inside the hold the concession does too, after it points are taken back. */
function refund(life: Life, event: Extract<LoggedEvent, { type: 'refund' }>, day: number): void {
  const sale = life.sales[event.order];
  const amountFen = sale?.event.amountFen ?? 0;
  if (!sale || sale.refundedFen === amountFen) return;
  const partFen = Math.ceil(((amountFen - sale.refundedFen) * event.percent) / 100);
  const terms = {
    amountFen: fen(amountFen),
    voucherFen: fen(sale.voucherFen),
    concessionBp: basisPoints(sale.event.rateBp),
  };
  const step = refundStep(terms, { refundedFen: fen(sale.refundedFen), partFen: fen(partFen) });
  const account = life.accounts[sale.event.member]!;
  sale.refundedFen += partFen;
  // The shop gives back what the vouchers paid it, and the wallet has it again.
  life.money.cash += step.voucherRestoredFen;
  life.money.vouchers += step.voucherRestoredFen;
  if (step.voucherRestoredFen > 0)
    account.vouchers.push({ leftFen: step.voucherRestoredFen, endsDay: day + 1 });
  life.dayNetFen -= step.cashRefundFen;
  if (Math.floor(sale.day / daysPerLogMonth) === Math.floor(day / daysPerLogMonth))
    account.monthNetFen -= step.cashRefundFen;
  const before = sale.concessionFen;
  sale.concessionFen -= step.concessionReturnedFen;
  if (!sale.isFinal) {
    life.seen.refundsInHold += 1;
    return;
  }
  life.seen.refundsLate += 1;
  for (const owner of life.accounts)
    for (const lot of owner.lots.filter(({ order }) => order === event.order))
      clawBack(life, owner, lot, Math.floor((lot.points * sale.concessionFen) / before), day);
}

/** The lot becomes what it would have been, vouchers that were given for too much return to the fund. */
function clawBack(life: Life, account: Account, lot: Lot, points: number, day: number): void {
  const gone = { points: pointFen(lot.points - points), n: lot.n };
  const closes = Math.min(lot.n, Math.floor(day / daysPerLogMonth) - lot.issued);
  const isRunning = closes < lot.n;
  account.schedule = {
    activeNum: account.schedule.activeNum - (isRunning ? sliceNum(gone) : 0n),
    cumNum: account.schedule.cumNum - sliceNum(gone) * BigInt(closes),
  };
  lot.points = points;
  const unspent = total(account.vouchers.map(({ leftFen }) => leftFen));
  const settled = settleExcess({
    entitlement: entitlementOf(account.schedule),
    releasedPoints: pointFen(account.released),
    releasedFen: fen(account.releasedFen),
    unspentFen: fen(unspent),
  });
  spend(account, settled.voucherCancelledFen);
  life.money.vouchers -= settled.voucherCancelledFen;
  life.money.fund += settled.voucherCancelledFen;
  account.released -= settled.pointsRestored;
  account.releasedFen -= settled.voucherCancelledFen;
}

/** One day of the window of the month before; I2, I4, I5 and I6 are looked at after it. */
function release(life: Life, day: number, md5Hex: Md5Hex): void {
  const { window, money } = life;
  const { config, scores } = life.log;
  assert(window !== undefined, () => 'a window before the first close');
  const dayNetFen = Math.max(0, life.dayNetFen);
  const plan = planReleaseDay(
    {
      runId: `${day}`,
      gateOpen: window.plan.gate.open,
      multBp: window.plan.controller.multBp,
      budgetLeftFen: fen(window.leftFen),
      fundFreeFen: fen(money.fund),
      unreleasedPoints: pointFen(total(life.accounts.map(unreleased))),
      dayConsumptionFen: fen(dayNetFen),
      daysLeft: daysPerLogMonth - (day % daysPerLogMonth),
      accounts: life.accounts.map((account, at) => ({
        id: `m${at}`,
        due: pointFen(dueOf(account)),
        scoreBp: basisPoints(scores[at]!),
        consumedFen: fen(Math.max(0, account.monthNetFen)),
        releasedFen: fen(account.monthReleasedFen),
      })),
    },
    { config, md5Hex },
  );
  if (!window.plan.gate.open) assert(plan.releasedFen === 0, () => 'I6: released while closed');
  assert(
    2 * plan.releasedFen <= dayNetFen,
    () => `I4: ${plan.releasedFen} on a day of ${dayNetFen}`,
  );
  for (const [at, gift] of plan.allocations.entries()) {
    const account = life.accounts[at]!;
    assert(
      gift.allocFen <= 5 * gift.pointsUsed,
      () => `I5: ${gift.allocFen} for ${gift.pointsUsed}`,
    );
    if (gift.allocFen === 0) continue;
    account.released += gift.pointsUsed;
    account.releasedFen += gift.allocFen;
    account.monthReleasedFen += gift.allocFen;
    account.vouchers.push({ leftFen: gift.allocFen, endsDay: day + voucherDays });
    assert(
      account.monthReleasedFen <= 2 * Math.max(0, account.monthNetFen),
      () => `I4: member ${at} was given ${account.monthReleasedFen} of ${account.monthNetFen}`,
    );
  }
  window.leftFen -= plan.releasedFen;
  money.fund -= plan.releasedFen;
  money.vouchers += plan.releasedFen;
  life.seen.releasedFen += plan.releasedFen;
  const left = total(life.accounts.map(unreleased));
  if (plan.releasedFen > 0)
    assert(
      BigInt(money.fund) * 10_000n >= BigInt(config.coverageBp) * BigInt(left),
      () => `I2: ${money.fund} for ${left} points`,
    );
}

/**
 * The schedule advances, kept in two numbers and counted from the lots alike; the gate is read, the
 * next window planned.
 */
function closeMonth(life: Life, month: number): void {
  const { config } = life.log;
  for (const account of life.accounts) {
    const ending = account.lots.filter(({ issued, n }) => issued + n - 1 === month);
    account.schedule = closeSchedulePeriod(
      account.schedule,
      ending.map(({ points, n }) => ({ points: pointFen(points), n })),
    );
    life.seen.lotsEnded += ending.length;
    const lots = account.lots.map(({ points, n, issued }) => ({
      points: pointFen(points),
      n,
      closes: month - issued + 1,
    }));
    assert(
      entitlementOf(account.schedule) === entitlementOfLots(lots),
      () => 'the two numbers are not the lots',
    );
  }
  const previous = life.pools.at(-1) ?? { outstanding: 0, inflow: 0 };
  const now = { outstanding: total(life.accounts.map(unreleased)), inflow: life.monthPoints };
  life.pools.push(now);
  life.monthPoints = 0;
  const plan = planClose(
    {
      period: addMonths('2024-01', month),
      gate: {
        outstanding: pair(previous.outstanding, now.outstanding),
        inflow: { ...pair(previous.inflow, now.inflow), previousDays: 30, currentDays: 30 },
      },
      fundFen: fen(life.money.fund),
      unreleasedPoints: pointFen(now.outstanding),
      duePoints: pointFen(total(life.accounts.map((one) => Math.max(0, dueOf(one))))),
      activePoints: pointFen(
        total(life.accounts.map(({ schedule }) => Number(schedule.activeNum / 3_290_040n) + 1)),
      ),
      history: life.pools.map(({ inflow }) => ({ points: inflow, days: 30 })),
    },
    config,
  );
  if (month === 0) assert(!plan.gate.open, () => 'I6: open in the first month');
  if (plan.gate.open) life.seen.openMonths += 1;
  else life.seen.closedMonths += 1;
  life.window = { plan, leftFen: plan.budgetFen };
}

const pair = (previous: number, current: number) => ({
  previous: BigInt(previous),
  current: BigInt(current),
  topMerchantGrowth: 0n,
});
