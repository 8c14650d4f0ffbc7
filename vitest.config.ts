import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { createSummaryReporter } from './.ci/summary-reporter.ts';

/** Most of the long tests wait, for a timer, a browser or a disk: a second one has room even beside the database. */
const workersMin = 2;

export default defineConfig({
  test: {
    include: ['**/*.test.ts', '**/*.test.tsx'],
    exclude: ['node_modules', 'out', '.data'],
    pool: 'forks',
    maxWorkers: Math.max(workersMin, availableParallelism()),
    globalSetup: ['cloud/platform/testing/test-cluster.ts'],
    reporters: ['default', createSummaryReporter()],
    testTimeout: 20_000,
    hookTimeout: 120_000,
    // What comes, comes: on two cores that others use as well it may take longer than the second of the tool.
    expect: { poll: { timeout: 10_000 } },
  },
});
