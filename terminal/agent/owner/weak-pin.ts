/** PINs that people choose first, beside runs, patterns and years. Some say "I love you" by their sound. */
const wellKnown = new Set(
  '1314 2580 0852 5201 52013 131400 147258 159357 258369 5201314 7758521 1314520 147258369'.split(
    ' ',
  ),
);
const yearMin = 1930;
const yearMax = 2039;

/**
 * Whether a PIN (4..8 digits) is among the first that a stranger would try: one or two digits only, a piece that
 * repeats, a run up or down, the same from both ends, a year, pairs, or well known.
 */
export function isWeakPin(pin: string): boolean {
  const digits = [...pin].map(Number);
  const isRunBy = (step: number): boolean =>
    digits.every((digit, index) => index === 0 || digit === (digits[index - 1]! + step + 10) % 10);
  const repeats = (length: number): boolean =>
    digits.every((digit, index) => digit === digits[index % length]);
  const pieces = Array.from({ length: Math.trunc(pin.length / 2) }, (_, index) => index + 1);
  const isPairs = digits.every((digit, index) => digit === digits[index - (index % 2)]);
  const year = pin.length === 4 ? Number(pin) : 0;
  return (
    new Set(digits).size <= 2 ||
    isPairs ||
    pieces.some(repeats) ||
    [1, -1, 2, -2].some(isRunBy) ||
    digits.every((digit, index) => digit === digits.at(-1 - index)) ||
    (year >= yearMin && year <= yearMax) ||
    wellKnown.has(pin)
  );
}
