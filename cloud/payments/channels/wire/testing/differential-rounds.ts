/**
 * Random cases against another implementation: 500 in every test run, 10,000 by
 * `npm run differential`.
 */
export const differentialRounds =
  process.env['npm_lifecycle_event'] === 'differential' ? 10_000 : 500;

export const differentialTimeoutMs = 600_000;
