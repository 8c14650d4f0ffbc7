import { sql } from 'drizzle-orm';
import type { Fen } from '#shared/money/fen.ts';
import type { MerchantKey } from '#cloud/payments/merchant-channels.ts';
import type { ChannelLimit } from '#cloud/payments/routing/route-charge.ts';
import type { Tx } from '#cloud/platform/db.ts';

/** One order's part of the quotas of a merchant at a channel: a sum and a count, of a day and of its month. */
export interface QuotaPart extends MerchantKey {
  readonly channel: string;
  /** Shanghai day the quota counts for, YYYY-MM-DD. */
  readonly quotaDate: string;
  readonly netFen: Fen;
}

/** The first day of the month of a Shanghai day. */
export const quotaMonthOf = (quotaDate: string): string => `${quotaDate.slice(0, 7)}-01`;

/**
 * Sets the part aside in both buckets, or in none: false when one of them would go over a limit. The row of a bucket is
 * locked until the transaction ends, so two tills that race for the last of a quota cannot both get it. The day comes
 * before the month, here and in {@link endReservation}: one order of locking.
 */
export async function reserveQuota(
  tx: Tx,
  part: QuotaPart,
  limit: Pick<ChannelLimit, 'dayQuotaFen' | 'dayCountMax' | 'monthQuotaFen' | 'monthCountMax'>,
): Promise<boolean> {
  const { operatorId, merchantId, channel, quotaDate, netFen } = part;
  const { rows } = await tx.execute<{ day: boolean; month: boolean }>(sql`
    with day as (
      insert into channel_quota_day as q (operator_id, merchant_id, channel, quota_date,
          reserved_fen, used_fen, reserved_count, used_count)
      select ${operatorId}, ${merchantId}, ${channel}, ${quotaDate}::date, ${netFen}::bigint, 0, 1, 0
       where ${netFen}::bigint <= ${limit.dayQuotaFen}::bigint
      on conflict (operator_id, merchant_id, channel, quota_date) do update
        set reserved_fen = q.reserved_fen + excluded.reserved_fen,
            reserved_count = q.reserved_count + 1
        where q.reserved_fen + q.used_fen + excluded.reserved_fen <= ${limit.dayQuotaFen}
          and (${limit.dayCountMax ?? null}::bigint is null
               or q.reserved_count + q.used_count + 1 <= ${limit.dayCountMax ?? null}::bigint)
      returning 1),
    month as (
      insert into channel_quota_month as q (operator_id, merchant_id, channel, quota_month,
          reserved_fen, used_fen, reserved_count, used_count)
      select ${operatorId}, ${merchantId}, ${channel}, ${quotaMonthOf(quotaDate)}::date,
             ${netFen}::bigint, 0, 1, 0
        from day
       where ${limit.monthQuotaFen ?? null}::bigint is null
          or ${netFen}::bigint <= ${limit.monthQuotaFen ?? null}::bigint
      on conflict (operator_id, merchant_id, channel, quota_month) do update
        set reserved_fen = q.reserved_fen + excluded.reserved_fen,
            reserved_count = q.reserved_count + 1
        where (${limit.monthQuotaFen ?? null}::bigint is null
               or q.reserved_fen + q.used_fen + excluded.reserved_fen
                  <= ${limit.monthQuotaFen ?? null}::bigint)
          and (${limit.monthCountMax ?? null}::bigint is null
               or q.reserved_count + q.used_count + 1 <= ${limit.monthCountMax ?? null}::bigint)
      returning 1)
    select exists (select from day) as day, exists (select from month) as month`);
  const [got] = rows;
  if (got?.day === true && got.month) return true;
  if (got?.day === true) await giveBackDay(tx, part);
  return false;
}

/** The month had no room: the day's part is free again at once. */
async function giveBackDay(tx: Tx, part: QuotaPart): Promise<void> {
  await tx.execute(sql`
    update channel_quota_day
       set reserved_fen = reserved_fen - ${part.netFen}, reserved_count = reserved_count - 1
     where operator_id = ${part.operatorId} and merchant_id = ${part.merchantId}
       and channel = ${part.channel} and quota_date = ${part.quotaDate}`);
}

/** Ends a reservation: `used` when the money came, else what was set aside is free again. */
export async function endReservation(
  tx: Tx,
  part: QuotaPart,
  how: 'used' | 'released',
): Promise<void> {
  const { operatorId, merchantId, channel, quotaDate, netFen } = part;
  const [usedFen, usedCount] = how === 'used' ? [netFen, 1] : [0, 0];
  await tx.execute(sql`
    with day as (
      update channel_quota_day
         set reserved_fen = reserved_fen - ${netFen}, used_fen = used_fen + ${usedFen},
             reserved_count = reserved_count - 1, used_count = used_count + ${usedCount}
       where operator_id = ${operatorId} and merchant_id = ${merchantId}
         and channel = ${channel} and quota_date = ${quotaDate}
      returning operator_id, merchant_id, channel)
    update channel_quota_month m
       set reserved_fen = reserved_fen - ${netFen}, used_fen = used_fen + ${usedFen},
           reserved_count = reserved_count - 1, used_count = used_count + ${usedCount}
      from day
     where m.operator_id = day.operator_id and m.merchant_id = day.merchant_id
       and m.channel = day.channel and m.quota_month = ${quotaMonthOf(quotaDate)}`);
}
