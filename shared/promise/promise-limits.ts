import type { PromiseLimits } from '#shared/wire/v1/terminals.ts';

/**
 * As the platform delivers them: 200 yuan a promise, 2,000 yuan and 50 promises outside at once, for 24 hours after the
 * last contact. Amounts in fen. They are the bound too: an owner sets his own below it. The loss is the shop's own.
 */
export const defaultPromiseLimits: PromiseLimits = {
  version: 1,
  perPromiseFen: 20_000,
  openFen: 200_000,
  openCount: 50,
  windowMs: 24 * 3_600_000,
};
