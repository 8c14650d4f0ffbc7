import { sql } from 'drizzle-orm';
import type { OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

/** Heartbeats come every 30 s; what is further apart than this was an outage. */
export const contactGapMsMax = 120_000;
/** What proves nothing about a sale any more is forgotten. */
const keptMs = 90 * 86_400_000;

/** A terminal was heard of now: the row of its present time online grows, or a new one begins. */
export async function keepContact(
  db: Db | Tx,
  heard: {
    readonly operatorId: OperatorId;
    readonly terminalId: TerminalId;
    readonly nowMs: number;
  },
): Promise<void> {
  const { operatorId, terminalId, nowMs } = heard;
  await db.execute(sql`
    with grown as (
      update terminal_contact set until_ms = greatest(until_ms, ${nowMs}::bigint)
       where operator_id = ${operatorId} and terminal_id = ${terminalId}
         and from_ms = (select max(from_ms) from terminal_contact
                         where operator_id = ${operatorId} and terminal_id = ${terminalId})
         and until_ms >= ${nowMs - contactGapMsMax} and from_ms <= ${nowMs}
      returning 1),
    begun as (
      insert into terminal_contact (operator_id, terminal_id, from_ms, until_ms)
      select ${operatorId}, ${terminalId}, ${nowMs}, ${nowMs}
       where not exists (select 1 from grown)
      on conflict do nothing returning 1)
    delete from terminal_contact
     where operator_id = ${operatorId} and terminal_id = ${terminalId}
       and until_ms < ${nowMs - keptMs} and exists (select 1 from begun)`);
}

/**
 * The last moment up to `atMs` at which a terminal was surely in touch with the cloud: by its heartbeats, or by a batch
 * that came. Undefined when nothing before is known, which proves nothing.
 */
export async function lastContactMs(
  db: Db | Tx,
  asked: {
    readonly operatorId: OperatorId;
    readonly terminalId: TerminalId;
    readonly atMs: number;
  },
): Promise<number | undefined> {
  const { operatorId, terminalId, atMs } = asked;
  const { rows } = await db.execute<{ at: number | null }>(sql`
    select greatest(
      (select least(until_ms, ${atMs}::bigint) from terminal_contact
        where operator_id = ${operatorId} and terminal_id = ${terminalId} and from_ms <= ${atMs}
        order by from_ms desc limit 1),
      (select max(received_at_ms) from journal_batch
        where operator_id = ${operatorId} and terminal_id = ${terminalId}
          and received_at_ms <= ${atMs})) as at`);
  return rows[0]?.at ?? undefined;
}
