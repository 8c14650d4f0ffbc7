import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { isFrozenNow } from '#cloud/review/frozen-member.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';
import { getOrThrow } from '#shared/result/result.ts';

/**
 * Ends the vouchers whose last day is before `today` (YYYY-MM-DD): what is left of them returns to
 * the fund, VO -> F. A frozen member's are kept: he gets the days back when he is thawed. What is
 * set aside for an order under way stays until that order is decided. A second call the same day
 * finds only what was given back since.
 */
export async function expireVouchers(
  tx: Tx,
  options: { readonly operatorId: OperatorId; readonly today: string },
): Promise<{ readonly vouchers: number; readonly backToFundFen: Fen }> {
  const { operatorId, today } = options;
  // Locked by a statement of its own: one that locks and updates at once sees a voucher half as it was before the order
  // that it waited for. What an order holds at this moment is left for the next call, so that nobody waits in a ring.
  const locked = await tx.execute<{ voucher_id: string }>(sql`
    select voucher_id from voucher
     where operator_id = ${operatorId} and left_fen > 0 and expires_on < ${today}::date
       and not ${isFrozenNow(operatorId, sql`voucher.member_id`)}
     order by voucher_id for update skip locked`);
  const ids = locked.rows.map((row) => row.voucher_id);
  const { rows } = await tx.execute<{ vouchers: number; fen: number; digest: string }>(sql`
    with due as (
      -- A voucher can end twice on one day, when an order gave a part back in between.
      select voucher_id, left_fen, ${today} || ':' || expired_fen as ref from voucher
       where operator_id = ${operatorId} and left_fen > 0
         and voucher_id = any(${sql.param(ids)}::text[])
    ), ended as (
      update voucher v set left_fen = 0, expired_fen = v.expired_fen + due.left_fen
        from due where v.operator_id = ${operatorId} and v.voucher_id = due.voucher_id
    ), entries as (
      insert into voucher_entry (operator_id, voucher_id, kind, ref, amount_fen)
      select ${operatorId}, voucher_id, 'expired', ref, -left_fen from due
    )
    select count(*) as vouchers, coalesce(sum(left_fen), 0) as fen,
           md5(coalesce(string_agg(voucher_id || ':' || ref, ',' order by voucher_id collate "C"), '')) as digest
      from due`);
  const { vouchers, fen: amount, digest } = rows[0]!;
  const backToFundFen = fen(amount);
  if (backToFundFen > 0)
    getOrThrow(
      await postJournals(tx, [
        {
          operatorId,
          merchantId: null,
          // The set of vouchers names the journal: a second run on one day has other vouchers.
          idemKey: `voucher-expiry:${today}:${digest}`,
          kind: 'voucher-expiry',
          eventAtMs: dayStartMs(today),
          legs: [
            { account: 'voucher_outstanding', amountFen: fen(-backToFundFen) },
            { account: 'fund_free', amountFen: backToFundFen },
          ],
        },
      ]),
    );
  return { vouchers, backToFundFen };
}
