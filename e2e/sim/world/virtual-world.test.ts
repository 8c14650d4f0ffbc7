import { expect, it } from 'vitest';
import { createWorld } from './virtual-world.ts';

const seedsCount = 10_000;

it.each(['faults', 'shop', 'till T1'])(
  'no two of ten thousand seeds draw the same for %s',
  (name) => {
    const drawn = new Set<string>();
    for (let seed = 1; seed <= seedsCount; seed += 1) {
      const random = createWorld(seed).randomOf(name);
      drawn.add(`${random.unit()} ${random.unit()}`);
    }
    expect(drawn.size).toBe(seedsCount);
  },
);
