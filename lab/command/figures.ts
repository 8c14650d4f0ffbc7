/** Figures as the lab prints them: shares as percentages, values with a fixed number of decimals. */
const format = (decimals: number): ((value: number) => string) => {
  const numbers = new Intl.NumberFormat('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    useGrouping: true,
  });
  // A value that rounds to nothing has no sign.
  return (value) => numbers.format(value).replace(/^-(0(?:\.0*)?)$/, '$1');
};

const whole = format(0);
const tenths = format(1);

export const hundredths = format(2);
export const thousandths = format(3);

export const percent = (share: number): string => `${whole(share * 100)}%`;
export const percentFine = (share: number): string => `${tenths(share * 100)}%`;

/** A change: one that rounds to nothing has no sign. */
export const signed = (share: number): string =>
  `${share * 100 >= 0.5 ? '+' : ''}${percent(share)}`;

/** Whole numbers as they are, means of several lives with a decimal. */
export const plainCount = (value: number): string =>
  Number.isInteger(value) ? String(value) : tenths(value);

export const orDash = (value: number | undefined, text: (value: number) => string): string =>
  value === undefined ? '-' : text(value);
