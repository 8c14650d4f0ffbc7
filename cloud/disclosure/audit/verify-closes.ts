import { closeInputOf } from '#cloud/release/close/close-explanation.ts';
import { sealRecord, type RecordValue } from '#cloud/release/sealed-record.ts';
import { textAt, type AuditRow } from '#cloud/disclosure/audit/audit-text.ts';
import { dailyLimit } from '#shared/points/release/daily-limit.ts';
import { planClose } from '#shared/points/close/close-plan.ts';
import { historyPeriodsMax } from '#shared/points/close/forecast.ts';
import {
  checkPointsConfig,
  defaultPointsConfig,
  type PointsConfig,
} from '#shared/points/points-config.ts';
import { periodSpan } from '#shared/time/period.ts';

/** Something that does not follow from what it should follow from. */
export interface Difference {
  /** File and row, for example `closes 2026-03`. */
  readonly where: string;
  readonly says: string;
}

type Configs = ReadonlyMap<number, PointsConfig>;

/** The rules of every version; what a version does not name has its published value. */
export function configsOf(rows: readonly AuditRow[]): {
  readonly configs: Configs;
  readonly differences: readonly Difference[];
} {
  const configs = new Map<number, PointsConfig>([[0, defaultPointsConfig]]);
  const differences: Difference[] = [];
  for (const row of rows) {
    const where = `policy-versions ${textAt(row, 'version')}`;
    const stored = row['config_json'] as unknown as Partial<PointsConfig>;
    const checked = checkPointsConfig({ ...defaultPointsConfig, ...stored });
    if (checked.ok) configs.set(Number(row['version']), checked.value);
    else differences.push({ where, says: `${checked.error.key} lies outside its legal range` });
    if (row['proposed_by'] === row['approved_by'])
      differences.push({ where, says: 'one person made it alone' });
  }
  return { configs, differences };
}

/** Decides every close again from its exported inputs with the engine itself (planClose). */
export function verifyCloses(rows: readonly AuditRow[], configs: Configs): readonly Difference[] {
  return rows.flatMap((row, index) => {
    const where = `closes ${textAt(row, 'period')}`;
    const config = configs.get(Number(row['config_version']));
    if (config === undefined) return [{ where, says: 'its version of the rules is not there' }];
    const history = rows
      .slice(Math.max(0, index + 1 - historyPeriodsMax), index + 1)
      .map((one) => ({
        points: Number(one['history_points']),
        days: periodSpan(textAt(one, 'period')).days,
      }));
    const explanation = row['explanation_json'] as Readonly<Record<string, unknown>>;
    const plan = planClose(closeInputOf(explanation, history), config);
    const { multiplier, stockGate, gate } = explanation as unknown as ExplainedClose;
    return [
      ...sealDiffers(where, row, 'explanation'),
      ...compare(where, {
        gate_open: [row['gate_open'], plan.gate.open],
        gate_reason: [row['gate_reason'], plan.gate.reason],
        mult_bp: [row['mult_bp'], plan.controller.multBp],
        budget_fen: [row['budget_fen'], plan.budgetFen],
        n_base: [row['n_base'], plan.nBase],
        'explained multiplier': [multiplier.multBp, plan.controller.multBp],
        'explained budget': [multiplier.budgetFen, plan.budgetFen],
        binding: [multiplier.binding, plan.controller.binding],
        forecast: [digitsOf(multiplier.forecastBp), digitsOf(plan.forecastBp)],
        'stock gate': [stockGate.type, plan.stockGate.type],
        'explained gate': [gate.open, plan.gate.open],
      }),
    ];
  });
}

const digitsOf = (value: string | bigint | null | undefined): string =>
  value === null || value === undefined ? 'none' : String(value);

interface ExplainedClose {
  readonly gate: { readonly open: boolean };
  readonly multiplier: {
    readonly multBp: number;
    readonly budgetFen: number;
    readonly binding: string;
    readonly forecastBp: string | null;
  };
  readonly stockGate: { readonly type: string };
}

/** What the allocations of one run add up to. */
export interface RunSums {
  fen: number;
  points: number;
  accounts: number;
}

/** Fixes the limit of every run again from its snapshot, and adds its allocations up. */
export function verifyRun(
  row: AuditRow,
  context: { readonly configs: Configs; readonly sums: RunSums | undefined },
): readonly Difference[] {
  const where = `runs ${textAt(row, 'day')}`;
  const snapshot = row['snapshot_json'] as unknown as RunSnapshot;
  const config = context.configs.get(snapshot.configVersion);
  const sums = context.sums ?? { fen: 0, points: 0, accounts: 0 };
  const limit =
    config === undefined || !snapshot.gateOpen
      ? 0
      : dailyLimit(snapshot as unknown as Parameters<typeof dailyLimit>[0], config).limitFen;
  return [
    ...sealDiffers(where, row, 'snapshot'),
    ...sealDiffers(where, row, 'explanation'),
    ...compare(where, {
      limit_fen: [row['limit_fen'], limit],
      released_fen: [row['released_fen'], sums.fen],
      points_used: [row['points_used'], sums.points],
      account_count: [row['account_count'], sums.accounts],
    }),
    ...(Number(row['released_fen']) > Number(row['limit_fen'])
      ? [{ where, says: 'more was released than the limit' }]
      : []),
  ];
}

interface RunSnapshot {
  readonly configVersion: number;
  readonly gateOpen: boolean;
}

export function sealDiffers(where: string, row: AuditRow, record: string): readonly Difference[] {
  const { hash } = sealRecord(row[`${record}_json`] as RecordValue);
  return hash === row[`${record}_hash`]
    ? []
    : [{ where, says: `the hash of its ${record} is another one` }];
}

const compare = (
  where: string,
  pairs: Readonly<Record<string, readonly [stored: unknown, computed: unknown]>>,
): readonly Difference[] =>
  Object.entries(pairs)
    .filter(([, [stored, computed]]) => stored !== computed)
    .map(([key, [stored, computed]]) => ({
      where,
      says: `${key} is ${String(stored)}, computed again it is ${String(computed)}`,
    }));
