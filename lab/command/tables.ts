import {
  breakEvenOf,
  dueShare,
  multMax,
  multMaxBothSides,
  type FakeGuard,
} from '#lab/engine/closed-form.ts';
import { runRing, runWhale, type RingInput } from '#lab/engine/fraud.ts';
import { gateFrequency, type FrequencyInput } from '#lab/engine/gate-frequency.ts';
import { measuresOf, type LabError } from '#lab/engine/lab.ts';
import type { Measures } from '#lab/engine/measures.ts';
import { publishedDials, type RulesName } from '#lab/engine/rules.ts';
import {
  scenarioNamed,
  scenarios,
  type Scenario,
  type ScenarioName,
} from '#lab/engine/scenarios.ts';
import { assert } from '#shared/result/assert.ts';
import type { Result } from '#shared/result/result.ts';
import { hundredths, percent, signed, thousandths } from './figures.ts';
import type { LabTable } from './table.ts';
import { columns, rulesWords } from './words.ts';

export const publishedMonths = 60;

/** The tables run on settings of their own, which are legal: a refusal is a fault of the lab. */
function sure<T>(result: Result<T, LabError>): T {
  assert(result.ok, () => `the lab refused its own settings: ${JSON.stringify(result)}`);
  return result.value;
}

const growths = [0, 0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25];

/** What steady growth carries, by formula. */
export function closedFormTable(): LabTable {
  const row = (zh: string, en: string, of: (growth: number) => string) => [
    `${zh} ${en}`,
    ...growths.map(of),
  ];
  return {
    title: { zh: '稳定增长能承受多少', en: 'What steady growth carries' },
    heads: [
      { zh: '每月增长', en: 'growth per month' },
      ...growths.map((growth) => ({ zh: percent(growth), en: percent(growth) })),
    ],
    rows: [
      row('到期/让利', 'due at par / concession, N=36', (growth) =>
        thousandths(dueShare({ growth, n: 36 })),
      ),
      row('最高倍数', 'largest m, fund 70%, N=36', (growth) =>
        hundredths(multMax({ growth, n: 36 }, 0.7)),
      ),
      row('最高倍数', 'largest m, fund 70%, N=40', (growth) =>
        hundredths(multMax({ growth, n: 40 }, 0.7)),
      ),
      row('双方发券', 'both sides, fund 100%, N=36', (growth) =>
        hundredths(multMaxBothSides({ growth, n: 36 })),
      ),
    ],
  };
}

const trends = [-0.02, 0, 0.05, 0.08, 0.15, 0.2];
const frequencyColumns: readonly Pick<FrequencyInput, 'kind' | 'measure'>[] = [
  { kind: 'month', measure: 'period_inflow' },
  { kind: '10day', measure: 'period_inflow' },
  { kind: 'week', measure: 'period_inflow' },
  { kind: 'month', measure: 'outstanding' },
  { kind: '10day', measure: 'outstanding' },
];
const kindWords = { month: '月', '10day': '旬', week: '周', day: '日' } as const;

const gateCell = (growth: number, column: Pick<FrequencyInput, 'kind' | 'measure'>): string => {
  const found = gateFrequency({ growth, ...column, months: 36, runs: 20 });
  return column.measure === 'outstanding'
    ? `${percent(found.openShare)} (${Math.round(found.lastOpen)})`
    : `${percent(found.openShare)} (${found.longestGap})`;
};

/** How often the gate opens on days as they are. */
export function gateTable(): LabTable {
  return {
    title: {
      zh: '门槛多久开一次（36 个月，20 次）',
      en: 'How often the gate opens (36 months, 20 runs)',
    },
    heads: [
      { zh: '每月增长', en: 'trend per month' },
      ...frequencyColumns.map(({ kind, measure }) => ({
        zh: `${measure === 'outstanding' ? '存量（最后一次）' : '新增（最长间隔）'}${kindWords[kind]}`,
        en: `${measure === 'outstanding' ? 'stock (last open)' : 'inflow (longest gap)'}: ${kind}`,
      })),
    ],
    rows: trends.map((growth) => [
      percent(growth),
      ...frequencyColumns.map((column) => gateCell(growth, column)),
    ]),
  };
}

/** One row of the scenario table, with the figures behind its words. */
export interface ScenarioRow {
  readonly scenario: Scenario;
  readonly rules: RulesName;
  readonly measures: Measures;
}

export const scenarioRows = (): readonly ScenarioRow[] =>
  scenarios.flatMap((scenario) =>
    scenario.rules.map((rules) => ({
      scenario,
      rules,
      measures: sure(
        measuresOf({
          trade: scenario.trade,
          months: publishedMonths,
          rules,
          dials: publishedDials,
        }),
      ),
    })),
  );

export const scenarioTable = (rows: readonly ScenarioRow[]): LabTable => ({
  title: { zh: '各种情形（60 个月）', en: 'Scenarios (60 months)' },
  heads: [
    { zh: '情形', en: 'scenario' },
    { zh: '规则', en: 'rules' },
    ...columns.map(({ head }) => head),
  ],
  rows: rows.map(({ scenario, rules, measures }) => [
    `${scenario.zh} ${scenario.en}`,
    `${rulesWords[rules].zh} ${rulesWords[rules].en}`,
    ...columns.map(({ text }) => text(measures)),
  ]),
});

const ringScenarios: readonly (readonly [ScenarioName, RulesName])[] = [
  ['grow20', 'funded-stock'],
  ['exactly-15', 'funded-stock'],
  ['s-curve', 'funded-stock'],
  ['s-curve', 'funded-inflow'],
  ['seasonal-3', 'funded-inflow'],
  ['collapse', 'funded-stock'],
];

export interface RingRow {
  readonly scenario: ScenarioName;
  readonly funded: RulesName;
  /** Gains: (got - cost) / cost. */
  readonly literalBoth: number;
  readonly literalConsumer: number;
  readonly open: number;
  readonly par: number;
  readonly unrelated: number;
}

/** What a ring of fake orders gains. */
export const ringRows = (): readonly RingRow[] =>
  ringScenarios.map(([name, funded]) => {
    const { trade } = scenarioNamed(name)!;
    const gain = (rules: RulesName, guard: RingInput['guard']): number =>
      sure(runRing({ trade, months: publishedMonths, rules, dials: publishedDials, guard })).gain;
    return {
      scenario: name,
      funded,
      literalBoth: gain('literal-both', 'open'),
      literalConsumer: gain('literal-consumer', 'open'),
      open: gain(funded, 'open'),
      par: gain(funded, 'par'),
      unrelated: gain(funded, 'unrelated'),
    };
  });

export const ringTable = (rows: readonly RingRow[]): LabTable => ({
  title: { zh: '刷单团伙的得失', en: 'What a ring of fake orders gains or loses' },
  heads: [
    { zh: '情形', en: 'scenario' },
    { zh: '有款才发的规则', en: 'funded rules' },
    { zh: '照字面双方', en: 'literal, both' },
    { zh: '照字面会员', en: 'literal, members' },
    { zh: '有款才发', en: 'funded' },
    { zh: '不加倍', en: 'm at most 1' },
    { zh: '关联不计', en: 'and nothing to relations' },
  ],
  rows: rows.map((row) => [
    `${scenarioNamed(row.scenario)!.zh} ${scenarioNamed(row.scenario)!.en}`,
    rulesWords[row.funded].en,
    ...[row.literalBoth, row.literalConsumer, row.open, row.par, row.unrelated].map(signed),
  ]),
});

const fakeRates = [0.03, 0.1, 0.2];
const fakeGuards: readonly (readonly [zh: string, en: string, FakeGuard])[] = [
  ['有防范', 'guarded: nothing to relations', 'guarded'],
  ['自荐、自代理（让利的 5%）', 'own referrer, own agent at 5% of concession', 'concession-agent'],
  ['自荐、自代理（流水的 1.5%）', 'own referrer, own agent at 1.5% of flow', 'flow-agent'],
  ['店主积分也发券', "and the shop's points were vouchers, too", 'both-sides'],
];

/** From which released value on one fake order pays, by formula. */
export const fakeOrderTable = (): LabTable => ({
  title: { zh: '一笔假单何时划算', en: 'When one fake order pays' },
  heads: [
    { zh: '让利率', en: 'multiplier times released part, at a concession of' },
    ...fakeRates.map((rate) => ({ zh: percent(rate), en: percent(rate) })),
  ],
  rows: fakeGuards.map(([zh, en, guard]) => [
    `${zh} ${en}`,
    ...fakeRates.map((rate) => hundredths(breakEvenOf(guard, rate))),
  ]),
});

export interface WhaleRow {
  readonly growthBp: number;
  readonly rules: RulesName;
  readonly openWith: number;
  readonly openWithout: number;
  /** Change of the value released to everybody else. */
  readonly othersChange: number;
  readonly lowestCashFen: number;
}

const whaleCases: readonly (readonly [growthBp: number, RulesName])[] = [
  [1500, 'funded-stock'],
  [1500, 'funded-inflow'],
  [2000, 'funded-stock'],
];

/** What one who buys 30% of everything for two years does to the others when he leaves. */
export const whaleRows = (): readonly WhaleRow[] =>
  whaleCases.map(([growthBp, rules]) => {
    const found = sure(
      runWhale({ growthBp, months: publishedMonths, rules, dials: publishedDials }),
    );
    return {
      growthBp,
      rules,
      openWith: found.openWith,
      openWithout: found.openWithout,
      othersChange: found.othersWithFen / found.othersWithoutFen - 1,
      lowestCashFen: found.lowestCashFen,
    };
  });

export const whaleTable = (rows: readonly WhaleRow[]): LabTable => ({
  title: { zh: '大户离开以后', en: 'After a whale has left' },
  heads: [
    { zh: '每月增长', en: 'growth' },
    { zh: '规则', en: 'rules' },
    { zh: '开门（有大户）', en: 'open with him' },
    { zh: '开门（没有）', en: 'open without' },
    { zh: '其他人的价值变化', en: "others' value" },
  ],
  rows: rows.map((row) => [
    percent(row.growthBp / 10_000),
    `${rulesWords[row.rules].zh} ${rulesWords[row.rules].en}`,
    String(row.openWith),
    String(row.openWithout),
    `${row.othersChange > 0 ? '+' : ''}${new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(row.othersChange)}`,
  ]),
});

/** Every table of docs/economics.md, by the name of its place there. */
export const allTables = () => ({
  'closed-form': closedFormTable(),
  gate: gateTable(),
  scenarios: scenarioTable(scenarioRows()),
  'fake-order': fakeOrderTable(),
  ring: ringTable(ringRows()),
  whale: whaleTable(whaleRows()),
});
