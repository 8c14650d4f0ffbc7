import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SeedVerdict } from './sim-worker.ts';
import { openVerdictBook, type VerdictBook } from './verdict-book.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greentill-verdicts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (plan: string): VerdictBook =>
  openVerdictBook({ folder, plan, steps: 4, first: 1, last: 10, nowMs: () => 0 });
const verdict = (seed: number, broken?: string): SeedVerdict => ({
  task: { seed, steps: 4, planted: undefined },
  violations: [],
  traceHash: 'a1',
  salesCount: 8,
  broken,
});
const progress = (plan: string): unknown =>
  JSON.parse(readFileSync(join(folder, `progress-${plan}.json`), 'utf8'));

describe('the verdicts of a long run', () => {
  it('a run that was killed goes on behind what it knew, and a torn last line is run again', () => {
    const before = open('one');
    before.enter(verdict(1));
    before.enter(verdict(2, 'it fell over'));
    appendFileSync(before.file, '3 cle');
    const after = open('one');
    expect([1, 2, 3].map((seed) => after.has(seed))).toEqual([true, true, false]);
    expect(open('one').doneCount()).toBe(2);
    after.enter(verdict(3));
    expect(open('one').doneCount()).toBe(3);
    expect(progress('one')).toMatchObject({ clean: 2, failed: [2], of: 10 });
  });

  it('what was clean by another plan is not clean by this one', () => {
    open('one').enter(verdict(1));
    const other = open('two');
    expect(other.has(1)).toBe(false);
    expect(progress('two')).toMatchObject({ plan: 'two', clean: 0, failed: [] });
  });
});
