// npm run check: everything that must hold before a change lands, in order, stopping at the first failure.
import { spawnSync } from 'node:child_process';

/** @type {readonly [string, string, readonly string[]][]} */
const steps = [
  ['types', 'tsc', ['-b']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['dead code', 'knip', ['--no-progress']],
  ['tests, tidy, docs', 'vitest', ['run']],
];

// `--static` leaves the tests out: CI runs those through `npm test`, as the README says.
const wanted = process.argv.includes('--static') ? steps.slice(0, -1) : steps;

for (const [name, command, args] of wanted) {
  const startedMs = performance.now();
  process.stdout.write(`\n== ${name}: ${command} ${args.join(' ')}\n`);
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error(`\ncheck failed at: ${name}`);
    process.exit(status ?? 1);
  }
  console.log(`   ok in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}
console.log('\ncheck passed');
