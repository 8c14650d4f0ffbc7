import type { ClosePlan } from '#shared/points/close/close-plan.ts';
import type { OrderIssue } from '#shared/points/issue/order-issue.ts';
import {
  emptySchedule,
  entitlementOf,
  type ScheduleState,
} from '#shared/points/release/schedule.ts';
import { assert } from '#shared/result/assert.ts';
import type { LoggedEvent, OrderLog } from '#shared/testing/order-log.ts';

export interface Lot {
  points: number;
  readonly n: number;
  /** Index of the month whose close gives its first slice. */
  readonly issued: number;
  readonly order: number;
}

export interface Account {
  schedule: ScheduleState;
  readonly lots: Lot[];
  released: number;
  releasedFen: number;
  /** Earliest end first. */
  vouchers: { leftFen: number; readonly endsDay: number }[];
  monthNetFen: number;
  monthReleasedFen: number;
}

export interface Sale {
  readonly event: Extract<LoggedEvent, { type: 'order' }>;
  readonly day: number;
  readonly voucherFen: number;
  readonly issue: OrderIssue;
  refundedFen: number;
  /** What is left of the concession while the hold runs. */
  concessionFen: number;
  isFinal: boolean;
}

export type Life = ReturnType<typeof newLife>;

export const newLife = (log: OrderLog) => ({
  log,
  accounts: log.scores.map((): Account => ({
    schedule: emptySchedule,
    lots: [],
    released: 0,
    releasedFen: 0,
    vouchers: [],
    monthNetFen: 0,
    monthReleasedFen: 0,
  })),
  sales: [] as Sale[],
  /** K, F, VO, PI. */
  money: { cash: 0, fund: 0, vouchers: 0, payout: 0 },
  dayNetFen: 0,
  monthPoints: 0,
  pools: [] as { outstanding: number; inflow: number }[],
  window: undefined as { plan: ClosePlan; leftFen: number } | undefined,
  seen: {
    openMonths: 0,
    closedMonths: 0,
    releasedFen: 0,
    refundsLate: 0,
    refundsInHold: 0,
    lotsEnded: 0,
  },
});

export const unreleased = ({ lots, released }: Account): number =>
  lots.reduce((sum, { points }) => sum + points, 0) - released;
export const total = (numbers: readonly number[]): number =>
  numbers.reduce((sum, one) => sum + one, 0);
export const dueOf = ({ schedule, released }: Account): number =>
  entitlementOf(schedule) - released;

/** Every balance, for the text that is compared. */
export function balancesOf({ accounts, money, pools, window }: Life): object {
  return {
    accounts,
    money,
    pools: pools.at(-1),
    mult: window?.plan.controller,
    left: window?.leftFen,
  };
}

/** Mutates the vouchers, earliest end first. */
export function spend(account: Account, wantedFen: number): void {
  let leftFen = wantedFen;
  for (const voucher of account.vouchers) {
    const used = Math.min(leftFen, voucher.leftFen);
    voucher.leftFen -= used;
    leftFen -= used;
  }
  assert(leftFen === 0, () => 'more was spent than the wallet holds');
}

/** I1, with what stands in the wallets. */
export function assertBacked({ money, accounts }: Life): void {
  const { cash, fund, vouchers, payout } = money;
  assert(
    cash === fund + vouchers + payout && fund >= 0 && vouchers >= 0 && payout >= 0,
    () => `I1: ${cash} = ${fund} + ${vouchers} + ${payout}`,
  );
  const wallets = total(accounts.flatMap((one) => one.vouchers.map(({ leftFen }) => leftFen)));
  assert(wallets === vouchers, () => `I1: wallets hold ${wallets}, the books ${vouchers}`);
}
