import type { MerchantId, OrderId } from '#shared/ids/ids.ts';
import { fen, minFen, subtractFen, sumFen, zeroFen, type Fen } from '#shared/money/fen.ts';
import { shareFloor, type BasisPoints } from '#shared/money/rate.ts';

/** A final line whose money a channel holds frozen. All fen. */
export interface FrozenLine {
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  /** Of the order less refunds and less what was split already. Negative: more was refunded than is there. */
  readonly frozenFen: number;
  readonly orderFen: Fen;
  /** Most that may go to others than the merchant, of `orderFen`. */
  readonly othersMaxBp: BasisPoints;
  readonly concessionFen: Fen;
}

/** What one order's channel is told at finality. Zero: nothing. */
export interface FinalShare {
  readonly line: FrozenLine;
  readonly concessionFen: Fen;
  readonly releaseFen: Fen;
}

/**
 * Parts what is frozen of one merchant's final orders. The platform gets `dueFen` (the concession
 * of these orders, that of cash sales which was collected from their reserve, and what earlier
 * orders fell short of), each order its own concession first; never more than is frozen, never more
 * than the channel allows to others. The rest is the merchant's. What does not fit stays due and is
 * tried with the merchant's next final orders. Pure.
 */
export function planFinalShares(
  lines: readonly FrozenLine[],
  dueFen: Fen,
): { readonly shares: readonly FinalShare[]; readonly leftDueFen: Fen } {
  let leftFen = dueFen;
  const room = (line: FrozenLine): Fen =>
    fen(Math.max(0, Math.min(line.frozenFen, shareFloor(line.orderFen, line.othersMaxBp))));
  const own = lines.map((line) => {
    const takenFen = minFen(minFen(line.concessionFen, room(line)), leftFen);
    leftFen = subtractFen(leftFen, takenFen);
    return takenFen;
  });
  const shares = lines.map((line, index): FinalShare => {
    const ownFen = own[index] ?? zeroFen;
    const moreFen = minFen(subtractFen(room(line), ownFen), leftFen);
    leftFen = subtractFen(leftFen, moreFen);
    const concessionFen = sumFen([ownFen, moreFen]);
    return {
      line,
      concessionFen,
      releaseFen: fen(Math.max(0, line.frozenFen - concessionFen)),
    };
  });
  return { shares, leftDueFen: leftFen };
}
