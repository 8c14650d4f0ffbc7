/** Geometry of the charts. Amounts become pixels here and never come back. */
export interface HourBar {
  readonly hour: number;
  readonly scanFen: number;
  readonly cashFen: number;
}

/** The hours a shop looks at even when nothing came in yet: the axis does not jump with the first sales. */
const openHour = 8;
const closeHour = 20;

const hoursPerDay = 24;

/**
 * One bar for every hour from opening to closing, stretched by sales outside of it. Hours without sales are empty. The
 * axis follows the business day: it begins at `cutOverHour` (0..12) at the earliest, and what was sold after midnight
 * before that hour stands last.
 */
export function hourBars(hours: readonly HourBar[], cutOverHour: number): readonly HourBar[] {
  /** Whole hours since the business day began. */
  const place = (hour: number): number => (hour - cutOverHour + hoursPerDay) % hoursPerDay;
  const known = new Map(hours.map((bar) => [place(bar.hour), bar]));
  const first = Math.min(place(Math.max(openHour, cutOverHour)), ...known.keys());
  const last = Math.max(place(closeHour), ...known.keys());
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const hour = (first + index + cutOverHour) % hoursPerDay;
    return known.get(first + index) ?? { hour, scanFen: 0, cashFen: 0 };
  });
}

export interface BarHeights {
  readonly scan: number;
  readonly cash: number;
}

/** Heights in units of the drawing; the tallest bar fills it, and a sum above zero is never invisible. */
export function barHeights(
  bar: Pick<HourBar, 'scanFen' | 'cashFen'>,
  { tallest, height }: { readonly tallest: number; readonly height: number },
): BarHeights {
  const scale = (amount: number): number =>
    amount <= 0 || tallest <= 0 ? 0 : Math.max(1.5, (amount / tallest) * height);
  return { scan: scale(bar.scanFen), cash: scale(bar.cashFen) };
}

export const tallestBar = (bars: readonly HourBar[]): number =>
  bars.reduce((most, bar) => Math.max(most, bar.scanFen + bar.cashFen), 0);
