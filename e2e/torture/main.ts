import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { commitOf } from '../commit.ts';
import { readOptions, refuseWord, seedMax } from '../read-options.ts';
import { keep } from '../reliability/keep.ts';
import type { KeptRun } from '../reliability/page.ts';
import {
  addCounts,
  addOutcomes,
  isClean,
  nothingTried,
  type Tier,
  type TierOutcome,
} from './tier.ts';
import { tierNames, tiers, type TierName } from './tiers.ts';

/**
 * npm run torture -- [--only NAME]… [--count N] [--seed 1] [--resume] [--write]
 * Runs each tier (or those named) at the size of a long run (or N times), prints tried, lost and
 * doubled. With --write the results go into docs/reliability.json and docs/reliability.md; with
 * --resume a run that was stopped goes on after its last whole part. Exit 1 when anything was lost,
 * doubled or broken: the tier stops there; a tier that this machine cannot run is said by name and
 * left out.
 */
const root = path.resolve(import.meta.dirname, '../..');
const partsFolder = path.join(root, 'out/torture');
/** Seeds of the parts of one run lie so far apart. */
const partSeedStep = 1_000;
const usage =
  'npm run torture -- [--only TIER]… [--count N] [--seed 1] [--resume] [--write]\n' +
  `tiers: ${tierNames.join(', ')}`;
const values = readOptions(usage, {
  only: { type: 'texts' },
  count: { type: 'whole', min: 1, max: 10_000_000 },
  seed: { type: 'whole', min: 0, max: seedMax, default: 1 },
  resume: { type: 'flag' },
  write: { type: 'flag' },
});
const { seed } = values;
const commit = commitOf(root);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const strangers = values.only.filter((name) => !Object.hasOwn(tiers, name));
if (strangers.length > 0) refuseWord(usage, `'--only ${strangers.join(', ')}' is no tier`);
const wanted = tierNames.filter((name) => values.only.length === 0 || values.only.includes(name));
let isGreen = true;
for (const name of wanted) isGreen = (await torture(name)) && isGreen;
process.exitCode = isGreen ? 0 : 1;

async function torture(name: TierName): Promise<boolean> {
  const tier: Tier = tiers[name];
  const why = tier.missing();
  if (why !== undefined) {
    say(`${name} NOT RUN on this machine: ${why}`);
    return true;
  }
  const count = values.count ?? tier.fullCount;
  say(`${name}: ${tier.title}; ${count} ${tier.unit}, seed ${seed}`);
  const startedMs = performance.now();
  const outcome = await runParts(name, count);
  const { tried, acknowledged, lost, doubled, faults } = outcome;
  say(
    `${name}: tried ${tried} ${tier.unit}, ${acknowledged} sales acknowledged, lost ${lost}, doubled ${doubled}, ` +
      `faults ${faults.length}, ${Math.round((performance.now() - startedMs) / 1_000)} s. ${tier.note(outcome.counts)}`,
  );
  return isClean(outcome);
}

/** Part by part; each is kept before the next begins. A part that is not clean ends the run. */
async function runParts(name: TierName, count: number): Promise<TierOutcome> {
  const { partCount = count, run }: Tier = tiers[name];
  const file = path.join(partsFolder, `${name}-${seed}-${partCount}.json`);
  if (!values.resume) rmSync(file, { force: true });
  let all: KeptRun = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as KeptRun)
    : { ...nothingTried, seed, cores: cpus().length };
  if (all.tried > 0) say(`  ${all.tried} are done already`);
  for (let part = Math.ceil(all.tried / partCount); all.tried < count; part += 1) {
    const size = Math.min(partCount, count - all.tried);
    const outcome = await run({ count: size, seed: seed + part * partSeedStep, say });
    const commits = addCounts(all.commits ?? {}, { [commit]: outcome.tried });
    all = { ...all, ...addOutcomes(all, outcome), commits };
    for (const fault of outcome.faults) say(`BROKEN in part ${part}: ${fault}`);
    if (values.write) await keep({ runs: { [name]: all } });
    // What is broken must be looked at, and what ran less often than it was asked to would run for ever.
    if (!isClean(outcome) || outcome.tried < size) return all;
    mkdirSync(partsFolder, { recursive: true });
    writeFileSync(file, JSON.stringify(all));
    if (all.tried < count) say(`  ${name}: ${all.tried} of ${count}`);
  }
  if (values.write) await keep({ runs: { [name]: all } });
  return all;
}
