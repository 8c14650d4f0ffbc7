import { describe, expect, it } from 'vitest';
import type { CheckResult } from './protocol.ts';
import { judge, plantedName, rowOf } from './verdict.ts';

const result = (name: string, ok: boolean): CheckResult => ({
  name,
  ok,
  durationMs: 12.4,
  note: ok ? '' : 'why',
});
const plan = ['a', 'b', plantedName];
const planted = result(plantedName, false);

describe('the verdict of the rig', () => {
  it('is green when every planned check held and the planted one failed', () => {
    expect(judge(plan, [result('a', true), result('b', true), planted])).toEqual({
      passed: 3,
      faults: [],
    });
  });

  it('is red when one check fails', () => {
    expect(judge(plan, [result('a', true), result('b', false), planted]).faults).toEqual([
      'b: why',
    ]);
  });

  it('is red when the guest ended before it had run every check', () => {
    expect(judge(plan, [result('a', true), planted]).faults).toEqual(['b: reported 0 times']);
  });

  it('is red when the guest never came up', () => {
    expect(judge([], []).faults).toEqual(['the guest never told its checks']);
  });

  it('is red when the planted failure passes, or was not planted', () => {
    const all = [result('a', true), result('b', true)];
    expect(judge(plan, [...all, result(plantedName, true)]).faults).toEqual([
      `${plantedName}: it passed`,
    ]);
    expect(judge(['a', 'b'], all).faults).toEqual(['nothing was planted']);
  });

  it('is red when a check is reported twice or was not planned', () => {
    const results = [result('a', true), result('a', true), result('b', true), planted];
    expect(judge(plan, results).faults).toEqual(['a: reported 2 times']);
    expect(judge(plan, [...results.slice(1), result('c', true)]).faults).toEqual([
      'c: was not planned',
    ]);
  });

  it('shows a planted failure as what it is: the expected end', () => {
    expect(rowOf(planted)).toBe(`ok       12 ms  ${plantedName}: why`);
    expect(rowOf(result('b', false))).toBe('FAIL     12 ms  b: why');
  });
});
