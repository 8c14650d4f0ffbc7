import { sql } from 'drizzle-orm';
import type { Db } from '#cloud/platform/db.ts';
import { openTooLongMs } from '#cloud/settlement/instructions/instruction-list.ts';
import type { ReceiverState } from '#cloud/settlement/instructions/receiver-store.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

export const receiversListedMax = 200;

export interface ListedReceiver extends Record<string, unknown> {
  readonly channel: string;
  readonly channelMerchantNo: string;
  readonly account: string;
  readonly state: ReceiverState;
  readonly code: string | null;
  /** When its removal began; null when none did. */
  readonly leavingSinceMs: number | null;
  /** Why people should look; null when they need not. */
  readonly exception: 'refused' | 'open-too-long' | null;
}

/** Who may get shares of merchants' orders, and who is being taken off, by channel and merchant. */
export async function listReceivers(
  db: Db,
  query: {
    readonly operatorId: OperatorId;
    readonly nowMs: number;
    /** The last one of the page before. */
    readonly after?: Pick<ListedReceiver, 'channel' | 'channelMerchantNo' | 'account'>;
  },
): Promise<readonly ListedReceiver[]> {
  const { operatorId, nowMs, after } = query;
  const { rows } = await db.execute<ListedReceiver>(sql`
    select channel, channel_merchant_no as "channelMerchantNo", account, state, code,
           leaving_since_ms as "leavingSinceMs",
           case when state = 'refused' then 'refused'
                when state = 'leaving' and leaving_since_ms + ${openTooLongMs} < ${nowMs}
                  then 'open-too-long' end as exception
      from split_receiver
     where operator_id = ${operatorId}
       and (${after?.channel ?? null}::text is null or (channel, channel_merchant_no, account)
         > (${after?.channel ?? ''}, ${after?.channelMerchantNo ?? ''}, ${after?.account ?? ''}))
     order by channel, channel_merchant_no, account limit ${receiversListedMax}`);
  return rows;
}
