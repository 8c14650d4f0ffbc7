import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { readOptions, refuseWord, seedMax } from '../read-options.ts';
import { runFuzz } from './fuzz-run.ts';
import { fuzzTargets } from './targets.ts';

/**
 * npm run fuzz -- [--inputs 10000000] [--seed 1] [--target NAME]
 * Feeds every parser of foreign bytes random and mutated inputs: none may throw, hold more than its limit, or stay out
 * of step for longer than one frame. Exit 1 at the first that does, with the inputs that did it.
 */
const usage =
  'npm run fuzz -- [--inputs 10000000] [--seed 1] [--target NAME]\n' +
  `targets: ${fuzzTargets.map(({ name }) => name).join(', ')}`;
const values = readOptions(usage, {
  inputs: { type: 'whole', min: 1, max: 1_000_000_000_000, default: 10_000_000 },
  seed: { type: 'whole', min: 0, max: seedMax, default: 1 },
  target: { type: 'text' },
});
const inputCount = values.inputs;
const chosen = fuzzTargets.filter(({ name }) => (values.target ?? name) === name);
if (chosen.length === 0) refuseWord(usage, `'--target ${values.target}' is no target`);
for (const target of chosen) {
  const startedMs = performance.now();
  const report = runFuzz(target, inputCount, createSeededRandom(values.seed));
  const seconds = (performance.now() - startedMs) / 1_000;
  const { failure } = report;
  process.stdout.write(
    `${failure === null ? 'ok  ' : 'FAIL'} ${target.name.padEnd(24)} ${report.inputCount} inputs, ` +
      `${report.foundCount} recognised, held at most ${report.heldPeak} of ${target.heldMax}, ` +
      `${report.recoveryCount} recoveries, ${seconds.toFixed(1)} s\n`,
  );
  if (failure === null) continue;
  process.stdout.write(
    `${failure.law} at input ${failure.inputNumber}: ${failure.detail}\n${failure.inputs.join('\n')}\n`,
  );
  process.exitCode = 1;
}
