import { sql } from 'drizzle-orm';
import type { MerchantId } from '#shared/ids/ids.ts';
import { fen, negateFen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import { journalBatchMax } from '#cloud/ledger/posting.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { OpenBill } from '#cloud/reconciliation/store-rows.ts';

export const feeKind = 'channel-fee';

/**
 * What the channel kept, as lines of their own: one journal per merchant and bill, out of what lies at the channel. A
 * later version of the bill books the difference to the one before. Fees are booked as the channel took them, also
 * where they are not what was agreed: that is a break, and the channel gives it back on a later bill.
 */
export async function bookFees(tx: Tx, bill: OpenBill): Promise<void> {
  for (let after = ''; ;) {
    const { rows } = await tx.execute<{ merchant_id: MerchantId; fee_fen: number }>(sql`
      select merchant_id, sum(case when bill_no = ${bill.billNo} then fee_fen else -fee_fen end)::bigint
               as fee_fen
        from bill_total
       where operator_id = ${bill.operatorId} and merchant_id > ${after}
         and bill_no in (
           select bill_no from bill
            where operator_id = ${bill.operatorId} and channel = ${bill.channel}
              and account = ${bill.account} and bill_date = ${bill.date}::date
            order by version desc limit 2)
       group by merchant_id order by merchant_id limit ${journalBatchMax}`);
    const journals = rows.flatMap((row) => {
      const feeFen = fen(row.fee_fen);
      if (feeFen === 0) return [];
      return [
        {
          operatorId: bill.operatorId,
          merchantId: row.merchant_id,
          idemKey: `${feeKind}:${bill.billNo}`,
          kind: feeKind,
          eventAtMs: bill.nowMs,
          legs: [
            { account: 'channel_clearing', amountFen: feeFen },
            { account: 'channel_fee', amountFen: negateFen(feeFen) },
          ] as const,
        },
      ];
    });
    const posted = await postJournals(tx, journals);
    assert(posted.ok, () => `the books refused the fees of a bill: ${JSON.stringify(posted)}`);
    if (rows.length < journalBatchMax) return;
    after = rows.at(-1)?.merchant_id ?? '';
  }
}
