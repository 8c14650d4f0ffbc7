import type { Caps } from '#shared/wire/v1/terminals.ts';

export type CapsEdition = Omit<Caps, 'issuedAtMs'>;

const dayMs = 24 * 3_600_000;
const small = { perPaymentFen: 5_000, perMemberFen: 10_000, perMemberCount: 3 };

/**
 * Every edition of the offline caps that was ever signed, in the order of their versions, from 1. A
 * shipped edition is never edited: a sale is judged by the one that its till had. A change is a new
 * edition at the end. Amounts in fen. Source of the figures: offline limits in use elsewhere (UPI
 * Lite X 500 rupees, static code 500 yuan a day, Square 24 h).
 */
export const capsEditions: readonly [CapsEdition, ...CapsEdition[]] = [
  {
    version: 1,
    perPaymentFen: 20_000,
    perMemberFen: 30_000,
    perMemberCount: 3,
    shopUnsyncedFen: 500_000,
    windowMs: 2 * dayMs,
  },
  { version: 2, ...small, shopUnsyncedFen: 50_000, windowMs: dayMs },
  { version: 3, ...small, shopUnsyncedFen: 50_000, shopUnsyncedCount: 30, windowMs: dayMs },
  {
    version: 4,
    ...small,
    shopUnsyncedFen: 50_000,
    shopUnsyncedCount: 30,
    windowMs: dayMs,
    // Whoever holds a bearer code can pay with it, and nothing proves who did.
    bearer: { perPaymentFen: 4_000, perMemberFen: 8_000, perMemberCount: 2 },
    onlineOneIn: 10,
    guaranteedFen: 5_000,
  },
];
