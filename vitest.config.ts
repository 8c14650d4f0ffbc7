import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts', '**/*.test.tsx'],
    exclude: ['node_modules', 'out', '.data'],
    pool: 'forks',
    globalSetup: ['cloud/platform/testing/test-cluster.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
