import type { Random } from '#shared/time/random.ts';
import type { PlannedSale } from './shop-script.ts';

/**
 * Customers at whose phone the channel asks for a password, and who type it when the sale has been called off and the
 * channel has answered that it is closed: it takes their money all the same.
 */
export interface LatePayers {
  /** So many of those who show a payment code, 0..1. */
  readonly share: number;
  /** Of these so many are told of by a notify; of the rest the channel's books and its bill alone know. 0..1 */
  readonly toldShare: number;
  /** How long after the reversal they confirm. */
  readonly afterMs: number;
}

const worldsWithThem = 0.25;
const shareOfThem = 0.6;
const [afterMsMin, afterMsMax] = [500, 120_000];

export function planLatePayers(random: Random): LatePayers | undefined {
  if (random.unit() >= worldsWithThem) return undefined;
  return {
    share: shareOfThem,
    toldShare: random.unit(),
    // Mostly soon: while the same customer pays anew, or the next one does.
    afterMs: afterMsMin + Math.floor(random.unit() ** 2 * afterMsMax),
  };
}

/** What such a customer's code ends in (cloud/channel-simulator/payment-scripts.ts). */
export const [toldSuffix, untoldSuffix] = ['16', '17'] as const;

/** Puts them among the customers of a till; everything else about these sales stays. */
export const withLatePayers = (
  sales: readonly PlannedSale[],
  { latePayers, random }: { readonly latePayers: LatePayers | undefined; readonly random: Random },
): readonly PlannedSale[] =>
  sales.map((sale) => {
    if (latePayers === undefined || sale.tender !== 'wallet') return sale;
    if (random.unit() >= latePayers.share) return sale;
    return { ...sale, suffix: random.unit() < latePayers.toldShare ? toldSuffix : untoldSuffix };
  });
