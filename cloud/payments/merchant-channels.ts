import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import type { ChannelHealth } from '#cloud/payments/channel-health.ts';
import { routeCharge, type RouteDecision } from '#cloud/payments/router.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

export interface MerchantKey {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
}

/** A channel that is open for a merchant. Limits in fen. */
export interface MerchantChannel {
  readonly channel: string;
  readonly channelMerchantNo: string;
  readonly wallets: readonly Wallet[];
  readonly priority: number;
  readonly perTxnMaxFen: number;
  readonly dayQuotaFen: number;
}

/** The channel that carries withholdings; it serves no wallet. */
export const withholdingChannel = 'withholding';

/** What a newly provisioned shop starts with: 50,000 yuan a sale, 500,000 yuan a day on each channel. */
export const merchantChannelsDefault = (channelMerchantNo: string): readonly MerchantChannel[] =>
  (['wechat', 'alipay', 'unionpay', withholdingChannel] as const).map((channel, index) => ({
    channel,
    channelMerchantNo,
    wallets: channel === withholdingChannel ? [] : [channel],
    priority: index + 1,
    perTxnMaxFen: 5_000_000,
    dayQuotaFen: 50_000_000,
  }));

/** Opens channels for a merchant, or changes their limits. Idempotent. */
export async function openMerchantChannels(
  db: Db | Tx,
  merchant: MerchantKey & { readonly channels: readonly MerchantChannel[] },
): Promise<void> {
  for (const one of merchant.channels) {
    await db.execute(sql`
      insert into merchant_channel (operator_id, merchant_id, channel, channel_merchant_no, wallets,
          priority, per_txn_max_fen, day_quota_fen)
      values (${merchant.operatorId}, ${merchant.merchantId}, ${one.channel},
          ${one.channelMerchantNo}, ${walletArray(one.wallets)}::text[], ${one.priority},
          ${one.perTxnMaxFen}, ${one.dayQuotaFen})
      on conflict (operator_id, merchant_id, channel) do update set
        channel_merchant_no = excluded.channel_merchant_no, wallets = excluded.wallets,
        priority = excluded.priority, per_txn_max_fen = excluded.per_txn_max_fen,
        day_quota_fen = excluded.day_quota_fen, enabled = true`);
  }
}

const walletArray = (wallets: readonly Wallet[]): string => `{${wallets.join(',')}}`;

export interface Routed {
  readonly decision: RouteDecision;
  /** Undefined when no channel can take the sale. */
  readonly taken: { readonly channel: string; readonly channelMerchantNo: string } | undefined;
}

export interface RouteRequest extends MerchantKey {
  /** A wallet, or undefined for a withholding. */
  readonly wallet: Wallet | undefined;
  readonly netFen: Fen;
  /** Shanghai day the quota counts for, YYYY-MM-DD. */
  readonly quotaDate: string;
}

/**
 * Chooses the channel and reserves its day quota, atomically: two tills that race for the last of a quota cannot
 * both get it. The loser of a race decides again with what is left.
 */
export async function routeAndReserve(
  tx: Tx,
  request: RouteRequest,
  deps: {
    readonly health: ChannelHealth;
    /** Adapters of this process: a channel without one is not open, whatever the table says. */
    readonly channels: ReadonlyMap<string, unknown>;
    readonly nowMs: number;
  },
): Promise<Routed> {
  const excluded = new Set<string>();
  for (;;) {
    const listed = await openChannels(tx, request);
    const open = listed.filter((one) => deps.channels.has(one.channel));
    const candidates = open.map((one) => ({
      channel: one.channel,
      isHealthy: deps.health.isHealthy(
        { channel: one.channel, merchantId: request.merchantId },
        deps.nowMs,
      ),
      perTxnMaxFen: one.per_txn_max_fen,
      dayQuotaFen: one.day_quota_fen,
      usedFen: excluded.has(one.channel) ? one.day_quota_fen : one.used_fen,
    }));
    const decision = routeCharge({ amountFen: request.netFen, candidates });
    const taken = open.find((one) => one.channel === decision.channel);
    if (taken === undefined) return { decision, taken: undefined };
    if (await reserveQuota(tx, request, taken)) {
      const { channel, channel_merchant_no: channelMerchantNo } = taken;
      return { decision, taken: { channel, channelMerchantNo } };
    }
    excluded.add(taken.channel);
  }
}

interface OpenRow extends Record<string, unknown> {
  channel: string;
  channel_merchant_no: string;
  per_txn_max_fen: number;
  day_quota_fen: number;
  used_fen: number;
}

async function openChannels(tx: Tx, request: RouteRequest): Promise<readonly OpenRow[]> {
  const serves =
    request.wallet === undefined
      ? sql`c.channel = ${withholdingChannel}`
      : sql`${request.wallet} = any(c.wallets)`;
  const { rows } = await tx.execute<OpenRow>(sql`
    select c.channel, c.channel_merchant_no, c.per_txn_max_fen, c.day_quota_fen,
           coalesce(q.reserved_fen + q.used_fen, 0) as used_fen
      from merchant_channel c
      left join channel_quota_day q on q.operator_id = c.operator_id
        and q.merchant_id = c.merchant_id and q.channel = c.channel
        and q.quota_date = ${request.quotaDate}
     where c.operator_id = ${request.operatorId} and c.merchant_id = ${request.merchantId}
       and c.enabled and ${serves}
     order by c.priority, c.channel`);
  return rows;
}

async function reserveQuota(tx: Tx, request: RouteRequest, channel: OpenRow): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    insert into channel_quota_day as q
        (operator_id, merchant_id, channel, quota_date, reserved_fen, used_fen)
    values (${request.operatorId}, ${request.merchantId}, ${channel.channel},
        ${request.quotaDate}, ${request.netFen}, 0)
    on conflict (operator_id, merchant_id, channel, quota_date) do update
      set reserved_fen = q.reserved_fen + excluded.reserved_fen
      where q.reserved_fen + q.used_fen + excluded.reserved_fen <= ${channel.day_quota_fen}
    returning 1`);
  return rows.length === 1;
}

/** Ends a reservation: `used` when the money came, else what was set aside is free again. */
export async function endReservation(
  tx: Tx,
  attempt: MerchantKey & {
    readonly channel: string;
    readonly quotaDate: string;
    readonly netFen: Fen;
  },
  how: 'used' | 'released',
): Promise<void> {
  const usedFen = how === 'used' ? attempt.netFen : 0;
  await tx.execute(sql`
    update channel_quota_day
       set reserved_fen = reserved_fen - ${attempt.netFen}, used_fen = used_fen + ${usedFen}
     where operator_id = ${attempt.operatorId} and merchant_id = ${attempt.merchantId}
       and channel = ${attempt.channel} and quota_date = ${attempt.quotaDate}`);
}
