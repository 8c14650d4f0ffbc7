import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

/**
 * What is wrong with a terminal as a whole. None of it stops a sale or drops an entry: people find out.
 * - `clock-skewed`: its clock went more than 5 minutes off; one alarm for each time that it went.
 * - `clone`: two programs speak under one identity.
 * - `coupon-velocity`: it was given, or used up, more partner coupons within an hour than a counter
 *   does; it waits for people.
 * - `coupon-unproven`: it asks for coupons after sales that the cloud does not see paid; it is
 *   given none until it does.
 * - `tail-lost`: the till has less than it once said or sent, or other entries.
 * - `epoch-closed`: a batch came after the end of an epoch that a restore had closed; it is kept.
 * - `fork`: one entry number arrived with two contents; both are kept.
 * - `owner-pin-first-set`: a PIN of the owner was set where there was none; whoever stands at such a till can.
 * - `owner-pin-locked`: the owner's PIN was wrong until the till locked.
 * - `owner-record-old`: the owner's PIN and rules are older than this till once had: a file was put
 *   back, or a row taken out.
 * - `quarantine-full`, `epochs-exceeded`: a bound was met; the till keeps what was not taken.
 */
export const alarmKinds = [
  'clock-skewed',
  'clone',
  'coupon-unproven',
  'coupon-velocity',
  'epoch-closed',
  'epochs-exceeded',
  'fork',
  'owner-pin-first-set',
  'owner-pin-locked',
  'owner-record-old',
  'quarantine-full',
  'tail-lost',
] as const;
export type AlarmKind = (typeof alarmKinds)[number];

export interface Finding {
  readonly kind: AlarmKind;
  /** The epoch that it is about, of a first PIN and of a wrong clock the time; empty where it is about none. */
  readonly subject: string;
  readonly detail: string;
}

interface Named {
  readonly operatorId: OperatorId;
  readonly terminalId: TerminalId;
}

/** Alarms of one kind that a terminal may raise within a day, each about another epoch. An honest till raises a few. */
export const alarmsPerDayMax = 40;
const dayMs = 86_400_000;

/**
 * Keeps what was found, each kind and epoch once, and says loudly what is new. One statement. Beyond
 * {@link alarmsPerDayMax} nothing new is added: people know by then, and a till that lies must not fill the list.
 */
export async function raiseAlarms(
  deps: Pick<CloudDeps, 'db' | 'clock' | 'metrics' | 'logger'>,
  { operatorId, terminalId }: Named,
  findings: readonly Finding[],
): Promise<void> {
  if (findings.length === 0) return;
  const nowMs = deps.clock.nowMs();
  const { rows } = await deps.db.execute<{ kind: AlarmKind; subject: string; is_new: boolean }>(sql`
    insert into terminal_alarm as a (operator_id, terminal_id, kind, subject, detail, first_at_ms,
      last_at_ms)
    select distinct on (f.kind, f.subject) ${operatorId}, ${terminalId}, f.kind, f.subject, f.detail,
           ${nowMs}::bigint, ${nowMs}::bigint
      from jsonb_to_recordset(${JSON.stringify(findings)}::jsonb)
        as f(kind text, subject text, detail text)
     where (select count(*) from terminal_alarm o
             where o.operator_id = ${operatorId} and o.terminal_id = ${terminalId}
               and o.kind = f.kind and o.subject <> f.subject
               and o.first_at_ms > ${nowMs - dayMs}) < ${alarmsPerDayMax}
    on conflict (operator_id, terminal_id, kind, subject) do update
      set last_at_ms = excluded.last_at_ms, seen_count = a.seen_count + 1
    returning kind, subject, seen_count = 1 as is_new`);
  for (const { kind, subject, is_new: isNew } of rows) {
    if (!isNew) continue;
    deps.metrics.terminalAlarms.inc({ kind });
    deps.logger.error({ terminalId, kind, epoch: subject }, 'terminal alarm');
  }
}

export interface TerminalAlarm extends Finding {
  readonly terminalId: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly seenCount: number;
  /** Who took note of it since it was seen last; null: nobody. */
  readonly acknowledged: {
    readonly by: string;
    readonly note: string;
    readonly atMs: number;
  } | null;
}

export const alarmsListedMax = 200;

/** The alarms of a merchant's terminals, the latest first, at most {@link alarmsListedMax}. */
export async function listAlarms(
  db: Db,
  merchant: { readonly operatorId: OperatorId; readonly merchantId: MerchantId },
): Promise<readonly TerminalAlarm[]> {
  const { rows } = await db.execute<{
    terminal_id: string;
    kind: AlarmKind;
    subject: string;
    detail: string;
    first_at_ms: number;
    last_at_ms: number;
    seen_count: number;
    seen_by: string | null;
    note: string | null;
    seen_at_ms: number | null;
  }>(sql`
    select a.terminal_id, a.kind, a.subject, a.detail, a.first_at_ms, a.last_at_ms, a.seen_count,
           s.seen_by, s.note, s.seen_at_ms
      from terminal_alarm a
      join terminal t on t.operator_id = a.operator_id and t.terminal_id = a.terminal_id
      left join lateral (
        select * from terminal_alarm_seen one
         where one.operator_id = a.operator_id and one.terminal_id = a.terminal_id
           and one.kind = a.kind and one.subject = a.subject and one.seen_at_ms >= a.last_at_ms
         order by one.seen_at_ms desc limit 1) s on true
     where a.operator_id = ${merchant.operatorId} and t.merchant_id = ${merchant.merchantId}
     order by a.last_at_ms desc, a.terminal_id, a.kind, a.subject limit ${alarmsListedMax}`);
  return rows.map((row) => ({
    terminalId: row.terminal_id,
    kind: row.kind,
    subject: row.subject,
    detail: row.detail,
    firstAtMs: row.first_at_ms,
    lastAtMs: row.last_at_ms,
    seenCount: row.seen_count,
    acknowledged:
      row.seen_by === null
        ? null
        : { by: row.seen_by, note: row.note ?? '', atMs: row.seen_at_ms ?? 0 },
  }));
}

/** Writes down who took note of an alarm, and what he found. False: there is no such alarm. */
export async function acknowledgeAlarm(
  db: Db,
  alarm: Named & Pick<Finding, 'kind' | 'subject'>,
  seen: { readonly by: string; readonly note: string; readonly nowMs: number },
): Promise<boolean> {
  const { rowCount } = await db.execute(sql`
    insert into terminal_alarm_seen (operator_id, terminal_id, kind, subject, seen_at_ms, seen_by, note)
    select operator_id, terminal_id, kind, subject, greatest(${seen.nowMs}::bigint, last_at_ms),
           ${seen.by}, ${seen.note}
      from terminal_alarm
     where operator_id = ${alarm.operatorId} and terminal_id = ${alarm.terminalId}
       and kind = ${alarm.kind} and subject = ${alarm.subject}
    on conflict (operator_id, terminal_id, kind, subject, seen_at_ms) do nothing`);
  return rowCount === 1;
}
