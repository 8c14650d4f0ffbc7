import * as fc from 'fast-check';
import { idFromUlidBytes } from '#shared/ids/ulid-bytes.ts';
import type { IdOf, IdPrefix } from '#shared/ids/ids.ts';
import { fen, orderAmountFenMax, type Fen } from '#shared/money/fen.ts';

/** What property tests draw from. */
export const orderAmounts: fc.Arbitrary<Fen> = fc
  .integer({ min: 1, max: orderAmountFenMax })
  .map(fen);

/** Ids of one kind, any 128 bits. */
export const ids = <P extends IdPrefix>(prefix: P): fc.Arbitrary<IdOf[P]> =>
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => idFromUlidBytes(prefix, bytes));

/** Moments of 2020..2100 in wall milliseconds. */
export const wallMoments: fc.Arbitrary<number> = fc.integer({
  min: 1_577_836_800_000,
  max: 4_102_444_800_000,
});
