import { sql } from 'drizzle-orm';
import type { OrderId, TerminalId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { ruleOfChannelCode } from '#cloud/channel/channel-codes.ts';
import { withholdingChannel, type MerchantKey } from '#cloud/payments/merchant-channels.ts';
import { shanghaiMinute } from '#shared/time/business-day.ts';
import { breakerRules } from '#cloud/payments/routing/breaker-machine.ts';
import type { ChannelHealth } from '#cloud/payments/routing/channel-health.ts';
import { quotaMonthOf, reserveQuota } from '#cloud/payments/routing/channel-quota.ts';
import {
  candidatesMax,
  routeCharge,
  routeSeed,
  type ChannelLimit,
  type RouteCandidate,
  type RouteDecision,
} from '#cloud/payments/routing/route-charge.ts';
import { filled, type Statement, type Tx } from '#cloud/platform/db.ts';

export interface Routed {
  readonly decision: RouteDecision;
  /** Undefined when no channel can take the sale. */
  readonly taken: { readonly channel: string; readonly channelMerchantNo: string } | undefined;
}

export interface RouteRequest extends MerchantKey {
  readonly terminalId: TerminalId;
  readonly orderId: OrderId;
  readonly attempt: number;
  /** A wallet, or undefined for a withholding. */
  readonly wallet: Wallet | undefined;
  readonly netFen: Fen;
  /** Shanghai day the quota counts for, YYYY-MM-DD. */
  readonly quotaDate: string;
}

export interface RouteDeps {
  readonly health: ChannelHealth;
  /** Adapters of this process: a channel without one is not open, whatever the table says. */
  readonly channels: ReadonlyMap<string, Pick<Channel, 'profile'>>;
  readonly nowMs: number;
}

/** A channel that was chosen, and the limits that its quotas must hold. */
export interface Chosen {
  readonly channel: string;
  readonly channelMerchantNo: string;
  readonly limit: ChannelLimit;
}

/**
 * Chooses the channel and reserves nothing. `lost` are channels whose quota went to another sale
 * meanwhile. The choice holds once its part of the quotas was set aside, in the same transaction.
 */
async function chooseChannel(
  tx: Tx,
  request: RouteRequest,
  deps: RouteDeps & { readonly lost: ReadonlySet<string> },
): Promise<{ readonly decision: RouteDecision; readonly chosen: Chosen | undefined }> {
  const bound = await boundChannel(tx, request, deps);
  const { rows } = await tx.execute<OpenRow>(filled(openChannels, openChannelsValues(request)));
  return chooseAmong(rows, request, { ...deps, bound });
}

/**
 * {@link chooseChannel} when it was read already what is open, and which channel the order is bound
 * to.
 */
export function chooseAmong(
  open: readonly OpenRow[],
  request: RouteRequest,
  deps: RouteDeps & { readonly lost: ReadonlySet<string>; readonly bound: string | undefined },
): { readonly decision: RouteDecision; readonly chosen: Chosen | undefined } {
  const { lost, bound } = deps;
  const candidates = open.map((one) => candidateOf(one, { request, deps, bound, lost }));
  const decision = routeCharge({
    amountFen: request.netFen,
    minute: shanghaiMinute(deps.nowMs),
    seed: routeSeed(request.orderId, request.attempt),
    candidates,
  });
  const row = open.find((one) => one.channel === decision.channel);
  if (row === undefined) return { decision, chosen: undefined };
  const { limit } = candidates.find((one) => one.channel === row.channel)!;
  const { channel, channel_merchant_no: channelMerchantNo } = row;
  return { decision, chosen: { channel, channelMerchantNo, limit } };
}

/**
 * Chooses a channel and sets the sale's part of its quotas aside, for a transaction that few others
 * stand beside: the rows of the quotas, in which every charge of a shop meets, stay locked until it
 * ends.
 */
export async function routeAndReserve(
  tx: Tx,
  request: RouteRequest,
  deps: RouteDeps,
): Promise<Routed> {
  const lost = new Set<string>();
  for (;;) {
    const { decision, chosen } = await chooseChannel(tx, request, { ...deps, lost });
    if (chosen === undefined) return { decision, taken: undefined };
    const { channel, channelMerchantNo, limit } = chosen;
    if (await reserveQuota(tx, { ...request, channel }, limit)) {
      deps.health.took({ channel, merchantId: request.merchantId }, deps.nowMs);
      return { decision, taken: { channel, channelMerchantNo } };
    }
    lost.add(channel);
  }
}

/** A row of {@link openChannels}. */
export interface OpenRow extends Record<string, unknown> {
  channel: string;
  channel_merchant_no: string;
  priority: number;
  weight: number;
  fee_bp: number;
  per_txn_min_fen: number;
  per_txn_max_fen: number;
  day_quota_fen: number;
  day_count_max: number | null;
  month_quota_fen: number | null;
  month_count_max: number | null;
  open_from_minute: number;
  open_until_minute: number;
  needs_registration: boolean;
  is_registered: boolean;
  refused_at_ms: number | null;
  day_fen: number;
  day_count: number;
  month_fen: number;
  month_count: number;
}

interface Around {
  readonly request: RouteRequest;
  readonly deps: RouteDeps;
  readonly bound: string | undefined;
  readonly lost: ReadonlySet<string>;
}

function candidateOf(row: OpenRow, around: Around): RouteCandidate {
  const { request, deps } = around;
  const obstacle = obstacleOf(row, around);
  return {
    channel: row.channel,
    limit: {
      perTxnMinFen: row.per_txn_min_fen,
      perTxnMaxFen: row.per_txn_max_fen,
      dayQuotaFen: row.day_quota_fen,
      dayCountMax: row.day_count_max ?? undefined,
      monthQuotaFen: row.month_quota_fen ?? undefined,
      monthCountMax: row.month_count_max ?? undefined,
      openFromMinute: row.open_from_minute,
      openUntilMinute: row.open_until_minute,
    },
    use: {
      dayFen: row.day_fen,
      dayCount: row.day_count,
      monthFen: row.month_fen,
      monthCount: row.month_count,
    },
    health: deps.health.view({ channel: row.channel, merchantId: request.merchantId }, deps.nowMs),
    priority: row.priority,
    weight: row.weight,
    feeBp: row.fee_bp,
    ...(obstacle === undefined ? {} : { obstacle }),
  };
}

function obstacleOf(
  row: OpenRow,
  { deps, bound, lost }: Around,
): RouteCandidate['obstacle'] | undefined {
  if (!deps.channels.has(row.channel)) return 'no-adapter';
  if (bound !== undefined && bound !== row.channel) return 'other-channel-first';
  if (lost.has(row.channel)) return 'lost-race';
  if (row.needs_registration && !row.is_registered) return 'terminal-not-registered';
  const isRefused =
    row.refused_at_ms !== null && deps.nowMs < row.refused_at_ms + breakerRules.refusedMs;
  return isRefused ? 'refused-by-channel' : undefined;
}

/** What is open for a merchant: by a wallet, or for withholdings when there is none. */
export const openChannels: Statement = {
  name: 'open-channels',
  text: `
    select c.channel, c.channel_merchant_no, c.priority, c.weight, c.fee_bp, c.per_txn_min_fen,
           c.per_txn_max_fen, c.day_quota_fen, c.day_count_max, c.month_quota_fen,
           c.month_count_max, c.open_from_minute, c.open_until_minute, c.needs_registration,
           exists (select from channel_terminal t
                    where t.operator_id = c.operator_id and t.merchant_id = c.merchant_id
                      and t.terminal_id = $3 and t.channel = c.channel
                      and t.ended_at_ms is null) as is_registered,
           case when a.cleared_at_ms is null then a.last_at_ms end as refused_at_ms,
           coalesce(d.reserved_fen + d.used_fen, 0) as day_fen,
           coalesce(d.reserved_count + d.used_count, 0) as day_count,
           coalesce(m.reserved_fen + m.used_fen, 0) as month_fen,
           coalesce(m.reserved_count + m.used_count, 0) as month_count
      from merchant_channel c
      left join channel_quota_day d on d.operator_id = c.operator_id
        and d.merchant_id = c.merchant_id and d.channel = c.channel and d.quota_date = $4
      left join channel_quota_month m on m.operator_id = c.operator_id
        and m.merchant_id = c.merchant_id and m.channel = c.channel and m.quota_month = $5
      left join channel_alarm a on a.operator_id = c.operator_id
        and a.merchant_id = c.merchant_id and a.channel = c.channel
     where c.operator_id = $1 and c.merchant_id = $2 and c.enabled
       and case when $6::text is null then c.channel = $7 else $6::text = any(c.wallets) end
     order by c.priority, c.channel limit $8`,
};

export const openChannelsValues = (request: RouteRequest): readonly unknown[] => [
  request.operatorId,
  request.merchantId,
  request.terminalId,
  request.quotaDate,
  quotaMonthOf(request.quotaDate),
  request.wallet ?? null,
  withholdingChannel,
  candidatesMax,
];

/**
 * The channel that this order must stay with: where the attempt before it went by the same wallet.
 * Another one may be tried only when that attempt ended without money and the channel's table of
 * codes says so. Undefined = free.
 */
export async function boundChannel(
  tx: Tx,
  request: RouteRequest,
  deps: Pick<RouteDeps, 'channels'>,
): Promise<string | undefined> {
  if (request.attempt === 1 || request.wallet === undefined) return undefined;
  const { operatorId, orderId, wallet, attempt } = request;
  const { rows } = await tx.execute<{ channel: string; status: string; said: string | null }>(sql`
    select a.channel, a.status, c.outcome as said from payment_attempt a
      left join payment_call c on c.operator_id = a.operator_id and c.order_id = a.order_id
        and c.attempt = a.attempt and c.kind = 'charge'
     where a.operator_id = ${operatorId} and a.order_id = ${orderId} and a.kind = 'charge'
       and a.wallet = ${wallet} and a.attempt < ${attempt}
     order by a.attempt desc limit 1`);
  const [before] = rows;
  if (before === undefined) return undefined;
  const isOver = before.status === 'failed' || before.status === 'reversed';
  const codes = deps.channels.get(before.channel)?.profile.codes ?? {};
  const code = before.said?.split(' ')[1] ?? '';
  return isOver && ruleOfChannelCode(codes, code).otherChannel ? undefined : before.channel;
}
