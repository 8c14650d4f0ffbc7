import { nightlyParts } from '../nightly/parts.ts';
import { commandLine } from '../nightly/run-part.ts';
import type { PartReport } from '../nightly/verdict.ts';
import { isClean, type Counts, type TierOutcome } from '../torture/tier.ts';
import { tierNames, tiers, type TierName } from '../torture/tiers.ts';

/** A tier's last run, as docs/reliability.json keeps it. */
export interface KeptRun extends TierOutcome {
  readonly seed: number;
  /** All that is said of the machine: what is found must not hang on it. */
  readonly cores: number;
  /** How much of `tried` each commit did: a long run goes on where it stopped, and the code may be newer then. */
  readonly commits?: Counts;
}

export type KeptRuns = Readonly<Partial<Record<TierName, KeptRun>>>;

/** The last run of a part of the night, as docs/nightly.json keeps it. */
export type KeptPart = Pick<PartReport, 'minutes' | 'result' | 'seed' | 'verdict'> & {
  readonly commit: string;
  readonly cores: number;
};

export type KeptParts = Readonly<Record<string, KeptPart>>;

/** docs/reliability.md. Pure: the same runs are the same text; a test holds the page to the two files beside it. */
export function reliabilityPage(runs: KeptRuns, parts: KeptParts): string {
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
    '<!-- Written by `npm run torture -- --write` and `npm run nightly -- --write` from docs/reliability.json and',
    'docs/nightly.json: do not edit. -->',
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
      `Again: \`npm run torture -- --only ${name}${run.seed === 1 ? '' : ` --seed ${run.seed}`}\` (run on ${run.cores} cores${codeOf(run)}).`,
      '',
    ]),
    '## Not run at full size',
    '',
    ...(missing.length === 0
      ? ['Nothing: each tier above ran at the size of a long run.']
      : missing),
    '',
    ...nightWords,
    ...nightlyParts(1).flatMap((part) => [
      `### ${part.name}, at night`,
      '',
      `${part.law[0]?.toUpperCase()}${part.law.slice(1)}.`,
      '',
      `\`${commandLine(part)}\`: ${part.seed}; at most ${part.budgetMinutes} minutes.`,
      '',
      ...lastRun(parts[part.name]),
    ]),
  ].join('\n');
}

const nightWords = [
  '## Every night',
  '',
  'The tests of a change take a few of everything. `npm run nightly` takes all: the proofs below one after the other, the',
  'short ones first, some twelve hours on two cores in the worst case. `-- --only NAME` runs one, `-- --list` tells them and',
  'runs nothing, `-- --seed 7` begins from other choices where a part is not fixed: night N takes the worlds behind those of',
  'night N - 1. It writes `out/nightly/report.md` for people, `report.json` for programs and a log of each part, anew after',
  'every part; with `--write` what came out stands below.',
  '',
  'How to read it. _held_: it ended well and said its result. _broken_: it ended badly, or it ended well and said no result,',
  'which proves nothing. _over its budget_: it was stopped with all that it had started; on a busy machine run it alone before',
  'you look further. `reconcile` has a law of time as well: beside other work it breaks though every book is right, and says',
  'which law it was. _not run here_: this machine cannot, for the reason it names. The command ends with exit code 1 when a',
  'part is broken, over its budget or was not reached, and names it in the first lines. Begin with the part’s log, then with',
  '_Again_: the same seed is the same plan.',
  '',
] as const;

const codeOf = ({ commits = {} }: KeptRun): string =>
  Object.entries(commits)
    .map(([commit, tried]) => `, ${number(tried)} by commit ${commit}`)
    .join('');

function lastRun(part: KeptPart | undefined): readonly string[] {
  if (part === undefined) return ['Not kept yet.', ''];
  const { commit, cores, minutes, result, seed, verdict } = part;
  return [
    `Last: ${verdict}, commit ${commit}, ${seed}, ${minutes} minutes on ${cores} cores.`,
    '',
    ...(result.length > 0 ? ['```text', ...result, '```', ''] : []),
  ];
}

const faultsShownMax = 10;

const number = (value: number): string => value.toLocaleString('en-US');

function shortfall(name: TierName, run: KeptRun | undefined): readonly string[] {
  const { fullCount, unit } = tiers[name];
  if (run && run.tried >= fullCount) return [];
  return [`- \`${name}\`: ${number(run?.tried ?? 0)} of ${number(fullCount)} ${unit}.`];
}
