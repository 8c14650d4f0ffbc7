import { sql } from 'drizzle-orm';
import { assert } from '#shared/result/assert.ts';
import type { Heartbeat } from '#shared/wire/v1/journal.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

export interface HeardHeartbeat {
  readonly configVersion: number;
  /** The terminal has less than it once sent in this epoch, or other entries: its file was rolled back or edited. */
  readonly tailLost: boolean;
}

/**
 * A batch may overtake a heartbeat on the way: the heartbeat then names an older head than the cloud already has.
 * Only a head that has stood longer than any request travels (a till gives up after 10 s) proves that the till fell
 * back; a till that did so still says it with its next heartbeat.
 */
export const overtakenMsMax = 20_000;

/** Keeps the last heartbeat of a terminal and compares its journal head with the stored one. One statement. */
export async function recordHeartbeat(
  deps: Pick<CloudDeps, 'db' | 'clock'>,
  terminal: TerminalIdentity,
  heartbeat: Heartbeat,
): Promise<HeardHeartbeat> {
  const nowMs = deps.clock.nowMs();
  const { operatorId, terminalId } = terminal;
  const { rows } = await deps.db.execute<{ config_version: number; tail_lost: boolean }>(sql`
    with held as (
      select coalesce(max(h.head_seq), 0) as head_seq, coalesce(max(h.head_hash), '') as head_hash,
             coalesce(max(h.updated_at_ms), 0) as moved_at_ms
        from journal_head h
       where h.operator_id = ${operatorId} and h.terminal_id = ${terminalId}
         and h.epoch = ${heartbeat.epoch}
    ), judged as (
      select (held.head_seq > ${heartbeat.headSeq}
              and held.moved_at_ms <= ${nowMs - overtakenMsMax}::bigint)
          or (held.head_seq > 0 and held.head_seq = ${heartbeat.headSeq}
              and held.head_hash <> ${heartbeat.headHash})
          or exists (
               select 1 from journal_entry e
                where e.operator_id = ${operatorId} and e.terminal_id = ${terminalId}
                  and e.epoch = ${heartbeat.epoch} and e.seq = ${heartbeat.headSeq}
                  and e.hash <> ${heartbeat.headHash}) as tail_lost
        from held
    ), written as (
      insert into terminal_heartbeat (operator_id, terminal_id, received_at_ms, epoch, head_seq,
        head_hash, acked_seq, oldest_unsynced_ms, clock_offset_ms, app_version, disk_free_bytes,
        caps_version, peripherals, tail_lost)
      select ${operatorId}, ${terminalId}, ${nowMs}::bigint, ${heartbeat.epoch},
        ${heartbeat.headSeq}::bigint, ${heartbeat.headHash}, ${heartbeat.ackedSeq}::bigint,
        ${heartbeat.oldestUnsyncedMs}::bigint, ${heartbeat.wallMs - nowMs}::bigint,
        ${heartbeat.appVersion}, ${heartbeat.diskFreeBytes}::bigint,
        ${heartbeat.capsVersion}::integer, ${JSON.stringify(heartbeat.peripherals)}::jsonb,
        tail_lost
        from judged
      on conflict (operator_id, terminal_id) do update set
        received_at_ms = excluded.received_at_ms, epoch = excluded.epoch,
        head_seq = excluded.head_seq, head_hash = excluded.head_hash,
        acked_seq = excluded.acked_seq, oldest_unsynced_ms = excluded.oldest_unsynced_ms,
        clock_offset_ms = excluded.clock_offset_ms, app_version = excluded.app_version,
        disk_free_bytes = excluded.disk_free_bytes, caps_version = excluded.caps_version,
        peripherals = excluded.peripherals, tail_lost = excluded.tail_lost
    )
    select t.config_version, judged.tail_lost from terminal t, judged
     where t.operator_id = ${operatorId} and t.terminal_id = ${terminalId}`);
  const row = rows[0];
  assert(row !== undefined, () => `no terminal ${terminalId}`);
  return { configVersion: row.config_version, tailLost: row.tail_lost };
}
