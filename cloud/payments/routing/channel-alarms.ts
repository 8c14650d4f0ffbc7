import { sql } from 'drizzle-orm';
import type { MerchantKey } from '#cloud/payments/merchant-channels.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

export const channelAlarmsMax = 100;

export interface ChannelAlarm {
  readonly channel: string;
  /** The channel's word. */
  readonly code: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly seenCount: number;
  /** Who looked, and what he found; undefined while it is open. */
  readonly clearedBy: string | undefined;
  readonly clearedNote: string | undefined;
}

/** A channel refused this merchant by code. An alarm that was cleared is open again. */
export async function raiseChannelAlarm(
  tx: Tx,
  alarm: MerchantKey & { readonly channel: string; readonly code: string; readonly nowMs: number },
): Promise<void> {
  await tx.execute(sql`
    insert into channel_alarm as a (operator_id, merchant_id, channel, code, first_at_ms, last_at_ms)
    values (${alarm.operatorId}, ${alarm.merchantId}, ${alarm.channel}, ${alarm.code},
      ${alarm.nowMs}, ${alarm.nowMs})
    on conflict (operator_id, merchant_id, channel) do update
      set code = excluded.code, last_at_ms = greatest(a.last_at_ms, excluded.last_at_ms),
          seen_count = a.seen_count + 1, cleared_by = null, cleared_note = null,
          cleared_at_ms = null`);
}

/** Somebody looked: sales may go there again at once. False when there is no open alarm. */
export async function clearChannelAlarm(
  db: Db,
  clearance: MerchantKey & {
    readonly channel: string;
    readonly by: string;
    readonly note: string;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { rows } = await db.execute(sql`
    update channel_alarm set cleared_by = ${clearance.by}, cleared_note = ${clearance.note},
      cleared_at_ms = ${clearance.nowMs}
     where operator_id = ${clearance.operatorId} and merchant_id = ${clearance.merchantId}
       and channel = ${clearance.channel} and cleared_at_ms is null
    returning 1`);
  return rows.length === 1;
}

/** What channels said against a merchant, the latest first. */
export async function listChannelAlarms(
  db: Db,
  merchant: MerchantKey,
): Promise<readonly ChannelAlarm[]> {
  const { rows } = await db.execute<{
    channel: string;
    code: string;
    first_at_ms: number;
    last_at_ms: number;
    seen_count: number;
    cleared_by: string | null;
    cleared_note: string | null;
  }>(sql`
    select channel, code, first_at_ms, last_at_ms, seen_count, cleared_by, cleared_note
      from channel_alarm
     where operator_id = ${merchant.operatorId} and merchant_id = ${merchant.merchantId}
     order by last_at_ms desc limit ${channelAlarmsMax}`);
  return rows.map((row) => ({
    channel: row.channel,
    code: row.code,
    firstAtMs: row.first_at_ms,
    lastAtMs: row.last_at_ms,
    seenCount: row.seen_count,
    clearedBy: row.cleared_by ?? undefined,
    clearedNote: row.cleared_note ?? undefined,
  }));
}
