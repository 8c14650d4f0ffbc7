import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isFine } from '../nightly/verdict.ts';
import { isClean } from '../torture/tier.ts';
import { tierNames } from '../torture/tiers.ts';
import { keptParts, keptRuns, pageFile, pageOf } from './keep.ts';
import { reliabilityPage } from './page.ts';

describe('docs/reliability.md', () => {
  const [runs, parts] = [keptRuns(), keptParts()];

  test('is what the kept runs say, and they lost and doubled nothing', async () => {
    expect(readFileSync(pageFile, 'utf8')).toBe(await pageOf(runs, parts));
    expect(Object.values(runs).filter((run) => !isClean(run))).toEqual([]);
    expect(Object.values(parts).filter((part) => !isFine(part))).toEqual([]);
  });

  test('tells of no day and no machine', () => {
    expect(reliabilityPage(runs, parts)).not.toMatch(/\d{4}-\d{2}-\d{2}|linux|EPYC|Node \d/);
  });

  test('says by name what was not run at full size', () => {
    for (const name of tierNames) expect(reliabilityPage({}, {})).toContain(`\`${name}\`: 0 of`);
  });

  test('says which code did how much of a run that went on with newer code', () => {
    const commits = { aaaaaaa: 30_000, bbbbbbb: 5_000 };
    const charges = { ...runs.charges!, commits };
    expect(reliabilityPage({ charges }, {})).toContain(
      '30,000 by commit aaaaaaa, 5,000 by commit bbbbbbb',
    );
  });
});
