import { describe, expect, it } from 'vitest';
import {
  boxClockSkewMsMax,
  linkTriesMax,
  mayAskAgain,
  mayResendFrame,
  nextQueryPauseMs,
  notFoundAnswersMin,
  notFoundMeansNotCharged,
  otherLastSaleMeans,
  type BoxAskKind,
} from '#drivers/ecr/retry-policy.ts';

describe('what may be sent to a box again', () => {
  const fresh = { acknowledged: false, answered: false, sameConnection: true, triesMade: 1 };

  it.each([
    ['nothing heard of it', {}, true],
    ['acknowledged', { acknowledged: true }, false],
    ['answered, though never acknowledged', { answered: true }, false],
    ['on another connection', { sameConnection: false }, false],
    ['tried often enough', { triesMade: linkTriesMax }, false],
  ] as const)('a frame, %s: %o -> %s', (_, change, may) => {
    expect(mayResendFrame({ ...fresh, ...change })).toBe(may);
  });

  it('only questions are asked anew, never what moves money', () => {
    const kinds: BoxAskKind[] = ['sale', 'void', 'refund', 'close', 'query', 'greeting', 'chore'];
    expect(kinds.filter(mayAskAgain)).toEqual(['query', 'greeting']);
  });

  it('queries pause 1, 2, 5, 10, 30 s, then wait for somebody to ask', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7].map(nextQueryPauseMs);
    expect(pauses).toEqual([1_000, 2_000, 5_000, 10_000, 30_000, null, null]);
  });

  it.each([
    [{}, true],
    [{ greetedSince: false }, false],
    [{ idle: false }, false],
    [{ answers: notFoundAnswersMin - 1 }, false],
  ])('not found means not charged: %o -> %s', (change, means) => {
    const sure = { greetedSince: true, idle: true, answers: notFoundAnswersMin };
    expect(notFoundMeansNotCharged({ ...sure, ...change })).toBe(means);
  });

  it.each([
    ['lay there before ours began', true, null, null, 'not-charged'],
    [
      'was paid long before ours began',
      false,
      1_000_000,
      1_000_001 + boxClockSkewMsMax,
      'not-charged',
    ],
    ['was paid about when ours began', false, 1_000_000, 1_000_000 + boxClockSkewMsMax, 'unsure'],
    ['was paid after ours began', false, 2_000_000, 1_000_000, 'unsure'],
    ['does not say when', false, null, 1_000_000, 'unsure'],
    ['and nobody knows when ours began', false, 1_000_000, null, 'unsure'],
  ] as const)('another last sale that %s', (_, isBaseline, paidAtMs, ourStartMs, means) => {
    expect(otherLastSaleMeans({ isBaseline, paidAtMs, ourStartMs })).toBe(means);
  });
});
