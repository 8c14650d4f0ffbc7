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
    '# Reliability',
    '',
    '<!-- Written by `npm run torture -- --write` and `npm run nightly -- --write` from docs/reliability.json and',
    'docs/nightly.json: do not edit. -->',
    '',
    'What was tried to make the system lose or double a sale, and what came of it.',
    '',
    'These runs use real processes, real files and a real PostgreSQL. [e2e/torture/README.md](../e2e/torture/README.md) describes',
    'the method and what each tier cannot show. `npm run torture` repeats all of it; `-- --resume` continues a run that was stopped.',
    '',
    '- _Acknowledged_: sales answered as stored.',
    '- _Lost_: acknowledged sales that were missing afterwards.',
    '- _Doubled_: sales that were there twice.',
    '- _Faults_: anything else that must not happen: a broken hash chain, a file that does not open, a total that is off.',
    '',
    'Beside it, a deterministic simulator judges thousands of shops with simulated clocks, networks and disks, each from one seed:',
    '[e2e/sim/README.md](../e2e/sim/README.md#numbers) has its seeds and what they found.',
    '',
    '| Tier | What | Tried | Acknowledged | Lost | Doubled | Faults |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## Tier by tier: what was done, and what it found',
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
      `Repeat it: \`npm run torture -- --only ${name}${run.seed === 1 ? '' : ` --seed ${run.seed}`}\` (run on ${run.cores} cores${codeOf(run)}).`,
      '',
    ]),
    '## Not run at full size',
    '',
    ...(missing.length === 0 ? ['Nothing: every tier above ran at full size.'] : missing),
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
  'The tests of a change take a small sample of everything. `npm run nightly` takes it all: the proofs below, one after the other,',
  'the short ones first, about twelve hours on two cores in the worst case. `-- --only NAME` runs one; `-- --list` lists them and',
  'runs nothing; `-- --seed 7` varies the random choices where a part has any: night N continues with the worlds after those of',
  'night N - 1. After every part it rewrites `out/nightly/report.md` for people and `report.json` for programs, with a log per part;',
  'with `--write` the results appear below.',
  '',
  'How to read a verdict:',
  '',
  '- _held_: it finished and reported its result.',
  '- _broken_: it failed, or it finished without reporting a result, which proves nothing.',
  '- _over its budget_: it was stopped, with everything it had started. On a busy machine, run it alone before you look further.',
  '- _not run here_: this machine cannot, for the reason given.',
  '',
  '`reconcile` also has a time limit: beside other work it breaks even if every book is right, and says which law it was. The',
  'command exits with 1 if a part is broken, over its budget or was not reached, and names it in its first lines. Start with that',
  'part’s log, then repeat it: the same seed gives the same plan.',
  '',
] as const;

const codeOf = ({ commits = {} }: KeptRun): string =>
  Object.entries(commits)
    .map(([commit, tried]) => `, ${number(tried)} by commit ${commit}`)
    .join('');

function lastRun(part: KeptPart | undefined): readonly string[] {
  if (part === undefined) return ['No result kept yet.', ''];
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
