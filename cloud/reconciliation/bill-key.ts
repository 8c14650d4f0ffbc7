import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { OperatorId } from '#shared/ids/ids.ts';
import { addDays } from '#shared/time/calendar-day.ts';
import type { BillRow } from '#cloud/channel/channel-bill.ts';
import type { Tx } from '#cloud/platform/db.ts';

/** What names the bill of a day. */
export interface BillDay {
  readonly operatorId: OperatorId;
  readonly channel: string;
  /** The merchant's number at the channel, or the empty text for our whole account. */
  readonly account: string;
  /** Shanghai day, YYYY-MM-DD. */
  readonly date: string;
}

/** Digest of a bill's lines in neutral words: another packing, or another hour of export, is the same bill. */
export function createBillDigest(): {
  readonly add: (row: BillRow) => void;
  readonly hex: () => string;
} {
  const hash = createHash('sha256').update('greentill/bill/1');
  return {
    add: (row) => {
      const { kind, outTradeNo, outRefundNo, channelRef, channelMerchantNo } = row;
      const words = [kind, outTradeNo, outRefundNo ?? '', channelRef, channelMerchantNo ?? ''];
      hash.update(`\n${words.join('\t')}\t${row.amountFen}\t${row.feeFen}\t${row.atMs}`);
    },
    hex: () => hash.digest('hex'),
  };
}

/** One import of an operator at a time: two of the same bill follow each other, and the second finds the first. */
export const lockBills = (tx: Tx, operatorId: OperatorId): Promise<unknown> =>
  tx.execute(sql`
    select pg_advisory_xact_lock(hashtextextended(${`bills ${operatorId}`}, 0))`);

/** The newest version of each day's bill from `fromDays` to `toDays` around the day, by number. */
export async function billsAround(
  tx: Tx,
  day: BillDay,
  span: { readonly fromDays: number; readonly toDays: number },
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await tx.execute<{ date: string; bill_no: number }>(sql`
    select distinct on (bill_date) bill_date::text as date, bill_no from bill
     where operator_id = ${day.operatorId} and channel = ${day.channel} and account = ${day.account}
       and bill_date between ${addDays(day.date, span.fromDays)}::date
                         and ${addDays(day.date, span.toDays)}::date
     order by bill_date, version desc`);
  return new Map(rows.map((row) => [row.date, row.bill_no]));
}
