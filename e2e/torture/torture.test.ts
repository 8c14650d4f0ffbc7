import { readFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { beforeAll, describe, expect, test } from 'vitest';
import { diskFaults } from './disk-faults.ts';
import { diskFull } from './disk-full.ts';
import { createLossyDisk } from './lossy-disk.ts';
import { judgeCuts, recordSelling } from './power-cuts.ts';
import type { DiskOp } from './record.ts';
import { reliabilityPage, type KeptRuns } from './report.ts';
import { shimMissing } from './shim.ts';
import { isClean, type TierOutcome } from './tier.ts';
import { tierNames } from './tiers.ts';

/** The short version of `npm run torture`. Kills and database stops have short versions of their own. */
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

describe('docs/reliability.md', () => {
  const docs = path.resolve(import.meta.dirname, '../../docs');
  const runs = JSON.parse(readFileSync(path.join(docs, 'reliability.json'), 'utf8')) as KeptRuns;

  test('is what the kept runs say, and they lost and doubled nothing', async () => {
    const file = path.join(docs, 'reliability.md');
    const style = await resolveConfig(file);
    const page = await format(reliabilityPage(runs), { ...style, parser: 'markdown' });
    expect(readFileSync(file, 'utf8')).toBe(page);
    expect(Object.values(runs).filter((run) => !isClean(run))).toEqual([]);
  });

  test('says by name what was not run at full size', () => {
    for (const name of tierNames) expect(reliabilityPage({})).toContain(`\`${name}\`: 0 of`);
  });
});
