import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { readOptions } from '../read-options.ts';
import { runFuzz } from './fuzz-run.ts';
import { fuzzTargets } from './targets.ts';

/**
 * npm run fuzz -- [--inputs 10000000] [--seed 1] [--target NAME]
 * Feeds every parser of foreign bytes random and mutated inputs: none may throw, hold more than its limit, or stay out
 * of step for longer than one frame. Exit 1 at the first that does, with the inputs that did it.
 */
const values = readOptions(
  'npm run fuzz -- [--inputs 10000000] [--seed 1] [--target NAME]\n' +
    `targets: ${fuzzTargets.map(({ name }) => name).join(', ')}`,
  {
    inputs: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
  },
);
const inputCount = Number(values.inputs);
const chosen = fuzzTargets.filter(({ name }) => (values.target ?? name) === name);
if (chosen.length === 0 || !Number.isSafeInteger(inputCount) || inputCount < 1) {
  process.stderr.write(`targets: ${fuzzTargets.map(({ name }) => name).join(', ')}\n`);
  process.exit(1);
}
for (const target of chosen) {
  const startedMs = performance.now();
  const report = runFuzz(target, inputCount, createSeededRandom(Number(values.seed)));
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
