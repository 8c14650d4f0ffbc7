import type { Brand } from '#shared/ids/brand.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';

/** A rate in basis points: 1/10000. */
export type BasisPoints = Brand<number, 'BasisPoints'>;

/** One whole in basis points. */
export const wholeBp = 10_000 as BasisPoints;

/** The largest rate: multipliers reach 5.0000, so 100.0000 leaves ample room. */
export const rateBpMax = 1_000_000;

/** Brands an integer of 0..{@link rateBpMax} as basis points. Throws otherwise. */
export function basisPoints(value: number): BasisPoints {
  assert(
    Number.isSafeInteger(value) && value >= 0 && value <= rateBpMax,
    () => `not a rate in basis points: ${value}`,
  );
  return value as BasisPoints;
}

/** floor(amount x rate): never gives away more than the rate says. `amount` must not be negative. */
export function shareFloor(amount: Fen, rate: BasisPoints): Fen {
  assert(amount >= 0, () => `share of a negative amount: ${amount}`);
  return fen(Number((BigInt(amount) * BigInt(rate)) / BigInt(wholeBp)));
}
