import { readRetailCode } from '#shared/scan/product-code.ts';

const ownCode = /^[0-9A-Z-]{1,11}$/;
const retailLength = /^[0-9]{12,14}$/;

/**
 * The code under which goods are kept: an EAN, UPC or GTIN as its 14 digits, so that every print of
 * it finds the same row; anything shorter is the shop's own code, in capitals. Undefined: neither,
 * as a long number whose check digit is wrong. Pure.
 */
export function goodsCodeOf(text: string): string | undefined {
  const code = text.trim().toUpperCase();
  const product = readRetailCode(code, undefined);
  if (product !== undefined) return product.gtin;
  if (retailLength.test(code)) return undefined;
  return ownCode.test(code) ? code : undefined;
}
