import { expect, test } from 'vitest';
import type { Channel } from '#cloud/channel/channel.ts';
import { chargeUnderFaults } from './charges.ts';
import { isClean } from '../tier.ts';

/** The short version of `npm run charges`. */
const say = (): void => undefined;

test('three hundred charges, one request in five fails: none doubled, none lost, every book equal', async () => {
  const { tried, lost, doubled, faults, counts } = await chargeUnderFaults({
    count: 300,
    seed: 1,
    say,
  });
  expect({ tried, lost, doubled, faults }).toEqual({ tried: 300, lost: 0, doubled: 0, faults: [] });
  expect(counts['line faults']).toBeGreaterThan(50);
  expect(counts['paid']).toBeGreaterThan(200);
}, 180_000);

/** Books every doubtful answer as a failure: the fault of the best-known free gateway. */
const hasty = (channel: Channel): Channel => ({
  ...channel,
  charge: async (order) => {
    const answered = await channel.charge(order);
    const { outcome } = answered;
    return outcome.type === 'unknown'
      ? { ...answered, outcome: { type: 'failed', code: outcome.code } }
      : answered;
  },
});

test('planted: an adapter that takes doubt for failure loses money, and is found out', async () => {
  const outcome = await chargeUnderFaults({ count: 100, seed: 1, say }, hasty);
  expect(isClean(outcome)).toBe(false);
  expect(outcome.lost).toBeGreaterThan(0);
}, 120_000);
