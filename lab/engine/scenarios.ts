import { steady, type Trade } from './scenario.ts';
import type { RulesName } from './rules.ts';

export type ScenarioName =
  | 'grow20'
  | 'exactly-15'
  | 'grow8'
  | 'flat'
  | 'seasonal'
  | 'seasonal-noise5'
  | 'seasonal-noise10'
  | 'seasonal-3'
  | 's-curve'
  | 's-curve-seasonal'
  | 'collapse'
  | 'bank-run'
  | 'whale'
  | 'ring';

export interface Scenario {
  readonly name: ScenarioName;
  readonly zh: string;
  readonly en: string;
  readonly trade: Trade;
  /** Rules of the published table for it. */
  readonly rules: readonly RulesName[];
}

const season = 10_000;
/** 22.5% a month at first, half of the market after 27 and a half months: years of growth, then calm. */
const curve: Trade = { ...steady, growthBp: 2250, halfwayMonth: 27.5 };

export const scenarios: readonly Scenario[] = [
  {
    name: 'grow20',
    zh: '每月增长 20%',
    en: 'growth of 20% a month',
    trade: { ...steady, growthBp: 2000 },
    rules: ['literal-both', 'literal-consumer', 'funded-stock'],
  },
  {
    name: 'exactly-15',
    zh: '每月刚好增长 15%',
    en: 'exactly 15% a month',
    trade: { ...steady, growthBp: 1500 },
    rules: ['literal-both', 'literal-consumer', 'funded-stock', 'funded-inflow'],
  },
  {
    name: 'grow8',
    zh: '每月增长 8%',
    en: 'growth of 8% a month',
    trade: { ...steady, growthBp: 800 },
    rules: ['literal-consumer', 'funded-stock', 'funded-inflow'],
  },
  {
    name: 'flat',
    zh: '没有增长',
    en: 'no growth',
    trade: steady,
    rules: ['literal-both', 'literal-gate-off', 'funded-stock', 'funded-inflow', 'funded-gate-off'],
  },
  {
    name: 'seasonal',
    zh: '有淡旺季，没有增长',
    en: 'seasonal, no growth',
    trade: { ...steady, seasonBp: season },
    rules: ['funded-stock', 'funded-inflow'],
  },
  {
    name: 'seasonal-noise5',
    zh: '淡旺季，月波动 5%',
    en: 'seasonal, months 5% off',
    trade: { ...steady, seasonBp: season, noiseBp: 500 },
    rules: ['funded-inflow'],
  },
  {
    name: 'seasonal-noise10',
    zh: '淡旺季，月波动 10%',
    en: 'seasonal, months 10% off',
    trade: { ...steady, seasonBp: season, noiseBp: 1000 },
    rules: ['funded-inflow'],
  },
  {
    name: 'seasonal-3',
    zh: '淡旺季，每月增长 3%',
    en: 'seasonal, growth of 3%',
    trade: { ...steady, seasonBp: season, growthBp: 300 },
    rules: ['funded-stock', 'funded-inflow'],
  },
  {
    name: 's-curve',
    zh: '先快后稳（S 形），无淡旺季',
    en: 'S-curve, smooth',
    trade: curve,
    rules: ['funded-stock', 'funded-inflow'],
  },
  {
    name: 's-curve-seasonal',
    zh: '先快后稳（S 形），有淡旺季',
    en: 'S-curve, seasonal',
    trade: { ...curve, seasonBp: season },
    rules: ['literal-both', 'literal-gate-off', 'funded-stock', 'funded-inflow'],
  },
  {
    name: 'collapse',
    zh: '增长两年后每月少三成',
    en: 'two years of +20%, then -30%',
    trade: { ...steady, growthBp: 2000, turn: { afterMonth: 25, growthBp: -3000 } },
    rules: ['literal-both', 'funded-stock', 'funded-inflow'],
  },
  {
    name: 'bank-run',
    zh: '第 31 月停业，消费券同时来用',
    en: 'trade stops in month 31, all vouchers come at once',
    trade: { ...steady, growthBp: 2000, runMonth: 31 },
    rules: ['literal-both', 'funded-stock'],
  },
  {
    name: 'whale',
    zh: '大户占三成，两年后离开',
    en: 'a whale with 30% of trade leaves after two years',
    trade: { ...steady, growthBp: 1500, guest: 'whale' },
    rules: ['literal-both', 'funded-stock', 'funded-inflow'],
  },
  {
    name: 'ring',
    zh: '刷单团伙占一成，刷一年',
    en: 'a ring fakes a tenth of trade for a year',
    trade: { ...steady, growthBp: 1500, guest: 'ring' },
    rules: ['literal-both', 'funded-stock', 'funded-inflow'],
  },
];

export const scenarioNamed = (name: string): Scenario | undefined =>
  scenarios.find((scenario) => scenario.name === name);
