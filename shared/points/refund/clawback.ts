import { divFloor, maxBig, minBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import { entitlementOfLots, type Lot } from '#shared/points/release/schedule.ts';

export interface ClawbackInput {
  readonly lots: readonly Lot[];
  /** The lot of the refunded order. */
  readonly lotIndex: number;
  /** Its points after the refund. */
  readonly newPoints: PointFen;
  /** Points of the account released so far, and the voucher value given for them. */
  readonly releasedPoints: PointFen;
  readonly releasedFen: Fen;
  /** Value of the account's vouchers not yet spent. */
  readonly unspentFen: Fen;
}

export interface Clawback {
  readonly entitlement: PointFen;
  /** Entitlement less released: negative when more was released than is now due. */
  readonly carry: PointFen;
  /** Unspent vouchers cancelled; their backing returns to the fund. */
  readonly voucherCancelledFen: Fen;
  readonly pointsRestored: PointFen;
  /** Points still owed, offset before later releases; never cash from a member. */
  readonly debt: PointFen;
}

/**
 * Takes points back after a refund (docs/points.md 2.9): the lot is recomputed as if it had always been smaller, then
 * unspent vouchers are cancelled at the account's own average value, and what is left becomes points debt.
 */
export function clawBack(input: ClawbackInput): Clawback {
  const { lots, lotIndex, newPoints } = input;
  const old = lots[lotIndex];
  assert(
    old !== undefined && newPoints >= 0 && newPoints <= old.points,
    () => `lot ${lotIndex} to ${newPoints} points`,
  );
  const entitlement = entitlementOfLots(lots.with(lotIndex, { ...old, points: newPoints }));
  return settleExcess({ ...input, entitlement });
}

/** The same for an account that keeps its entitlement as a sum: `entitlement` is the one with the smaller lot. */
export function settleExcess(
  input: Pick<ClawbackInput, 'releasedPoints' | 'releasedFen' | 'unspentFen'> & {
    readonly entitlement: PointFen;
  },
): Clawback {
  const { entitlement } = input;
  const [released, releasedValue] = [BigInt(input.releasedPoints), BigInt(input.releasedFen)];
  const excess = maxBig(0n, released - BigInt(entitlement));
  const worth = released === 0n ? 0n : divFloor(excess * releasedValue, released);
  const cancelled = minBig(BigInt(input.unspentFen), worth);
  // What was too little to be worth a fen is not given away: it stays a debt.
  const full = cancelled === worth && worth > 0n;
  const restored =
    cancelled === 0n ? 0n : full ? excess : divFloor(cancelled * released, releasedValue);
  return {
    entitlement,
    carry: pointFen(BigInt(entitlement) - released),
    voucherCancelledFen: fen(Number(cancelled)),
    pointsRestored: pointFen(restored),
    debt: pointFen(excess - restored),
  };
}
