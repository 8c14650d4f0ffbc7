import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { tieOf } from '#cloud/release/allocation/find-shares.ts';
import { shareOf } from '#cloud/release/share-formula.ts';

const database = useTestDatabase();
const runId = '2026-03/d05';
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

interface Account {
  readonly member: string;
  readonly want: bigint;
  readonly most: bigint;
}

interface Run {
  readonly num: bigint;
  readonly den: bigint;
  readonly odd: bigint;
  readonly tie: string;
}

/** docs/points.md 2.7 step 5 in the words of arithmetic: an implementation of its own. */
function expected({ member, want, most }: Account, { num, den, odd, tie }: Run): bigint {
  if (most * den < want * num) return most;
  const remainder = (want * num) % den;
  const gets =
    remainder > odd || (remainder === odd && `${md5(`${runId}:${member}`)}${member}` <= tie);
  return (want * num) / den + (gets ? 1n : 0n);
}

/** The chunks' expression and the database's function over the same accounts. */
async function sharesBy(accounts: readonly Account[], run: Run) {
  const rows = accounts.map(({ member, want, most }) => ({
    member_id: member,
    want_fen: String(want),
    most_fen: String(most),
  }));
  const { num, den, odd, tie } = run;
  const wantFenMax = Number(accounts.reduce((max, { want }) => (want > max ? want : max), 0n));
  const shares = { theta: { num, den }, oddRemainder: odd, tie };
  const { rows: found } = await database.db.execute<{ formula: string; stored: string }>(sql`
    select (${shareOf(shares, { wantFenMax, tieOf: tieOf({ runId }) })})::text as formula,
           release_share(want_fen, most_fen, ${String(num)}::numeric, ${String(den)}::numeric,
             ${String(odd)}::numeric, ${tie}, ${`${runId}:`}, member_id)::text as stored
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r(member_id text, want_fen bigint, most_fen bigint)`);
  return found;
}

const accountsUpTo = (wantMax: bigint) =>
  fc.array(
    fc
      .tuple(fc.bigInt({ min: 1n, max: wantMax }), fc.integer({ min: 1, max: 1000 }))
      .map(([want, part]) => ({ want, most: (want * BigInt(part)) / 1000n })),
    { minLength: 1, maxLength: 20 },
  );

describe('an account’s share as an expression and as a function', () => {
  it.each([
    { of: 'numbers of every day', wantMax: 1_000_000n, denMax: 10_000_000_000n },
    { of: 'products around 62 bits', wantMax: 4_000_000_000n, denMax: 2_000_000_000n },
    { of: 'products far beyond 64 bits', wantMax: 10n ** 15n, denMax: 10n ** 16n },
  ])('is the same and exact: $of', async ({ wantMax, denMax }) => {
    await fc.assert(
      fc.asyncProperty(
        accountsUpTo(wantMax),
        fc.bigInt({ min: 2n, max: denMax }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 0, max: 19 }),
        async (drawn, den, millionths, tieAt) => {
          const num = (den * BigInt(millionths)) / 1_000_000n || 1n;
          const accounts = drawn.map((one, index) => ({ ...one, member: `mbr_${index}` }));
          // The remainder of one of them is the last that gets an odd fen, so that ties are met.
          const last = accounts[tieAt % accounts.length]!;
          const odd = (last.want * num) % den || 1n;
          const tie = `${md5(`${runId}:${last.member}`)}${last.member}`;
          const run = { num, den, odd, tie };
          const right = accounts.map((account) => String(expected(account, run)));
          const found = await sharesBy(accounts, run);
          expect(found.map(({ formula }) => formula)).toEqual(right);
          expect(found.map(({ stored }) => stored)).toEqual(right);
        },
      ),
      { numRuns: 40 },
    );
  });
});
