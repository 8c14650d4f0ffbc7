import { sql, type SQL } from 'drizzle-orm';
import type { Theta } from '#shared/points/release/water-fill.ts';

/** What an account's part of a day follows from, besides what it wants: docs/points.md 2.7 step 5. */
export interface Shares {
  readonly theta: Theta;
  /** Remainders above it get one odd fen; those equal to it get one up to `tie`. */
  readonly oddRemainder: bigint;
  /** md5 of run and member, then the member: the last of the equal ones that gets an odd fen. */
  readonly tie: string;
}

/**
 * Numbers below it multiply and divide exactly in a bigint of PostgreSQL; others need numeric, at
 * ten times the cost.
 */
const bigintLimit = 2n ** 62n;

/**
 * The arithmetic of one theta over the columns `want` and `most` (release_want.want_fen and most_fen): the same as
 * waterFill in shared/points, exact in whole numbers. `wantFenMax` is the largest want of the run.
 */
export function shareFormula(input: {
  readonly theta: Theta;
  readonly wantFenMax: number;
  readonly want: SQL;
  readonly most: SQL;
}): { readonly isCapped: SQL; readonly base: SQL; readonly remainder: SQL } {
  const { num, den } = input.theta;
  const largest = BigInt(input.wantFenMax) * (num > den ? num : den);
  const isSmall = largest < bigintLimit;
  const type = isSmall ? sql`bigint` : sql`numeric`;
  const [want, most] = [sql`${input.want}::${type}`, sql`${input.most}::${type}`];
  const [above, below] = [sql`${wholeNumber(num)}::${type}`, sql`${wholeNumber(den)}::${type}`];
  return {
    isCapped: sql`(${most} * ${below} < ${want} * ${above})`,
    base: isSmall
      ? sql`(${want} * ${above} / ${below})`
      : sql`div(${want} * ${above}, ${below})::bigint`,
    remainder: sql`mod(${want} * ${above}, ${below})`,
  };
}

/**
 * The whole part with its odd fen. The function release_share of the database says the same for one account;
 * share-formula.test.ts holds both equal.
 */
export function shareOf(
  shares: Shares,
  run: { readonly wantFenMax: number; readonly tieOf: SQL },
): SQL {
  const [want, most] = [sql`want_fen`, sql`most_fen`];
  const formula = shareFormula({ theta: shares.theta, wantFenMax: run.wantFenMax, want, most });
  const odd = wholeNumber(shares.oddRemainder);
  return sql`case when ${formula.isCapped} then most_fen
    else ${formula.base} + case
      when ${formula.remainder} > ${odd} then 1
      when ${formula.remainder} < ${odd} then 0
      when (${run.tieOf}) collate "C" <= ${shares.tie} collate "C" then 1
      else 0 end
    end`;
}

/** Written into the statement: it has no type that could be guessed wrongly. */
export const wholeNumber = (value: bigint): SQL => sql.raw(String(value));
