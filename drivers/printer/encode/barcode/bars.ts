import type { EanSymbology } from '#drivers/printer/encode/barcode/ean.ts';

/**
 * Bar codes as modules from the left, `1` black, without quiet zones; for printers that draw no bars, and for the
 * simulated paper.
 */
export const code128Bars = (symbols: readonly number[]): string =>
  [...symbols, code128Stop].map((symbol) => barsOfWidths(code128Widths[symbol] ?? '')).join('');

/** @param digits 13 or 8, the check digit included */
export function eanBars(symbology: EanSymbology, digits: string): string {
  const half = symbology === 'ean13' ? 6 : 4;
  const shown = symbology === 'ean13' ? digits.slice(1) : digits;
  const parities = symbology === 'ean13' ? (ean13Parities[Number(digits[0])] ?? '') : 'LLLL';
  const left = Array.from(shown.slice(0, half), (digit, index) =>
    eanDigitBars(Number(digit), parities[index] === 'G' ? 'G' : 'L'),
  );
  const right = Array.from(shown.slice(half), (digit) => eanDigitBars(Number(digit), 'R'));
  return `101${left.join('')}01010${right.join('')}101`;
}

export const eanModules = { ean13: 95, ean8: 67 } as const;

/** ISO/IEC 15420, table 1, number set A; B is C read backwards, C is A in negative. */
const eanLeft =
  '0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011'.split(' ');

/** ISO/IEC 15420, table 3: the first digit is told by the sets of the next six. */
const ean13Parities = 'LLLLLL LLGLGG LLGGLG LLGGGL LGLLGG LGGLLG LGGGLL LGLGLG LGLGGL LGGLGL'.split(
  ' ',
);

function eanDigitBars(digit: number, set: 'L' | 'G' | 'R'): string {
  const left = eanLeft[digit] ?? '';
  if (set === 'L') return left;
  const right = Array.from(left, (bar) => (bar === '1' ? '0' : '1'));
  return (set === 'R' ? right : right.toReversed()).join('');
}

const code128Stop = 106;

/** ISO/IEC 15417, table 1: widths of bar, space, bar, space, bar, space; the stop has one bar more. */
const code128Widths = (
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 ' +
  '112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 ' +
  '311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 ' +
  '112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 ' +
  '313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 ' +
  '314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 ' +
  '122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 ' +
  '124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 ' +
  '114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112'
).split(' ');

const barsOfWidths = (widths: string): string =>
  Array.from(widths, (width, index) => (index % 2 === 0 ? '1' : '0').repeat(Number(width))).join(
    '',
  );
