import { assert } from '#shared/result/assert.ts';

/**
 * Division of exact integers with a named rounding. Products of money and rates pass 2^53, so both sides
 * are bigint; these are the only places where such a product is divided.
 */

/** floor(numerator / denominator), also below zero. `denominator` is above zero. */
export function divFloor(numerator: bigint, denominator: bigint): bigint {
  assert(denominator > 0n, () => `divided by ${denominator}`);
  const quotient = numerator / denominator;
  return numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient;
}

/** ceil(numerator / denominator), also below zero. `denominator` is above zero. */
export const divCeil = (numerator: bigint, denominator: bigint): bigint =>
  -divFloor(-numerator, denominator);

export const minBig = (a: bigint, b: bigint): bigint => (a < b ? a : b);

export const maxBig = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** `value` held inside low..high. */
export const clampBig = (value: bigint, low: bigint, high: bigint): bigint =>
  minBig(maxBig(value, low), high);
