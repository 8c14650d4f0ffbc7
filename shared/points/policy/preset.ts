import { exhaustive } from '#shared/result/exhaustive.ts';
import type { GateMeasure, PointsConfig } from '#shared/points/points-config.ts';
import { addDays } from '#shared/time/calendar-day.ts';

/**
 * Two sets of rules that differ in what the gate reads (docs/points.md 2.6): `seed` the stock of unreleased points, the
 * letter of the market's rule; `mature` what entered in the period, per day.
 */
export type PresetName = 'seed' | 'mature';

export const presetNames: readonly PresetName[] = ['seed', 'mature'];

const measures: Readonly<Record<PresetName, GateMeasure>> = {
  seed: 'outstanding',
  mature: 'period_inflow',
};

export const withPreset = (config: PointsConfig, preset: PresetName): PointsConfig => ({
  ...config,
  gateMeasure: measures[preset],
});

export function presetOf(config: PointsConfig): PresetName {
  switch (config.gateMeasure) {
    case 'outstanding':
      return 'seed';
    case 'period_inflow':
      return 'mature';
    default:
      return exhaustive(config.gateMeasure);
  }
}

/** A switch of the preset is announced this many days before it is in force. */
export const presetNoticeDays = 30;

/** The first day (YYYY-MM-DD) on which a switch announced on a day may be in force. */
export const presetEarliestDay = (announcedOn: string): string =>
  addDays(announcedOn, presetNoticeDays);
