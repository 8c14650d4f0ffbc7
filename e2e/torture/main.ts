import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { reliabilityPage, type KeptRun, type KeptRuns } from './report.ts';
import { isClean } from './tier.ts';
import { tierNames, tiers, type TierName } from './tiers.ts';

/**
 * npm run torture -- [--only NAME]… [--count N] [--seed 1] [--write]
 * Runs each tier (or those named) at the size of a long run (or N times), prints tried, lost and doubled. With --write the
 * results go into docs/reliability.json and docs/reliability.md. Exit 1 when anything was lost, doubled or broken; a tier
 * that this machine cannot run is said by name and left out.
 */
const docs = path.resolve(import.meta.dirname, '../../docs');
const jsonFile = path.join(docs, 'reliability.json');
const pageFile = path.join(docs, 'reliability.md');
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    count: { type: 'string' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const strangers = values.only.filter((name) => !(name in tiers));
if (strangers.length > 0) {
  say(`no such tier: ${strangers.join(', ')}; there are ${tierNames.join(', ')}`);
  process.exit(2);
}
const wanted = tierNames.filter((name) => values.only.length === 0 || values.only.includes(name));
let isGreen = true;
for (const name of wanted) isGreen = (await torture(name)) && isGreen;
process.exitCode = isGreen ? 0 : 1;

async function torture(name: TierName): Promise<boolean> {
  const tier = tiers[name];
  const why = tier.missing();
  if (why !== undefined) {
    say(`${name} NOT RUN on this machine: ${why}`);
    return true;
  }
  const count = Number(values.count ?? tier.fullCount);
  const seed = Number(values.seed);
  if (!Number.isInteger(count) || count < 1) throw new RangeError('--count is a whole number');
  say(`${name}: ${tier.title}; ${count} ${tier.unit}, seed ${seed}`);
  const startedMs = performance.now();
  const outcome = await tier.run({ count, seed, say });
  const durationSeconds = Math.round((performance.now() - startedMs) / 1_000);
  const { tried, acknowledged, lost, doubled, faults } = outcome;
  say(
    `${name}: tried ${tried} ${tier.unit}, ${acknowledged} sales acknowledged, lost ${lost}, doubled ${doubled}, ` +
      `faults ${faults.length}, ${durationSeconds} s`,
  );
  for (const fault of faults) say(`BROKEN ${fault}`);
  if (values.write) await keep(name, { ...outcome, seed, durationSeconds, ...here() });
  return isClean(outcome);
}

function here(): Pick<KeptRun, 'date' | 'machine'> {
  const [cpu] = cpus();
  const model = cpu?.model.trim().replaceAll(/\s+/g, ' ') ?? 'unknown processor';
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${model}, ${process.platform} ${release()}, Node ${process.versions.node}`,
  };
}

/** Puts one run into the kept ones, and writes the page anew. */
async function keep(name: TierName, run: KeptRun): Promise<void> {
  const kept = existsSync(jsonFile) ? (JSON.parse(readFileSync(jsonFile, 'utf8')) as KeptRuns) : {};
  const runs = { ...kept, [name]: run };
  const style = await resolveConfig(pageFile);
  const dress = (text: string, parser: string): Promise<string> =>
    format(text, { ...style, parser });
  writeFileSync(jsonFile, await dress(JSON.stringify(runs), 'json'));
  writeFileSync(pageFile, await dress(reliabilityPage(runs), 'markdown'));
}
