import { defineConfig } from 'vitest/config';
import { createSummaryReporter } from './.ci/summary-reporter.ts';

export default defineConfig({
  test: {
    include: ['**/*.test.ts', '**/*.test.tsx'],
    exclude: ['node_modules', 'out', '.data'],
    pool: 'forks',
    globalSetup: ['cloud/platform/testing/test-cluster.ts'],
    reporters: ['default', createSummaryReporter()],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
