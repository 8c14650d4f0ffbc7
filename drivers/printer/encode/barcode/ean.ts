export type EanSymbology = 'ean13' | 'ean8';

const digitsOf = { ean13: 13, ean8: 8 } as const;

/**
 * All digits of an EAN (ISO/IEC 15420), the check digit added when it was left out; a sentence with what is wrong
 * otherwise.
 */
export function eanDigits(
  symbology: EanSymbology,
  text: string,
): { readonly digits: string } | { readonly fault: string } {
  const length = digitsOf[symbology];
  if (!/^\d+$/.test(text) || (text.length !== length && text.length !== length - 1)) {
    return { fault: `${symbology} needs ${length - 1} or ${length} digits` };
  }
  const body = text.slice(0, length - 1);
  const check = checkDigitOf(body);
  if (text.length === length && text.at(-1) !== check) {
    return { fault: `${symbology} check digit ${text.at(-1)}, must be ${check}` };
  }
  return { digits: body + check };
}

/** Weights 3 and 1 in turns, from the right. */
function checkDigitOf(body: string): string {
  let sum = 0;
  for (const [index, digit] of Array.from(body).entries()) {
    sum += Number(digit) * ((body.length - index) % 2 === 1 ? 3 : 1);
  }
  return String((10 - (sum % 10)) % 10);
}
