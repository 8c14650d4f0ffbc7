import { sql } from 'drizzle-orm';
import type { ChannelProfile } from '#cloud/channel/channel-profile.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** How an operator settles by a channel: what is instructed there, and where its own share goes. */
export interface SettlementChannel {
  readonly operatorId: OperatorId;
  readonly channel: string;
  readonly splits: boolean;
  readonly subsidises: boolean;
  readonly paysOut: boolean;
  /** The platform's account at the channel and its full registered name. */
  readonly platformAccount: string;
  readonly platformName: string;
}

/** What is asked for is not among the channel's abilities. */
export interface SettlementChannelError {
  readonly type: 'ability-missing';
  readonly ability: 'split' | 'subsidy' | 'payout';
}

const splitLimitsNone = { notBeforeMs: 0, frozenMaxMs: 1, othersMaxBp: 0 };

/** Opens a channel for settlement, or changes it. Orders booked before stay as they were instructed. Idempotent. */
export async function openSettlementChannel(
  db: Db | Tx,
  wanted: SettlementChannel,
  profile: Pick<ChannelProfile, 'abilities' | 'limits'>,
): Promise<Result<void, SettlementChannelError>> {
  const needs = [
    ['split', wanted.splits],
    ['subsidy', wanted.subsidises],
    ['payout', wanted.paysOut],
  ] as const;
  for (const [ability, isWanted] of needs)
    if (isWanted && !profile.abilities.includes(ability))
      return err({ type: 'ability-missing', ability });
  const split = profile.limits.split ?? splitLimitsNone;
  await db.execute(sql`
    insert into channel_settlement (operator_id, channel, splits, subsidises, pays_out,
      platform_account, platform_name, split_not_before_ms, frozen_max_ms, others_max_bp)
    values (${wanted.operatorId}, ${wanted.channel}, ${wanted.splits}, ${wanted.subsidises},
      ${wanted.paysOut}, ${wanted.platformAccount}, ${wanted.platformName}, ${split.notBeforeMs},
      ${split.frozenMaxMs}, ${split.othersMaxBp})
    on conflict (operator_id, channel) do update set splits = excluded.splits,
      subsidises = excluded.subsidises, pays_out = excluded.pays_out,
      platform_account = excluded.platform_account, platform_name = excluded.platform_name,
      split_not_before_ms = excluded.split_not_before_ms, frozen_max_ms = excluded.frozen_max_ms,
      others_max_bp = excluded.others_max_bp`);
  return ok(undefined);
}
