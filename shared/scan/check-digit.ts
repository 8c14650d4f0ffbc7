/**
 * The check digit of GS1 keys (GTIN, SSCC, GLN): weights 3 and 1 from the right. Source: GS1 General Specifications,
 * "Standard check digit calculations". False for anything that is not digits.
 */
export function checkDigitHolds(digits: string): boolean {
  if (!/^[0-9]{2,18}$/.test(digits)) return false;
  let sum = 0;
  for (let fromRight = 0; fromRight < digits.length; fromRight += 1) {
    const digit = Number(digits.charAt(digits.length - 1 - fromRight));
    sum += fromRight % 2 === 0 ? digit : digit * 3;
  }
  return sum % 10 === 0;
}
