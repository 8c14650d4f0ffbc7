import { isClean, type TierOutcome } from './tier.ts';
import { tierNames, tiers, type TierName } from './tiers.ts';

/** A tier's last run, as docs/reliability.json keeps it. */
export interface KeptRun extends TierOutcome {
  readonly seed: number;
  /** All that is said of the machine: what is found must not hang on it. */
  readonly cores: number;
}

export type KeptRuns = Readonly<Partial<Record<TierName, KeptRun>>>;

/** docs/reliability.md. Pure: the same runs are the same text; a test holds the page to docs/reliability.json. */
export function reliabilityPage(runs: KeptRuns): string {
  const kept = tierNames.flatMap((name) => {
    const run = runs[name];
    return run ? [{ name, run }] : [];
  });
  const rows = kept.map(
    ({ name, run }) =>
      `| \`${name}\` | ${tiers[name].title} | ${number(run.tried)} ${tiers[name].unit} | ` +
      `${number(run.acknowledged)} | ${run.lost} | ${run.doubled} | ${run.faults.length} |`,
  );
  const missing = tierNames.flatMap((name) => shortfall(name, runs[name]));
  return [
    '# Reliability: what was tried, what was lost, what was doubled',
    '',
    '<!-- Written by `npm run torture -- --write` from docs/reliability.json: do not edit. -->',
    '',
    'Real processes, real files, a real PostgreSQL; how it is done and what each tier cannot show stands in',
    '[e2e/torture/README.md](../e2e/torture/README.md). _Acknowledged_ are sales that were answered as stored. _Lost_ are',
    'acknowledged sales that were missing afterwards. _Doubled_ are sales that stood there twice. _Faults_ are all else that',
    'must not be: a broken chain, a file that does not open, a total that is off. `npm run torture` repeats all of it;',
    '`-- --resume` goes on where a run was stopped.',
    '',
    'Thousands of shops with made-up clocks, lines and disks, each from one seed, are judged by the deterministic simulator:',
    'its seeds, and what they found, stand in [e2e/sim/README.md](../e2e/sim/README.md#numbers).',
    '',
    '| Tier | What | Tried | Acknowledged | Lost | Doubled | Faults |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## What was done, found and mended',
    '',
    ...kept.flatMap(({ name, run }) => [
      `### ${name}`,
      '',
      tiers[name].note(run.counts),
      '',
      ...(isClean(run)
        ? []
        : [...run.faults.slice(0, faultsShownMax).map((fault) => `- ${fault}`), '']),
      `Found: ${tiers[name].found}`,
      '',
      `Again: \`npm run torture -- --only ${name}${run.seed === 1 ? '' : ` --seed ${run.seed}`}\` (run on ${run.cores} cores).`,
      '',
    ]),
    '## Not run at full size',
    '',
    ...(missing.length === 0
      ? ['Nothing: each tier above ran at the size of a long run.']
      : missing),
    '',
  ].join('\n');
}

const faultsShownMax = 10;

const number = (value: number): string => value.toLocaleString('en-US');

function shortfall(name: TierName, run: KeptRun | undefined): readonly string[] {
  const { fullCount, unit } = tiers[name];
  if (run && run.tried >= fullCount) return [];
  return [`- \`${name}\`: ${number(run?.tried ?? 0)} of ${number(fullCount)} ${unit}.`];
}
