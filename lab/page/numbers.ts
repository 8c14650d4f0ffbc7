const formats = new Map<number, Intl.NumberFormat>();

/** A number with a fixed count of decimals; what rounds to nothing has no sign. */
export function decimal(value: number, digits: number): string {
  let format = formats.get(digits);
  if (format === undefined) {
    format = new Intl.NumberFormat('en', {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    formats.set(digits, format);
  }
  return format.format(value).replace(/^-(0(?:\.0*)?)$/, '$1');
}

export const percent = (share: number): string => `${decimal(share * 100, 0)}%`;

/** A change: one that rounds to nothing has no sign. */
export const signedPercent = (share: number): string =>
  `${share * 100 >= 0.5 ? '+' : ''}${percent(share)}`;
