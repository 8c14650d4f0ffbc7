import type { GuestFinding } from '#lab/engine/fraud.ts';
import type { Finding, LabError } from '#lab/engine/lab.ts';
import type { Measures } from '#lab/engine/measures.ts';
import type { Dials, RulesName } from '#lab/engine/rules.ts';
import type { Trade } from '#lab/engine/scenario.ts';

/** What the page asks its worker: one trade under two sets of rules. */
export interface Question {
  readonly id: number;
  readonly trade: Trade;
  readonly months: number;
  readonly dials: Dials;
  readonly funded: RulesName;
  readonly literal: RulesName;
}

/** A life as the charts draw it: one value per month. */
export interface Picture {
  /** Free fund, and cash, over all concession to date. */
  readonly fund: readonly number[];
  readonly cash: readonly number[];
  /** F/X after the close. */
  readonly coverage: readonly number[];
  /** Multiplier of the month's window; 0 without one. */
  readonly mult: readonly number[];
  readonly open: readonly boolean[];
  /** Fen of voucher per point-fen issued, to date. */
  readonly value: readonly number[];
  readonly measures: Measures;
  readonly guest: GuestFinding | undefined;
}

export type Answer =
  | {
      readonly id: number;
      readonly ok: true;
      readonly tookMs: number;
      readonly funded: Picture;
      readonly literal: Picture;
    }
  | { readonly id: number; readonly ok: false; readonly error: LabError };

/** Running sums of a series. */
const toDate = (values: readonly number[]): readonly number[] => {
  let sum = 0;
  return values.map((value) => (sum += value));
};

export function pictureOf({ life, measures, guest }: Finding): Picture {
  const { rows } = life;
  const concession = toDate(rows.map((row) => row.concessionFen));
  const issued = toDate(rows.map((row) => row.close.pools.inflow));
  const released = toDate(rows.map((row) => row.memberValueFen));
  return {
    fund: rows.map(({ money }, index) => money.fundFen / concession[index]!),
    cash: rows.map(({ money }, index) => money.cashFen / concession[index]!),
    coverage: rows.map(({ money, close }) =>
      close.pools.outstanding === 0 ? 0 : money.fundFen / close.pools.outstanding,
    ),
    mult: rows.map(({ multBp }) => multBp / 10_000),
    open: rows.map(({ wasOpen }) => wasOpen),
    value: rows.map((_, index) => released[index]! / issued[index]!),
    measures,
    guest,
  };
}
