import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

export interface MerchantKey {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
}

/**
 * A channel that is open for a merchant. Limits in fen; counts are sales; a limit that is absent
 * does not exist.
 */
export interface MerchantChannel {
  readonly channel: string;
  readonly channelMerchantNo: string;
  readonly wallets: readonly Wallet[];
  readonly priority: number;
  readonly perTxnMaxFen: number;
  readonly dayQuotaFen: number;
  readonly perTxnMinFen?: number;
  readonly dayCountMax?: number;
  readonly monthQuotaFen?: number;
  readonly monthCountMax?: number;
  /** Share of the draw among channels of the same priority, 1..1000; 100 when absent. */
  readonly weight?: number;
  /** What the channel charges, basis points; 60 when absent. */
  readonly feeBp?: number;
  /**
   * Minutes of the Shanghai day, 0..1440; the whole day when absent. From > until runs over
   * midnight.
   */
  readonly openFromMinute?: number;
  readonly openUntilMinute?: number;
  /** Only terminals in channel_terminal may charge there. */
  readonly needsRegistration?: boolean;
  /** False: no new sale goes there; what is open there is still followed to its end. True when absent. */
  readonly enabled?: boolean;
}

const openWhenAbsent = {
  perTxnMinFen: 1,
  weight: 100,
  feeBp: 60,
  openFromMinute: 0,
  openUntilMinute: 1_440,
  needsRegistration: false,
  enabled: true,
} as const;

/** How an account at a channel is named, in tables, addresses and folders (cloud/open-channels.ts). */
export const channelNamePattern = '^[a-z0-9-]{1,40}$';

/** The channel that carries withholdings; it serves no wallet. */
export const withholdingChannel = 'withholding';

/**
 * What a newly provisioned shop starts with: 50,000 yuan a sale, 500,000 yuan a day on each
 * channel.
 */
export const merchantChannelsDefault = (channelMerchantNo: string): readonly MerchantChannel[] =>
  (['wechat', 'alipay', 'unionpay', withholdingChannel] as const).map((channel, index) => ({
    channel,
    channelMerchantNo,
    wallets: channel === withholdingChannel ? [] : [channel],
    priority: index + 1,
    perTxnMaxFen: 5_000_000,
    dayQuotaFen: 50_000_000,
  }));

/** Opens channels for a merchant, changes their limits, or closes them. Idempotent. */
export async function openMerchantChannels(
  db: Db | Tx,
  merchant: MerchantKey & { readonly channels: readonly MerchantChannel[] },
): Promise<void> {
  for (const given of merchant.channels) {
    const one = { ...openWhenAbsent, ...given };
    await db.execute(sql`
      insert into merchant_channel (operator_id, merchant_id, channel, channel_merchant_no, wallets,
          priority, per_txn_min_fen, per_txn_max_fen, day_quota_fen, day_count_max, month_quota_fen,
          month_count_max, weight, fee_bp, open_from_minute, open_until_minute, needs_registration, enabled)
      values (${merchant.operatorId}, ${merchant.merchantId}, ${one.channel},
          ${one.channelMerchantNo}, ${walletArray(one.wallets)}::text[], ${one.priority},
          ${one.perTxnMinFen}, ${one.perTxnMaxFen}, ${one.dayQuotaFen}, ${one.dayCountMax ?? null},
          ${one.monthQuotaFen ?? null}, ${one.monthCountMax ?? null}, ${one.weight}, ${one.feeBp},
          ${one.openFromMinute}, ${one.openUntilMinute}, ${one.needsRegistration},
          ${one.enabled})
      on conflict (operator_id, merchant_id, channel) do update set
        channel_merchant_no = excluded.channel_merchant_no, wallets = excluded.wallets,
        priority = excluded.priority, per_txn_min_fen = excluded.per_txn_min_fen,
        per_txn_max_fen = excluded.per_txn_max_fen, day_quota_fen = excluded.day_quota_fen,
        day_count_max = excluded.day_count_max, month_quota_fen = excluded.month_quota_fen,
        month_count_max = excluded.month_count_max, weight = excluded.weight,
        fee_bp = excluded.fee_bp, open_from_minute = excluded.open_from_minute,
        open_until_minute = excluded.open_until_minute,
        needs_registration = excluded.needs_registration, enabled = excluded.enabled`);
  }
}

const walletArray = (wallets: readonly Wallet[]): string => `{${wallets.join(',')}}`;

/**
 * A terminal's number at a channel, where acquirers want every terminal registered with its place.
 * Idempotent.
 */
export async function registerChannelTerminal(
  db: Db,
  entry: MerchantKey & {
    readonly terminalId: TerminalId;
    readonly channel: string;
    readonly channelTerminalNo: string;
    readonly nowMs: number;
  },
): Promise<void> {
  await db.execute(sql`
    insert into channel_terminal (operator_id, merchant_id, terminal_id, channel,
        channel_terminal_no, registered_at_ms)
    values (${entry.operatorId}, ${entry.merchantId}, ${entry.terminalId}, ${entry.channel},
        ${entry.channelTerminalNo}, ${entry.nowMs})
    on conflict (operator_id, terminal_id, channel) do update set
      merchant_id = excluded.merchant_id, channel_terminal_no = excluded.channel_terminal_no,
      registered_at_ms = excluded.registered_at_ms, ended_at_ms = null`);
}
