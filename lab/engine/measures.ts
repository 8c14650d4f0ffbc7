import type { Life } from './life.ts';

/** What a life came to. Shares are fractions of all concession of the whole life unless another base is named. */
export interface Measures {
  /** Months with a window. */
  readonly openPeriods: number;
  /** Part of all points ever issued to members that was released. */
  readonly releasedShare: number;
  /** Value per released point; undefined when nothing was released. */
  readonly meanMult: number | undefined;
  /** Fen of voucher per point-fen ever issued to members. */
  readonly valuePerPoint: number;
  /** Lowest cash at the end of a month. */
  readonly lowestCashShare: number;
  /** The first month that ends with cash below zero. */
  readonly insolventMonth: number | undefined;
  /** Free fund at the end; undefined under literal rules, which keep none. */
  readonly parkedShare: number | undefined;
  /** Lowest F/X at a close; undefined under literal rules. */
  readonly lowestCoverage: number | undefined;
  readonly concessionFen: number;
  readonly releasedFen: number;
}

const total = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0);

export function measure(life: Life, isLiteral: boolean): Measures {
  const concessionFen = total(life.rows, (row) => row.concessionFen);
  const issued = total(life.members, (account) => account.issuedPoints);
  const released = total(life.members, (account) => account.releasedPoints);
  const valueFen = total(life.members, (account) => account.releasedFen);
  const cash = life.rows.map((row) => row.money.cashFen);
  const coverages = life.rows
    .filter((row) => row.close.pools.outstanding > 0)
    .map((row) => row.money.fundFen / row.close.pools.outstanding);
  const insolvent = life.rows.find((row) => row.money.cashFen < 0);
  return {
    openPeriods: life.rows.filter((row) => row.wasOpen).length,
    releasedShare: released / issued,
    meanMult: released === 0 ? undefined : valueFen / released,
    valuePerPoint: valueFen / issued,
    lowestCashShare: Math.min(0, ...cash) / concessionFen,
    insolventMonth: insolvent?.month,
    parkedShare: isLiteral ? undefined : (life.rows.at(-1)?.money.fundFen ?? 0) / concessionFen,
    lowestCoverage: isLiteral ? undefined : Math.min(...coverages),
    concessionFen,
    releasedFen: valueFen,
  };
}

/** The mean of the same measures of several lives; what one life lacks, the mean of the others has. */
export function meanOf(lives: readonly Measures[]): Measures {
  const mean = (of: (one: Measures) => number | undefined): number | undefined => {
    const known = lives.map(of).filter((value) => value !== undefined);
    return known.length === 0
      ? undefined
      : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const sure = (of: (one: Measures) => number): number => mean(of) ?? 0;
  return {
    openPeriods: sure((one) => one.openPeriods),
    releasedShare: sure((one) => one.releasedShare),
    meanMult: mean((one) => one.meanMult),
    valuePerPoint: sure((one) => one.valuePerPoint),
    lowestCashShare: sure((one) => one.lowestCashShare),
    insolventMonth: mean((one) => one.insolventMonth),
    parkedShare: mean((one) => one.parkedShare),
    lowestCoverage: mean((one) => one.lowestCoverage),
    concessionFen: sure((one) => one.concessionFen),
    releasedFen: sure((one) => one.releasedFen),
  };
}
