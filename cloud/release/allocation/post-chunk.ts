import { sql, type SQL } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { monthNumber } from '#cloud/release/allocation/collect-wants.ts';
import { tieOf } from '#cloud/release/allocation/find-shares.ts';
import {
  chunkPlaces,
  claimChunk,
  ofRun,
  type Chunk,
  type ChunkClaim,
  type ReleaseDay,
} from '#cloud/release/accounts/run-chunks.ts';
import { inRange } from '#cloud/release/accounts/account-ranges.ts';
import { executeMerging } from '#cloud/release/chunks/merge-join.ts';
import { shareOf, type Shares } from '#cloud/release/share-formula.ts';
import { literal } from '#cloud/release/chunks/temporary-table.ts';
import { wholePoints } from '#cloud/release/accounts/whole-points.ts';
import { insertVouchers } from '#cloud/vouchers/issue-vouchers.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import { assert } from '#shared/result/assert.ts';
import { getOrThrow } from '#shared/result/result.ts';

/** What the chunks of an allocated run are posted with. */
export interface PostTerms {
  readonly runId: string;
  readonly shares: Shares;
  readonly wantFenMax: number;
  readonly voucherStem: string;
  /** Last day of use of the vouchers. */
  readonly expiresOn: string;
}

interface Given extends Record<string, unknown> {
  readonly wanted_count: number;
  readonly wanted_fen: number;
  readonly count: number;
  readonly fen: number;
  readonly points: number;
}

/**
 * Posts one chunk: points used, vouchers, and one journal F -> VO of their sum. Every law of the books and the wallets
 * holds when it commits. False when no chunk is left.
 *
 * The wants were read a while ago. An account that is frozen since, or whose due points a refund
 * took below what would be used, is withdrawn: it gets nothing and its part stays in the fund
 * (docs/adr/0016).
 */
export async function postChunk(
  tx: Tx,
  run: ReleaseDay,
  options: {
    readonly terms: PostTerms;
    /** Add up what would be given, and touch nobody's account, voucher or fund. */
    readonly isDry: boolean;
  } & Omit<ChunkClaim, 'state'>,
): Promise<boolean> {
  const chunk = await claimChunk(tx, run, { ...options, state: 'wanted' });
  if (chunk === undefined) return false;
  const { isDry } = options;
  const given = await giveShares(tx, run, { chunk, terms: options.terms, isDry });
  if (given.count < given.wanted_count && !isDry)
    await withdrawRest(tx, run, { chunk, terms: options.terms });
  await tx.execute(sql`
    update release_chunk
       set state = 'posted', given_count = ${given.count}, given_fen = ${given.fen},
           points_used = ${given.points}, withdrawn_fen = ${given.wanted_fen - given.fen}
     where ${ofRun(run)} and chunk_no = ${chunk.chunkNo}`);
  // Last: the fund's balance is one row, locked from here to the end of the transaction.
  if (given.fen > 0 && !isDry) await moveFund(tx, run, { chunk, amountFen: fen(given.fen) });
  return true;
}

interface OfChunk {
  readonly chunk: Chunk;
  readonly terms: PostTerms;
}

async function giveShares(
  tx: Tx,
  run: ReleaseDay,
  { chunk, terms, isDry }: OfChunk & { readonly isDry: boolean },
): Promise<Given> {
  // Who may still be given what he wanted: the row of the account as it is now, locked when it is changed.
  const stillDue = sql`
    a.operator_id = ${run.operatorId} and a.member_id = s.member_id
         and ${inRange(chunk, sql`a.member_id`)} and a.state = 'active'
         and ${wholePoints(sql`a.cum_num`)} - a.released >= s.used`;
  const given = isDry
    ? sql`given as (select s.value, s.used from account_points a, share s where ${stillDue})`
    : givenFor(run, { terms, stillDue });
  const { rows } = await executeMerging<Given>(
    tx,
    sql`
    with share as materialized (${sharesOf(run, { chunk, terms })}),
    ${given}
    select (select count(*) from share) as wanted_count,
           (select coalesce(sum(value), 0) from share) as wanted_fen,
           count(*) as count, coalesce(sum(value), 0) as fen, coalesce(sum(used), 0) as points
      from given`,
  );
  return rows[0]!;
}

/** The shares are used up in the accounts and become vouchers. */
function givenFor(
  run: ReleaseDay,
  { terms, stillDue }: { readonly terms: PostTerms; readonly stillDue: SQL },
): SQL {
  const month = sql`${monthNumber(run.day)}::integer`;
  return sql`
    given as (
      update account_points a
         set released = a.released + s.used, released_fen = a.released_fen + s.value,
             given_month = greatest(a.given_month, ${month}),
             given_fen = case when a.given_month = ${month} then a.given_fen + s.value
                              when a.given_month < ${month} then s.value else a.given_fen end
        from share s
       where ${stillDue}
      returning s.member_id, s.ordinal, s.value, s.used
    ), made as (${insertVouchers(sql`given`, { ...run, ...terms, stem: terms.voucherStem })})`;
}

const sharesOf = (run: ReleaseDay, { chunk, terms }: OfChunk) => {
  const { wantFenMax } = terms;
  const firstOrdinal = literal(chunk.chunkNo * chunkPlaces);
  return sql`
    select member_id, ordinal, value,
           least(due_points, (value * 10000 + mult_bp - 1) / mult_bp) as used
      from (select *, ${shareOf(terms.shares, { wantFenMax, tieOf: tieOf(terms) })} as value
              from (select unnest(members) as member_id, unnest(due_points) as due_points,
                           unnest(want_fen) as want_fen, unnest(most_fen) as most_fen,
                           unnest(mult_bp) as mult_bp,
                           ${firstOrdinal} + generate_series(0, cardinality(members) - 1) as ordinal
                      from release_chunk_want
                     where ${ofRun(run)} and chunk_no = ${chunk.chunkNo}) wants
             -- OFFSET: the share is computed once and not again wherever it is used.
             offset 0) shares
     where value > 0 order by member_id`;
};

/** Whoever has no voucher of the run now was withdrawn. */
async function withdrawRest(tx: Tx, run: ReleaseDay, { chunk, terms }: OfChunk): Promise<void> {
  await tx.execute(sql`
    insert into release_withdrawn (operator_id, period, day, member_id)
    select ${run.operatorId}, ${run.period}, ${run.day}::date, member_id
      from (${sharesOf(run, { chunk, terms })}) s
     where not exists (
       select from voucher v where v.operator_id = ${run.operatorId}
          and v.voucher_id = voucher_id_at(${terms.voucherStem}, s.ordinal))`);
}

async function moveFund(
  tx: Tx,
  run: ReleaseDay,
  { chunk, amountFen }: { readonly chunk: Chunk; readonly amountFen: Fen },
): Promise<void> {
  const { operatorId, period, day } = run;
  const posted = await postJournals(tx, [
    {
      operatorId,
      merchantId: null,
      idemKey: `release:${period}:${day}:${chunk.chunkNo}`,
      kind: 'release',
      // The moment at which the day was over.
      eventAtMs: dayStartMs(addDays(day, 1)),
      legs: [
        { account: 'fund_free', amountFen: fen(-amountFen) },
        { account: 'voucher_outstanding', amountFen },
      ],
    },
  ]);
  const { postedCount } = getOrThrow(posted);
  assert(postedCount === 1, () => `chunk ${chunk.chunkNo} of ${day} is in the books already`);
}
