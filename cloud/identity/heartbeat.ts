import { sql } from 'drizzle-orm';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { assert } from '#shared/result/assert.ts';
import type { Heartbeat } from '#shared/wire/v1/journal.ts';
import {
  judgeHeartbeat,
  LaneSchema,
  type HeardBefore,
  type StoredJournal,
} from '#cloud/identity/judge-heartbeat.ts';
import { keepContact } from '#cloud/identity/terminal-contact.ts';
import { isRotationDue } from '#cloud/identity/rotate-key.ts';
import type { Finding } from '#cloud/identity/terminal-alarms.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

export interface HeardHeartbeat {
  readonly configVersion: number;
  /** Of the shop's goods; undefined: it has none. */
  readonly catalogueVersion: number | undefined;
  /** The terminal is to change its key. */
  readonly rotateKey: boolean;
  readonly findings: readonly Finding[];
  /** The largest count of owner's changes that this terminal ever said, now included; undefined: none. */
  readonly ownerChangeNo: number | undefined;
}

/** The epochs that a heartbeat is compared with: the latest that moved. */
const headsMax = 16;

interface Row extends Record<string, unknown> {
  config_version: number;
  catalogue_version: number | null;
  key_since_ms: number;
  key_wanted_at_ms: number | null;
  lanes: unknown;
  lane_returns: number | null;
  lane_returned_at_ms: number | null;
  clock_offset_ms: number | null;
  pin_locks: number | null;
  first_pin_at_ms: number | null;
  owner_change_no: number | null;
  heads: StoredJournal['heads'] | null;
  entries: StoredJournal['entries'] | null;
}

/**
 * Keeps the last heartbeat of a terminal and judges it: judge-heartbeat.ts says what it may prove. A revoked one is a
 * witness of its journal like any other and nothing more: it has not been in touch, which would speak for its sales.
 */
export async function recordHeartbeat(
  deps: Pick<CloudDeps, 'db' | 'clock'>,
  terminal: TerminalIdentity,
  heartbeat: Heartbeat,
): Promise<HeardHeartbeat> {
  const nowMs = deps.clock.nowMs();
  const row = await readBefore(deps, terminal, heartbeat);
  const before: HeardBefore = {
    lanes: Value.Check(Type.Array(LaneSchema), row.lanes) ? row.lanes : [],
    returns: row.lane_returns ?? 0,
    returnedAtMs: row.lane_returned_at_ms ?? 0,
  };
  const stored = { heads: row.heads ?? [], entries: row.entries ?? [] };
  const judged = judgeHeartbeat(heartbeat, before, { stored, nowMs });
  const { after } = judged;
  const findings = [
    ...judged.findings,
    ...clockFindings({ heartbeat, nowMs }, row),
    ...pinFindings(heartbeat, row),
  ];
  const saidBefore = row.owner_change_no ?? undefined;
  await writeHeartbeat(deps, terminal, { heartbeat, after, findings, nowMs });
  if (!terminal.revoked) await keepContact(deps.db, { ...terminal, nowMs });
  const rotateKey = isRotationDue(
    { keySinceMs: row.key_since_ms, wantedAtMs: row.key_wanted_at_ms ?? undefined },
    nowMs,
  );
  const ownerChangeNo =
    heartbeat.ownerChangeNo === undefined
      ? saidBefore
      : Math.max(heartbeat.ownerChangeNo, saidBefore ?? 0);
  return {
    configVersion: row.config_version,
    catalogueVersion: row.catalogue_version ?? undefined,
    rotateKey,
    findings,
    ownerChangeNo,
  };
}

/** A clock further off than this is said to people, here as on the till; no sale is refused for it. */
const clockSkewMsMax = 300_000;

/** A clock that stays wrong is told once: whoever took note of it hears again when it was right and is wrong anew. */
const clockFindings = (
  { heartbeat, nowMs }: { readonly heartbeat: Heartbeat; readonly nowMs: number },
  before: Pick<Row, 'clock_offset_ms'>,
): readonly Finding[] => {
  const offsetMs = heartbeat.wallMs - nowMs;
  const wasWrong = Math.abs(before.clock_offset_ms ?? 0) > clockSkewMsMax;
  if (wasWrong || Math.abs(offsetMs) <= clockSkewMsMax) return [];
  const seconds = Math.trunc(Math.abs(offsetMs) / 1_000);
  const detail = `its clock is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the cloud's`;
  return [{ kind: 'clock-skewed', subject: new Date(nowMs).toISOString(), detail }];
};

/** The till counts its locks for ever: a number that grew is news, and the same one every half minute is not. */
const pinFindings = (
  { pinLocks = 0, firstPinAtMs, ownerChangeNo }: Heartbeat,
  before: Pick<Row, 'pin_locks' | 'first_pin_at_ms' | 'owner_change_no'>,
): readonly Finding[] => {
  const findings: Finding[] = [];
  if (ownerChangeNo !== undefined && ownerChangeNo < (before.owner_change_no ?? 0)) {
    const detail = `the owner's record is of change ${ownerChangeNo}, and was at ${before.owner_change_no}`;
    findings.push({ kind: 'owner-record-old', subject: '', detail });
  }
  if (pinLocks > (before.pin_locks ?? 0)) {
    const detail = 'wrong PINs of the owner until it locked';
    findings.push({ kind: 'owner-pin-locked', subject: '', detail });
  }
  if (firstPinAtMs !== undefined && firstPinAtMs !== before.first_pin_at_ms) {
    const subject = new Date(firstPinAtMs).toISOString();
    const detail = "set where there was none, then by the till's clock";
    findings.push({ kind: 'owner-pin-first-set', subject, detail });
  }
  return findings;
};

async function readBefore(
  deps: Pick<CloudDeps, 'db'>,
  { operatorId, terminalId }: TerminalIdentity,
  heartbeat: Heartbeat,
): Promise<Row> {
  const { rows } = await deps.db.execute<Row>(sql`
    select t.config_version, coalesce(t.key_since_ms, t.activated_at_ms) as key_since_ms,
           t.key_wanted_at_ms,
           (select c.version from goods_catalogue c
             where c.operator_id = t.operator_id and c.merchant_id = t.merchant_id) as catalogue_version,
           b.lanes, b.lane_returns, b.lane_returned_at_ms, b.clock_offset_ms, b.pin_locks, b.first_pin_at_ms, b.owner_change_no,
           (select jsonb_agg(jsonb_build_object('epoch', h.epoch, 'headSeq', h.head_seq,
                     'headHash', h.head_hash, 'beganAtMs', h.begun_at_ms,
                     'movedAtMs', h.updated_at_ms))
              from (select * from journal_head h
                     where h.operator_id = t.operator_id and h.terminal_id = t.terminal_id
                       and h.head_seq > 0
                     order by h.updated_at_ms desc limit ${headsMax}) h) as heads,
           (select jsonb_agg(jsonb_build_object('epoch', e.epoch, 'seq', e.seq, 'hash', e.hash))
              from (select l->>'epoch' as epoch, (l->>'headSeq')::bigint as seq
                      from jsonb_array_elements(coalesce(b.lanes, '[]')) l
                    union select ${heartbeat.epoch}, ${heartbeat.headSeq}::bigint) place
              join journal_entry e on e.operator_id = t.operator_id
               and e.terminal_id = t.terminal_id and e.epoch = place.epoch
               and e.seq = place.seq) as entries
      from terminal t
      left join terminal_heartbeat b
        on b.operator_id = t.operator_id and b.terminal_id = t.terminal_id
     where t.operator_id = ${operatorId} and t.terminal_id = ${terminalId}`);
  const row = rows[0];
  assert(row !== undefined, () => `no terminal ${terminalId}`);
  return row;
}

async function writeHeartbeat(
  deps: Pick<CloudDeps, 'db'>,
  { operatorId, terminalId }: TerminalIdentity,
  heard: {
    readonly heartbeat: Heartbeat;
    readonly after: HeardBefore;
    readonly findings: readonly Finding[];
    readonly nowMs: number;
  },
): Promise<void> {
  const { heartbeat, after, nowMs } = heard;
  const tailLost = heard.findings.some(({ kind }) => kind === 'tail-lost');
  await deps.db.execute(sql`
    insert into terminal_heartbeat (operator_id, terminal_id, received_at_ms, epoch, head_seq,
      head_hash, acked_seq, oldest_unsynced_ms, clock_offset_ms, app_version, disk_free_bytes,
      caps_version, peripherals, tail_lost, lanes, lane_returns, lane_returned_at_ms,
      pin_locks, first_pin_at_ms, owner_change_no)
    values (${operatorId}, ${terminalId}, ${nowMs}, ${heartbeat.epoch}, ${heartbeat.headSeq},
      ${heartbeat.headHash}, ${heartbeat.ackedSeq}, ${heartbeat.oldestUnsyncedMs},
      ${heartbeat.wallMs - nowMs}, ${heartbeat.appVersion}, ${heartbeat.diskFreeBytes},
      ${heartbeat.capsVersion}, ${JSON.stringify(heartbeat.peripherals)}::jsonb, ${tailLost},
      ${JSON.stringify(after.lanes)}::jsonb, ${after.returns}, ${after.returnedAtMs},
      ${heartbeat.pinLocks ?? 0}, ${heartbeat.firstPinAtMs ?? null},
      ${heartbeat.ownerChangeNo ?? null})
    on conflict (operator_id, terminal_id) do update set
      received_at_ms = excluded.received_at_ms, epoch = excluded.epoch,
      head_seq = excluded.head_seq, head_hash = excluded.head_hash,
      acked_seq = excluded.acked_seq, oldest_unsynced_ms = excluded.oldest_unsynced_ms,
      clock_offset_ms = excluded.clock_offset_ms, app_version = excluded.app_version,
      disk_free_bytes = excluded.disk_free_bytes, caps_version = excluded.caps_version,
      peripherals = excluded.peripherals, tail_lost = excluded.tail_lost, lanes = excluded.lanes,
      lane_returns = excluded.lane_returns, lane_returned_at_ms = excluded.lane_returned_at_ms,
      pin_locks = excluded.pin_locks, first_pin_at_ms = excluded.first_pin_at_ms,
      owner_change_no = greatest(terminal_heartbeat.owner_change_no, excluded.owner_change_no)`);
}
