import type { Fen } from '#shared/money/fen.ts';
import { wholeBp, type BasisPoints } from '#shared/money/rate.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

/** A fake order: somebody sells to himself and waits for the points. */
export interface SelfDealing {
  readonly netFen: Fen;
  readonly concessionBp: BasisPoints;
  /** What the payment channel takes of the order. */
  readonly channelFeeBp: BasisPoints;
  /** Released value per point, 10,000 is par; several times that under literal rules. */
  readonly multBp: number;
  /** The part of the points that is ever released, 0..10,000. */
  readonly releasedBp: BasisPoints;
  /** He is his own referrer (rule R22), which the house refuses between related accounts. */
  readonly hasOwnReferrer: boolean;
  /** The part of the concession that he gets as his own agent. */
  readonly agentBp: BasisPoints;
}

/** An exact fraction; `denominator` is above zero. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * What one fake order gains, fen, undiscounted and before anything is rounded: points released and commission, less
 * concession and channel fee. Merchant points are services and count nothing. Below zero: it loses (docs/economics.md,
 * "Fake orders").
 */
export function selfDealingProfit(order: SelfDealing, config: PointsConfig): Ratio {
  const whole = BigInt(wholeBp);
  const [net, rate] = [BigInt(order.netFen), BigInt(order.concessionBp)];
  const pointsBp = whole + (order.hasOwnReferrer ? BigInt(config.referralBp) : 0n);
  const released = net * rate * pointsBp * BigInt(order.multBp) * BigInt(order.releasedBp);
  const commission = net * rate * BigInt(order.agentBp) * whole ** 2n;
  const paid = net * (rate + BigInt(order.channelFeeBp)) * whole ** 3n;
  return { numerator: released + commission - paid, denominator: whole ** 4n };
}
