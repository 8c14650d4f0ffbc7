import { describe, expect, it } from 'vitest';
import { basisPoints } from '#shared/money/rate.ts';
import { defaultPointsConfig as config, type PointsConfig } from '#shared/points/points-config.ts';
import { judgePolicy, policyDifferences, type PolicyState } from '#shared/points/policy/policy.ts';
import { withPreset } from '#shared/points/policy/preset.ts';

const state: PolicyState = {
  newest: config,
  newestFrom: undefined,
  today: '2026-03-20',
  pointsAreFinal: true,
};
const dearer: PointsConfig = { ...config, referralBp: basisPoints(400) };
const judge = (change: PointsConfig, effectivePeriod: string, more: Partial<PolicyState> = {}) => {
  const judged = judgePolicy({ config: change, effectivePeriod }, { ...state, ...more });
  return judged.ok ? judged.value.effectiveFrom : judged.error;
};

describe('a change of the rules', () => {
  it('is in force from the next period on, not from this one and not from one that is over', () => {
    expect(judge(dearer, '2026-04')).toBe('2026-04-01');
    for (const period of ['2026-03', '2026-02'])
      expect(judge(dearer, period)).toEqual({
        type: 'policy-notice-too-short',
        earliestDay: '2026-04-01',
      });
  });

  it('that switches what the gate reads is announced 30 days before', () => {
    const mature = withPreset(config, 'mature');
    // 20 March and 30 days are 19 April: the first whole month after it is May.
    expect(judge(mature, '2026-04')).toEqual({
      type: 'policy-notice-too-short',
      earliestDay: '2026-05-01',
    });
    expect(judge(mature, '2026-05')).toBe('2026-05-01');
    // The notice may end on the very first day: 以内 includes the number.
    expect(judge(mature, '2026-05', { today: '2026-04-01' })).toBe('2026-05-01');
  });

  it('never starts before the newest version: notice cannot be jumped by a second proposal', () => {
    const announced = { newest: withPreset(config, 'mature'), newestFrom: '2026-05-01' };
    const onTop = { ...announced.newest, referralBp: basisPoints(400) };
    expect(judge(onTop, '2026-04', announced)).toEqual({
      type: 'policy-notice-too-short',
      earliestDay: '2026-05-01',
    });
    expect(judge(onTop, '2026-05', announced)).toBe('2026-05-01');
  });

  it('names the value that lies outside its range, and refuses what changes nothing', () => {
    expect(judge({ ...config, gateGrowthBp: basisPoints(1400) }, '2026-04')).toEqual({
      type: 'config-out-of-range',
      key: 'gateGrowthBp',
      value: 1400,
      min: 1500,
      max: 10_000,
    });
    expect(judge(config, '2026-04')).toEqual({ type: 'policy-unchanged' });
  });

  it('of the length of a period is possible only before the first final point, and at once', () => {
    const weekly: PointsConfig = { ...config, periodKind: 'week' };
    expect(judge(weekly, '2026-W12')).toEqual({ type: 'period-kind-fixed' });
    const young = { pointsAreFinal: false };
    expect(judge(weekly, '2026-W12', young)).toBe('2026-03-16');
    expect(judge(weekly, '2026-04', young)).toEqual({ type: 'period-kind-differs', kind: 'week' });
    // Later would leave days on which lots begin under the old kind.
    expect(judge(weekly, '2026-W13', young)).toMatchObject({ type: 'policy-notice-too-short' });
  });

  it('is listed key by key', () => {
    expect(policyDifferences(config, { ...dearer, plannerHorizon: 12 })).toEqual([
      { key: 'plannerHorizon', from: 6, to: 12 },
      { key: 'referralBp', from: 500, to: 400 },
    ]);
    const { marketer, region, province } = config.agents;
    const reordered = { ...config, agents: { province, region: { ...region }, marketer } };
    expect(policyDifferences(config, reordered)).toEqual([]);
  });
});
