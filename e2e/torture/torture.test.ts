import { beforeAll, describe, expect, test } from 'vitest';
import { headWitnessFileName } from '#terminal/agent/store/head-witness.ts';
import { databaseStops } from './house/database-stops.ts';
import { diskFaults } from './disk/disk-faults.ts';
import { diskFull } from './disk/disk-full.ts';
import { damageEach, killedTill } from './disk/log-damage.ts';
import { createLossyDisk } from './power/lossy-disk.ts';
import { judgeCuts, recordSelling } from './power/power-cuts.ts';
import type { DiskOp } from './disk/record.ts';
import { shimMissing } from './disk/shim.ts';
import { addOutcomes, isClean, nothingTried, type TierOutcome } from './tier.ts';
import { twoWriters } from './writers/two-writers.ts';

/** The short version of `npm run torture`. Kills have one of their own. */
const seed = 1;
const say = (): void => undefined;
const clean = (outcome: TierOutcome) => ({
  lost: outcome.lost,
  doubled: outcome.doubled,
  faults: outcome.faults,
});
const bytes = (text: string): Buffer => Buffer.from(text);
const nothing = { lost: 0, doubled: 0, faults: [] };

describe.skipIf(shimMissing() !== undefined)(
  'power cuts out of one recorded run (needs gcc)',
  () => {
    let ops: readonly DiskOp[];
    beforeAll(() => {
      ops = recordSelling();
    });

    test('fifty cuts lose no acknowledged sale, and every file opens and sells on', () => {
      const outcome = judgeCuts(ops, { count: 50, seed, say });
      expect(clean(outcome)).toEqual(nothing);
      expect(outcome.tried).toBe(50);
    });

    test('planted: a log that is never synced is caught', () => {
      const careless = ops.filter(({ type, ...op }) => {
        const name = 'name' in op ? op.name : '';
        return !(type === 'sync' && name.endsWith('-wal'));
      });
      expect(judgeCuts(careless, { count: 30, seed, say }).lost).toBeGreaterThan(0);
    });

    test('planted: an acknowledgement before the sync is caught', () => {
      const early = ops.toSpliced(0, 0, { type: 'told', text: '0\n' });
      expect(isClean(judgeCuts(early, { count: 10, seed, say }))).toBe(false);
    });

    test('a dozen calls that fail: what is sold is there, what is refused is not', () => {
      const run = { count: 12, seed, say };
      return expect(diskFaults.run(run).then(clean)).resolves.toEqual(nothing);
    }, 60_000);
  },
  60_000,
);

test('what was not synced is lost, and a new name without a sync of its folder too', () => {
  const disk = createLossyDisk();
  disk.apply({ type: 'create', name: 'a' });
  disk.apply({ type: 'write', name: 'a', offset: 0, data: bytes('kept') });
  disk.apply({ type: 'sync', name: 'a' });
  expect(disk.filesAfterCut('nothing', () => 0)).toEqual(new Map());
  disk.apply({ type: 'sync', name: '' });
  disk.apply({ type: 'write', name: 'a', offset: 4, data: bytes('lost') });
  expect(disk.filesAfterCut('nothing', () => 0)).toEqual(new Map([['a', bytes('kept')]]));
  expect(disk.filesAfterCut('everything', () => 0)).toEqual(new Map([['a', bytes('keptlost')]]));
  expect(disk.filesAfterCut('torn', (name) => (name.endsWith('torn') ? 0.5 : 0))).toEqual(
    new Map([['a', bytes('keptlo')]]),
  );
});

test.skipIf(diskFull.missing() !== undefined)(
  'twice full and given room: nothing lost (needs mount)',
  async () => {
    expect(clean(await diskFull.run({ count: 2, seed, say }))).toEqual(nothing);
  },
);

describe('a damaged log', () => {
  const files = killedTill();

  test('flipped bits and tears: all is there, or the till says at the start what is gone', () => {
    const outcome = damageEach(files, { count: 120, seed, say });
    expect(clean(outcome)).toEqual(nothing);
    expect(outcome.tried).toBe(120);
    // A run in which nothing was hidden would prove nothing.
    expect(outcome.counts['told']).toBeGreaterThan(50);
    expect(outcome.counts['whole']).toBeGreaterThan(0);
  });

  test('planted: without the witness the till sells on without a word, and is caught', () => {
    const careless = new Map([...files, [headWitnessFileName, Buffer.alloc(0)]]);
    expect(damageEach(careless, { count: 12, seed, say }).lost).toBeGreaterThan(0);
  });
});

test('two programs, one file: one writes, the other is told why not', async () => {
  expect(clean(await twoWriters.run({ count: 7, seed, say }))).toEqual(nothing);
}, 60_000);

test.skipIf(databaseStops.missing() !== undefined)(
  'three stops of the database fall inside a batch: all entries are there once, and the laws hold',
  async () => {
    const outcome = await databaseStops.run({ count: 3, seed, say });
    expect(clean(outcome)).toEqual(nothing);
    expect(outcome.counts['between']).toBeUndefined();
  },
  60_000,
);

test('parts of a run add up', () => {
  const part = { ...nothingTried, tried: 2, faults: ['a'], counts: { x: 1 } };
  expect(addOutcomes(part, { ...part, counts: { x: 2, y: 3 } })).toEqual({
    ...part,
    tried: 4,
    faults: ['a', 'a'],
    counts: { x: 3, y: 3 },
  });
});
