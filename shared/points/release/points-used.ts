import { divCeil, divFloor, minBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { wholeBp, type BasisPoints } from '#shared/money/rate.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';

/** docs/points.md 2.7 step 2: the value wanted for points that are due, floor(q * m); debts and zero want nothing. */
export const wantOf = (due: PointFen, multBp: BasisPoints): Fen =>
  due <= 0 ? fen(0) : fen(Number(divFloor(BigInt(due) * BigInt(multBp), BigInt(wholeBp))));

/** Points used up by a released value: min(due, ceil(value / m)). Rounded up, never more than due (invariant I5). */
export const pointsUsed = (release: {
  readonly due: PointFen;
  readonly valueFen: Fen;
  readonly multBp: BasisPoints;
}): PointFen =>
  pointFen(
    minBig(
      BigInt(release.due),
      divCeil(BigInt(release.valueFen) * BigInt(wholeBp), BigInt(release.multBp)),
    ),
  );
