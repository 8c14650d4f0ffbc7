import { describe, expect, it } from 'vitest';
import { decideLoss, type LossCause } from '#cloud/payments/offline/loss.ts';
import { fen } from '#shared/money/fen.ts';

describe('who bears a loss', () => {
  const guaranteedFen = fen(5_000);
  it.each<[LossCause, number, boolean, string, number]>([
    ['untrusted', 2_000, true, 'merchant', 0],
    ['own-tills', 2_000, true, 'merchant', 0],
    ['cloned', 2_000, true, 'member', 2_000],
    ['cloned', 2_000, false, 'member', 0],
    ['replayed', 2_000, true, 'platform', 2_000],
    ['replayed', 2_000, false, 'merchant', 0],
    ['stopped', 2_000, true, 'platform', 2_000],
    ['not-debited', 2_000, true, 'platform', 2_000],
    ['not-debited', 6_000, true, 'platform', 5_000],
    ['not-debited', 2_000, false, 'merchant', 0],
  ])('%s, %i fen, inside the caps %s: %s, covered %i', (cause, amount, inside, bearer, covered) => {
    const lost = { cause, amountFen: fen(amount), isInsideCaps: inside, guaranteedFen };
    expect(decideLoss(lost)).toEqual({ bearer, coveredFen: covered });
  });
});
