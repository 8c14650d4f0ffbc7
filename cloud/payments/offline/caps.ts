import { sql } from 'drizzle-orm';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { overCaps } from '#shared/member/judge-member-code.ts';
import type { OfflineCaps } from '#shared/member/offline-caps.ts';
import type { GenuineCode } from '#shared/member/verify-member-code.ts';
import { fen } from '#shared/money/fen.ts';
import { capsEditions } from '#cloud/identity/caps-editions.ts';
import { contactGapMsMax, lastContactMs } from '#cloud/identity/terminal-contact.ts';
import type { OfflineSettlement } from '#cloud/payments/offline/sale.ts';
import type { Tx } from '#cloud/platform/db.ts';

/** What of the clocks of a till and the cloud may differ, by the time that was written down. */
const trustedToleranceMs = 5_000;
const wallToleranceMs = 300_000;

/** The caps of a version as they were signed; undefined for one that never was. */
export async function capsOf(
  tx: Tx,
  sale: Pick<OfflineSettlement, 'operatorId' | 'capsVersion'>,
): Promise<OfflineCaps | undefined> {
  const { rows } = await tx.execute<{ caps: OfflineCaps }>(sql`
    select caps from offline_caps_edition
     where operator_id = ${sale.operatorId} and version = ${sale.capsVersion ?? null}::integer`);
  return rows[0]?.caps ?? capsEditions.find(({ version }) => version === sale.capsVersion);
}

/**
 * The first cap that a till went over when it took a sale, judged by the edition that it had;
 * undefined inside all.
 *
 * Only what that till could know counts: its own sales before this one, in the order of its
 * journal, that had not reached the cloud (the shop's room) or had not been settled (the member's)
 * by then. So the verdict is the same whatever other shops send and in whichever order it comes. A
 * shop with several tills has the room of each, because each was signed its own. Where the clocks
 * cannot prove an excess there is none.
 */
export async function capsGoneOver(
  tx: Tx,
  sale: OfflineSettlement,
  code: Pick<GenuineCode, 'moment' | 'paymentCapYuan' | 'windowCapYuan'>,
): Promise<ErrorCode | undefined> {
  if (sale.capsVersion === undefined) return undefined;
  const caps = await capsOf(tx, sale);
  if (caps === undefined) return 'offline-caps-unknown';
  const applied = await versionApplied(tx, sale);
  if (applied !== undefined && applied > sale.capsVersion) return 'offline-caps-outdated';
  if (await isLongReplaced(tx, sale, caps)) return 'offline-caps-outdated';
  const usage = await usageBefore(tx, sale);
  const sinceContactMs = await provenAbsenceMs(tx, sale);
  return overCaps({ code, amountFen: sale.amountFen, caps, usage, sinceContactMs })?.type;
}

/**
 * Had a newer edition been signed for longer than a till may go on without the cloud? What its
 * journal says of the editions it took is its own word: a till that begins a new epoch, or leaves
 * the word out, could name the widest ever. The time is its word too; but no sale is older than the
 * code that paid it.
 */
async function isLongReplaced(
  tx: Tx,
  { operatorId, acceptedAtMs, capsVersion, certificateId }: OfflineSettlement,
  { windowMs }: OfflineCaps,
): Promise<boolean> {
  const graceMs = windowMs + contactGapMsMax + wallToleranceMs;
  const { rowCount } = await tx.execute(sql`
    select 1 from offline_caps_edition
     where operator_id = ${operatorId} and version > ${capsVersion ?? null}::integer
       and since_ms < -${graceMs}::bigint + greatest(${acceptedAtMs}::bigint,
         (select issued_at_ms from member_certificate
           where operator_id = ${operatorId} and certificate_id = ${certificateId})) limit 1`);
  return (rowCount ?? 0) > 0;
}

/** The edition that the till had journaled last before this sale. */
async function versionApplied(
  tx: Tx,
  { operatorId, terminalId, entry }: OfflineSettlement,
): Promise<number | undefined> {
  if (entry === undefined) return undefined;
  const { rows } = await tx.execute<{ body: string }>(sql`
    select body from journal_entry
     where operator_id = ${operatorId} and terminal_id = ${terminalId} and epoch = ${entry.epoch}
       and seq < ${entry.seq} and type = 'caps.applied' order by seq desc limit 1`);
  const body: unknown = rows[0] === undefined ? undefined : JSON.parse(rows[0].body);
  return typeof body === 'object' && body !== null && 'capsVersion' in body
    ? Number(body.capsVersion)
    : undefined;
}

/**
 * What the till had taken before and, at the time of this sale, had not brought home.
 * `accepted_at_ms` orders sales of different epochs, which never overlap; inside an epoch the
 * journal does.
 */
async function usageBefore(tx: Tx, sale: OfflineSettlement) {
  const { operatorId, orderId, terminalId, memberId, acceptedAtMs, entry } = sale;
  const toleranceMs = sale.isTimeTrusted === true ? trustedToleranceMs : wallToleranceMs;
  const knownByMs = acceptedAtMs + toleranceMs;
  const { rows } = await tx.execute<Record<'mine_fen' | 'mine' | 'shop_fen' | 'shop', number>>(sql`
    select coalesce(sum(amount_fen) filter (where is_open and is_member), 0)::bigint as mine_fen,
           (count(*) filter (where is_open and is_member))::integer as mine,
           coalesce(sum(amount_fen) filter (where is_unsynced), 0)::bigint as shop_fen,
           (count(*) filter (where is_unsynced))::integer as shop
      from (
        select amount_fen, member_id = ${memberId} as is_member,
               (settled_at_ms is null or state <> 'settled' or settled_at_ms > ${knownByMs}) as is_open,
               (received_at_ms is null or received_at_ms > ${knownByMs}) as is_unsynced
          from offline_settlement
         where operator_id = ${operatorId} and terminal_id = ${terminalId}
           and order_id <> ${orderId} and caps_version is not null
           and case when epoch = ${entry?.epoch ?? null} then seq < ${entry?.seq ?? null}::bigint
                    else (accepted_at_ms, order_id) < (${acceptedAtMs}::bigint, ${orderId}) end) before`);
  const row = rows[0];
  return {
    memberFen: fen(row?.mine_fen ?? 0),
    memberCount: row?.mine ?? 0,
    shopUnsyncedFen: fen(row?.shop_fen ?? 0),
    shopUnsyncedCount: row?.shop ?? 0,
  };
}

/**
 * How long the till had surely been away when it took the sale; 0 when nothing proves an absence.
 */
async function provenAbsenceMs(tx: Tx, sale: OfflineSettlement): Promise<number> {
  const atMs = sale.acceptedAtMs;
  const contactMs = await lastContactMs(tx, { ...sale, atMs });
  // Between two heartbeats the till was in touch without our having written it down.
  return contactMs === undefined ? 0 : Math.max(0, atMs - contactMs - contactGapMsMax);
}
