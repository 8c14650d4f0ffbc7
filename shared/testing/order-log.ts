import type { AgentRole, PointsConfig } from '#shared/points/points-config.ts';
import { agentRoles, defaultPointsConfig } from '#shared/points/points-config.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { pointFen } from '#shared/points/point-fen.ts';

/** A log of a small network's orders and refunds, by day: what a life of points is replayed from. Plain data. */
export interface OrderLog {
  readonly months: number;
  readonly config: PointsConfig;
  /** Score of real purchases by member, basis points. */
  readonly scores: readonly number[];
  /** Who brought whom; -1: nobody. */
  readonly referrers: readonly number[];
  readonly days: readonly (readonly LoggedEvent[])[];
}

export type LoggedEvent =
  | {
      readonly type: 'order';
      readonly member: number;
      readonly merchant: number;
      readonly amountFen: number;
      readonly rateBp: number;
      readonly roles: readonly AgentRole[];
      /** Part of what his vouchers may pay of it, 0..100. */
      readonly voucherPercent: number;
    }
  /** Of the order with this number, in the order of the log; a part of what is left of it, 1..100. */
  | { readonly type: 'refund'; readonly order: number; readonly percent: number };

/** Trading days of a month in a log: enough for a window to have a pace, few enough for hundreds of lives. */
export const daysPerLogMonth = 6;

/** The same seed gives the same numbers on every machine. */
export function createDice(seed: number): (limit: number) => number {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e_37_79_b9) >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** A random network: its rules inside their legal ranges, its trade growing, flat, seasonal or falling apart. */
export function randomOrderLog(seed: number, months: number): OrderLog {
  const dice = createDice(seed);
  const members = 3 + dice(8);
  const merchants = 1 + dice(4);
  const shape = dice(5);
  const days: LoggedEvent[][] = [];
  let orders = 0;
  for (let at = 0; at < months * daysPerLogMonth; at += 1) {
    const month = Math.floor(at / daysPerLogMonth);
    const most = ticketOf(shape, month, months);
    const today: LoggedEvent[] = [];
    for (let count = dice(5); count > 0; count -= 1) {
      today.push({
        type: 'order',
        member: dice(members),
        merchant: dice(merchants),
        amountFen: 1 + dice(most),
        rateBp: 300 + dice(1701),
        roles: agentRoles.filter(() => dice(2) === 0),
        voucherPercent: dice(3) === 0 ? 0 : dice(101),
      });
      orders += 1;
    }
    if (orders > 0 && dice(6) === 0)
      today.push({
        type: 'refund',
        order: Math.max(0, orders - 1 - dice(dice(4) === 0 ? orders : 6)),
        percent: dice(2) === 0 ? 100 : 1 + dice(100),
      });
    days.push(today);
  }
  return {
    months,
    config: randomConfig(dice),
    scores: Array.from({ length: members }, () => dice(10_001)),
    referrers: Array.from({ length: members }, (_, at) => (dice(2) === 0 ? dice(at + 1) - 1 : -1)),
    days,
  };
}

/** The largest order of a month, fen. */
function ticketOf(shape: number, month: number, months: number): number {
  const grown = (bp: number): number => 10_000 * (1 + bp / 10_000) ** month;
  if (shape === 0) return 40_000;
  if (shape === 1) return Math.ceil(Math.min(4_000_000, grown(1500)));
  if (shape === 2) return Math.ceil(Math.min(4_000_000, grown(2500)));
  if (shape === 3) return month % 12 < 9 ? 20_000 * (1 + (month % 12)) : 3_000;
  return month < months / 2 ? Math.ceil(Math.min(4_000_000, grown(2000))) : 2_000;
}

/** Stricter than the published rules here and there, never looser. */
function randomConfig(dice: (limit: number) => number): PointsConfig {
  const nMin = 36 + dice(3);
  return {
    ...defaultPointsConfig,
    gateMeasure: dice(2) === 0 ? 'outstanding' : 'period_inflow',
    gateMinScale: pointFen(0),
    gateMaxTopMerchantShareBp: basisPoints(10_000),
    referralBp: basisPoints(dice(501)),
    coverageBp: basisPoints(1000 + dice(5601)),
    plannerHorizon: 1 + dice(12),
    multMaxBp: basisPoints(10_000 + dice(40_001)),
    dailyReleaseBp: basisPoints(500 + dice(4501)),
    monthlyReleaseBp: basisPoints(1000 + dice(19_001)),
    bonusRequiresScore: dice(2) === 0,
    agentMode: dice(2) === 0 ? 'concession' : 'flow',
    nMin,
    nMax: nMin + dice(41 - nMin),
  };
}
