import { sql } from 'drizzle-orm';
import type { Fen } from '#shared/money/fen.ts';
import type { MerchantKey } from '#cloud/payments/merchant-channels.ts';
import type { ChannelLimit } from '#cloud/payments/routing/route-charge.ts';
import { filled, type Statement, type Tx } from '#cloud/platform/db.ts';

/**
 * One order's part of the quotas of a merchant at a channel: a sum and a count, of a day and of its
 * month.
 */
export interface QuotaPart extends MerchantKey {
  readonly channel: string;
  /** Shanghai day the quota counts for, YYYY-MM-DD. */
  readonly quotaDate: string;
  readonly netFen: Fen;
}

/** The first day of the month of a Shanghai day. */
export const quotaMonthOf = (quotaDate: string): string => `${quotaDate.slice(0, 7)}-01`;

type QuotaLimit = Pick<
  ChannelLimit,
  'dayQuotaFen' | 'dayCountMax' | 'monthQuotaFen' | 'monthCountMax'
>;

/** Sets a part aside in the day and, when there was room, in the month. */
const reservingBoth = `
    with day as (
      insert into channel_quota_day as q (operator_id, merchant_id, channel, quota_date,
          reserved_fen, used_fen, reserved_count, used_count)
      select $1, $2, $3, $4::date, $5::bigint, 0, 1, 0
       where $5::bigint <= $7::bigint
      on conflict (operator_id, merchant_id, channel, quota_date) do update
        set reserved_fen = q.reserved_fen + excluded.reserved_fen,
            reserved_count = q.reserved_count + 1
        where q.reserved_fen + q.used_fen + excluded.reserved_fen <= $7::bigint
          and ($8::bigint is null or q.reserved_count + q.used_count + 1 <= $8::bigint)
      returning 1),
    month as (
      insert into channel_quota_month as q (operator_id, merchant_id, channel, quota_month,
          reserved_fen, used_fen, reserved_count, used_count)
      select $1, $2, $3, $6::date, $5::bigint, 0, 1, 0
        from day
       where $9::bigint is null or $5::bigint <= $9::bigint
      on conflict (operator_id, merchant_id, channel, quota_month) do update
        set reserved_fen = q.reserved_fen + excluded.reserved_fen,
            reserved_count = q.reserved_count + 1
        where ($9::bigint is null
               or q.reserved_fen + q.used_fen + excluded.reserved_fen <= $9::bigint)
          and ($10::bigint is null or q.reserved_count + q.used_count + 1 <= $10::bigint)
      returning 1)`;

/** Answers which of the two had room. */
const quotaReservation: Statement = {
  name: 'quota-reservation',
  text: `${reservingBoth}
    select exists (select from day) as day, exists (select from month) as month`,
};

/** Ends the transaction (`quota`) when one of them had none. */
export const quotaReservationOrEnd: Statement = {
  name: 'quota-reservation-or-end',
  text: `${reservingBoth}
    select refuse_unless(exists (select from day) and exists (select from month), 'quota')`,
};

export const quotaReservationValues = (part: QuotaPart, limit: QuotaLimit): readonly unknown[] => [
  part.operatorId,
  part.merchantId,
  part.channel,
  part.quotaDate,
  part.netFen,
  quotaMonthOf(part.quotaDate),
  limit.dayQuotaFen,
  limit.dayCountMax ?? null,
  limit.monthQuotaFen ?? null,
  limit.monthCountMax ?? null,
];

/**
 * Sets the part aside in both buckets, or in none: false when one of them would go over a limit.
 * The row of a bucket is locked until the transaction ends, so two tills that race for the last of
 * a quota cannot both get it. The day comes before the month, here and in {@link endReservation}:
 * one order of locking.
 */
export async function reserveQuota(tx: Tx, part: QuotaPart, limit: QuotaLimit): Promise<boolean> {
  const { rows } = await tx.execute<{ day: boolean; month: boolean }>(
    filled(quotaReservation, quotaReservationValues(part, limit)),
  );
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
  await tx.execute(filled(quotaEnd, quotaEndValues(part, how)));
}

/** The statement of {@link endReservation}. */
export const quotaEnd: Statement = {
  name: 'quota-end',
  text: `
    with day as (
      update channel_quota_day
         set reserved_fen = reserved_fen - $5::bigint, used_fen = used_fen + $7::bigint,
             reserved_count = reserved_count - 1, used_count = used_count + $8::integer
       where operator_id = $1 and merchant_id = $2 and channel = $3 and quota_date = $4
      returning operator_id, merchant_id, channel)
    update channel_quota_month m
       set reserved_fen = reserved_fen - $5::bigint, used_fen = used_fen + $7::bigint,
           reserved_count = reserved_count - 1, used_count = used_count + $8::integer
      from day
     where m.operator_id = day.operator_id and m.merchant_id = day.merchant_id
       and m.channel = day.channel and m.quota_month = $6`,
};

export const quotaEndValues = (part: QuotaPart, how: 'used' | 'released'): readonly unknown[] => [
  part.operatorId,
  part.merchantId,
  part.channel,
  part.quotaDate,
  part.netFen,
  quotaMonthOf(part.quotaDate),
  how === 'used' ? part.netFen : 0,
  how === 'used' ? 1 : 0,
];
