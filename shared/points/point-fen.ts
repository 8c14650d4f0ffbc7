import type { Brand } from '#shared/ids/brand.ts';
import type { Fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';

/**
 * Points in integer point-fen: 1 fen of concession = 1 point-fen, 1 point = 100 point-fen (rule R3).
 * A count, never money: nothing turns it into {@link Fen} except a release.
 */
export type PointFen = Brand<number, 'PointFen'>;

/** Brands an integer as point-fen. May be negative in differences. Throws when it is not a safe integer. */
export function pointFen(value: number | bigint): PointFen {
  const count = Number(value);
  assert(Number.isSafeInteger(count), () => `not a count of point-fen: ${value}`);
  return (count === 0 ? 0 : count) as PointFen;
}

/** Rule R3: one fen of concession is one point-fen. */
export const pointsOfConcession = (concessionFen: Fen): PointFen => pointFen(concessionFen);

export const sumPointFen = (parts: readonly PointFen[]): PointFen =>
  pointFen(parts.reduce((sum, part) => sum + BigInt(part), 0n));
