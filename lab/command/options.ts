import { parseArgs } from 'node:util';
import { publishedDials, rulesNames, type Dials, type RulesName } from '#lab/engine/rules.ts';
import { scenarioNamed, scenarios } from '#lab/engine/scenarios.ts';
import type { Trade } from '#lab/engine/scenario.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

export type TableName = 'closed-form' | 'gate' | 'scenarios' | 'fraud';

export type Command =
  | { readonly type: 'help' }
  | { readonly type: 'page'; readonly port: number }
  | { readonly type: 'tables'; readonly names: readonly TableName[]; readonly json: boolean }
  | {
      readonly type: 'run';
      readonly name: string;
      readonly trade: Trade;
      readonly months: number;
      readonly rules: readonly RulesName[];
      readonly dials: Dials;
      readonly json: boolean;
    };

export const usage = [
  '用法 usage: npm run lab -- [options]',
  '',
  '  --scenario NAME     情形，默认 flat。 One of:',
  ...scenarios.map(({ name, zh, en }) => `      ${name.padEnd(18)} ${zh}  ${en}`),
  '  --months N          月数 3..120，默认 60。 Months, 60 by default.',
  `  --rules A,B         ${rulesNames.join(', ')}`,
  '                      默认四种并列。 By default the first two and the two funded ones side by side.',
  "  --growth P          每月增长百分数，代替情形里的。 Growth per month in percent, instead of the scenario's.",
  '  --season P          淡旺季强度百分数。 Strength of the season in percent, 0..200.',
  '  --noise P           每月波动百分数。 Deviation of a month in percent, 0..30.',
  '  --rate P            让利率百分数，默认 10。 Concession rate in percent, 3..20.',
  "  --fund P            资金占让利百分数，默认 70。 The fund's part of the concession in percent, 55..90.",
  '  --kappa P           覆盖下限百分数，默认 30。 Coverage floor in percent.',
  '  --horizon N         预测看几个月，1..24，默认 6。 Months the forecast looks at; 1: no forecast.',
  '  --redemption A,B,C  当月、下月、再下月用掉的百分数，默认 35,35,20。 Percent spent in three months.',
  '  --all               各种情形总表。 The table of all scenarios.',
  '  --closed-form       稳定增长能承受多少。 What steady growth carries.',
  '  --gate              门槛多久开一次。 How often the gate opens.',
  '  --fraud             刷单团伙和大户。 Ring of fake orders, and the whale.',
  '  --page [--port N]   在本机打开页面。 Serves the page on this machine only.',
  '  --json              机器可读。 For machines.',
  '  --help              本说明。 This text.',
].join('\n');

const optionTypes = {
  scenario: { type: 'string' },
  months: { type: 'string' },
  rules: { type: 'string' },
  growth: { type: 'string' },
  season: { type: 'string' },
  noise: { type: 'string' },
  rate: { type: 'string' },
  fund: { type: 'string' },
  kappa: { type: 'string' },
  horizon: { type: 'string' },
  redemption: { type: 'string' },
  port: { type: 'string' },
  all: { type: 'boolean' },
  'closed-form': { type: 'boolean' },
  gate: { type: 'boolean' },
  fraud: { type: 'boolean' },
  page: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Values = Readonly<Partial<Record<keyof typeof optionTypes, string | boolean>>>;

const portMax = 65_535;
const sideBySide: readonly RulesName[] = [
  'literal-both',
  'literal-consumer',
  'funded-stock',
  'funded-inflow',
];
const tableFlags: readonly (readonly [
  flag: 'all' | 'closed-form' | 'gate' | 'fraud',
  TableName,
])[] = [
  ['closed-form', 'closed-form'],
  ['gate', 'gate'],
  ['all', 'scenarios'],
  ['fraud', 'fraud'],
];

/** What was typed, as a command; or what is wrong with it, in clear words. */
export function readOptions(args: readonly string[]): Result<Command, string> {
  let values: Values;
  try {
    values = parseArgs({ args: [...args], options: optionTypes }).values;
  } catch (error) {
    return err(`看不懂：${(error as Error).message}`);
  }
  if (values.help === true) return ok({ type: 'help' });
  if (values.page === true) return readPage(values);
  const names = tableFlags.filter(([flag]) => values[flag] === true).map(([, name]) => name);
  if (names.length > 0) return ok({ type: 'tables', names, json: values.json === true });
  return readRun(values);
}

function readPage(values: Values): Result<Command, string> {
  const port = numberOf(values, 'port', { min: 0, max: portMax, scale: 1, otherwise: 0 });
  return port.ok ? ok({ type: 'page', port: port.value }) : port;
}

function readRun(values: Values): Result<Command, string> {
  const name = text(values, 'scenario') ?? 'flat';
  const scenario = scenarioNamed(name);
  if (scenario === undefined)
    return err(
      `没有「${name}」这个情形。 No scenario ${name}; there are ${scenarios.map((one) => one.name).join(', ')}.`,
    );
  const rules = readRules(text(values, 'rules'));
  if (!rules.ok) return rules;
  const redemption = readRedemption(text(values, 'redemption'));
  if (!redemption.ok) return redemption;
  const { trade } = scenario;
  const numbers = readNumbers(values, {
    months: { min: 3, max: 120, scale: 1, otherwise: 60 },
    growth: { min: -50, max: 50, scale: 100, otherwise: trade.growthBp },
    season: { min: 0, max: 200, scale: 100, otherwise: trade.seasonBp },
    noise: { min: 0, max: 30, scale: 100, otherwise: trade.noiseBp },
    rate: { min: 3, max: 20, scale: 100, otherwise: publishedDials.rateBp },
    fund: { min: 55, max: 90, scale: 100, otherwise: publishedDials.fundBp },
    kappa: { min: 10, max: 90, scale: 100, otherwise: publishedDials.coverageBp },
    horizon: { min: 1, max: 24, scale: 1, otherwise: publishedDials.horizon },
  });
  if (!numbers.ok) return numbers;
  const { months, growth, season, noise, rate, fund, kappa, horizon } = numbers.value;
  return ok({
    type: 'run',
    name,
    trade: { ...trade, growthBp: growth, seasonBp: season, noiseBp: noise },
    months,
    rules: rules.value,
    dials: {
      ...publishedDials,
      rateBp: rate,
      fundBp: fund,
      coverageBp: kappa,
      horizon,
      redemptionBp: redemption.value,
    },
    json: values.json === true,
  });
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  /** 100: typed in percent, kept in basis points. */
  readonly scale: 1 | 100;
  /** Kept as it is when nothing was typed. */
  readonly otherwise: number;
}

type NumberName =
  'months' | 'growth' | 'season' | 'noise' | 'rate' | 'fund' | 'kappa' | 'horizon' | 'port';

function readNumbers<Name extends NumberName>(
  values: Values,
  wanted: Readonly<Record<Name, Bounds>>,
): Result<Record<Name, number>, string> {
  const found: Partial<Record<Name, number>> = {};
  for (const name of Object.keys(wanted) as Name[]) {
    const value = numberOf(values, name, wanted[name]);
    if (!value.ok) return value;
    found[name] = value.value;
  }
  return ok(found as Record<Name, number>);
}

function numberOf(values: Values, name: NumberName, bounds: Bounds): Result<number, string> {
  const typed = text(values, name);
  if (typed === undefined) return ok(bounds.otherwise);
  const { min, max, scale } = bounds;
  const value = /^-?\d+(\.\d+)?$/.test(typed) ? Number(typed) : NaN;
  const kept = Math.round(value * scale);
  // A percentage has at most two decimals: basis points are whole.
  const isExact = Math.abs(kept - value * scale) < 1e-6;
  if (!(value >= min && value <= max && isExact))
    return err(
      `--${name} ${typed}：请给 ${min} 到 ${max} 之间的${scale === 1 ? '整数' : '百分数'}。 ` +
        `--${name} wants ${scale === 1 ? 'a whole number' : 'a percentage'} from ${min} to ${max}.`,
    );
  return ok(kept);
}

function readRules(typed: string | undefined): Result<readonly RulesName[], string> {
  if (typed === undefined) return ok(sideBySide);
  const names = typed.split(',');
  const unknown = names.find((name) => !(rulesNames as readonly string[]).includes(name));
  if (unknown !== undefined)
    return err(
      `没有「${unknown}」这套规则。 No rules ${unknown}; there are ${rulesNames.join(', ')}.`,
    );
  return ok(names as RulesName[]);
}

function readRedemption(typed: string | undefined): Result<Dials['redemptionBp'], string> {
  if (typed === undefined) return ok(publishedDials.redemptionBp);
  const parts = typed.split(',').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) * 100 : NaN));
  const [first, second, third] = parts;
  const total = parts.reduce((sum, part) => sum + part, 0);
  if (parts.length !== 3 || !(total <= 10_000))
    return err(
      `--redemption ${typed}：请给三个整数百分数，合计不超过 100。 ` +
        '--redemption wants three whole percentages, together at most 100, as in 35,35,20.',
    );
  return ok([first!, second!, third!]);
}

const text = (values: Values, name: keyof typeof optionTypes): string | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
};
