import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readOptions, refuseWord, seedMax } from '../read-options.ts';
import { planOf } from './crew/plan-of.ts';
import { plantedBugs } from './planted/catalogue.ts';
import { openSimBench } from './crew/sim-bench.ts';
import { runCrew } from './crew/sim-crew.ts';
import type { SeedVerdict } from './crew/sim-worker.ts';
import { isBad, openVerdictBook } from './crew/verdict-book.ts';

/**
 * `npm run sim -- --seed 7` runs one seed and prints its trace; `--seeds 1..10000` runs a range on
 * all cores, notes each verdict in `--out` under the name of the plan (the code it belongs to) and
 * goes on where that plan stopped; `--steps` is the number of customers per till; `--planted name`
 * puts a bug in and stops at the first seed that catches it, `--planted all` does so for each bug.
 */
const usage =
  'npm run sim -- [--seed N | --seeds A..B] [--steps 4] [--planted BUG|all] [--workers N] [--out FOLDER]';
const values = readOptions(usage, {
  seed: { type: 'whole', min: 0, max: seedMax },
  seeds: { type: 'text', default: '1..10000' },
  steps: { type: 'whole', min: 1, max: 1_000, default: 4 },
  planted: { type: 'text' },
  workers: { type: 'whole', min: 1, max: 256, default: availableParallelism() },
  out: { type: 'text', default: join('out', 'sim') },
});
const { steps, workers } = values;
/** Within so many seeds a planted bug must be caught. */
const plantedSeedsMax = 200;
const reportEvery = 50;

function rangeOf(text: string): readonly [number, number] {
  const [, first = '', last = first] = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/u.exec(text) ?? [];
  if (first === '' || Number(last) < Number(first))
    refuseWord(usage, `'--seeds ${text}': A..B is wanted, two whole numbers, A no larger than B`);
  return [Number(first), Number(last)];
}

/** The bugs that are meant; a name that is none ends the command before anything is started. */
function bugsNamed(name: string): readonly string[] {
  const all = plantedBugs.map((bug) => bug.name);
  if (name !== 'all' && !all.includes(name))
    refuseWord(usage, `'--planted ${name}' is no planted bug; there are ${all.join(', ')}`);
  return name === 'all' ? all : [name];
}

async function runOne(seed: number, planted: string | undefined): Promise<boolean> {
  const bench = await openSimBench();
  try {
    const { trace, log, sales, virtualMs, traceHash, violations } = await bench.run({
      seed,
      steps,
      planted,
    });
    console.log(trace.join('\n'));
    for (const line of log) console.log(`log ${line}`);
    for (const { oracle, detail } of violations) console.log(`FAILED ${oracle}: ${detail}`);
    console.log(`seed ${seed}: ${sales.length} sales, ${virtualMs} virtual ms, trace ${traceHash}`);
    return violations.length === 0;
  } finally {
    await bench.close();
  }
}

const nowMs = (): number => performance.now();

async function runRange([first, last]: readonly [number, number]): Promise<boolean> {
  const plan = planOf();
  const book = openVerdictBook({ folder: values.out, plan, steps, first, last, nowMs });
  console.log(`plan ${plan}, ${book.doneCount()} seeds known, verdicts in ${book.file}`);
  let seed = first - 1;
  await runCrew({
    workers,
    next: () => {
      do seed += 1;
      while (book.has(seed));
      return seed > last ? undefined : { seed, steps, planted: undefined };
    },
    told: (verdict) => {
      const { task, violations, broken } = verdict;
      for (const { oracle, detail } of violations)
        console.log(`seed ${task.seed}: ${oracle}: ${detail}`);
      if (broken !== undefined) console.log(`seed ${task.seed} fell over: ${broken}`);
      book.enter(verdict);
      if (book.doneCount() % reportEvery === 0)
        console.log(
          `${book.doneCount()} of ${last - first + 1}, ${book.failedSeeds().length} failed`,
        );
    },
  });
  console.log(`${book.doneCount()} seeds, failed: ${book.failedSeeds().join(' ') || 'none'}`);
  return book.failedSeeds().length === 0;
}

/** How many seeds it takes, from seed 1 on, until an oracle sees the bug. */
async function seedsUntilCaught(planted: string): Promise<boolean> {
  let seed = 0;
  let caught: SeedVerdict | undefined;
  await runCrew({
    workers,
    next: () => {
      seed += 1;
      return caught || seed > plantedSeedsMax ? undefined : { seed, steps, planted };
    },
    told: (verdict) => {
      if (isBad(verdict) && (caught === undefined || verdict.task.seed < caught.task.seed))
        caught = verdict;
    },
  });
  const first = caught?.violations[0];
  console.log(
    caught === undefined
      ? `${planted}: not caught within ${plantedSeedsMax} seeds`
      : `${planted}: caught at seed ${caught.task.seed} by "${first?.oracle ?? caught.broken}": ${first?.detail ?? ''}`,
  );
  return caught !== undefined;
}

async function runPlanted(names: readonly string[]): Promise<boolean> {
  let all = true;
  for (const one of names) all = (await seedsUntilCaught(one)) && all;
  return all;
}

const planted = values.planted === undefined ? undefined : bugsNamed(values.planted);
const range = rangeOf(values.seeds);
if (values.seed !== undefined && values.planted === 'all')
  refuseWord(usage, "'--planted all' goes with no single '--seed'");
const isClean =
  values.seed !== undefined
    ? await runOne(values.seed, values.planted)
    : planted !== undefined
      ? await runPlanted(planted)
      : await runRange(range);
process.exit(isClean ? 0 : 1);
