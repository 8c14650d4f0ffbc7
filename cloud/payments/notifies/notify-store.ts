import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { AttemptKey } from '#cloud/payments/attempt.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

/** What names an event of a channel. */
export interface NotifyKey {
  readonly operatorId: OperatorId;
  readonly channel: string;
  readonly eventId: string;
}

/** Why people look at a notify. */
export type NotifyFinding =
  'number-unknown' | 'order-mismatch' | 'reference-mismatch' | 'not-confirmed';

/** What a verified notify led to. */
export type NotifyVerdict =
  | { readonly type: 'taken' | 'hurried' | 'no-news' }
  | { readonly type: 'asking'; readonly askAtMs: number }
  | { readonly type: 'finding'; readonly finding: NotifyFinding };

export interface NewNotify extends NotifyKey {
  readonly kind: 'payment' | 'refund' | 'split' | 'payout' | 'echo' | 'other';
  readonly outNo: string;
  /** SHA-256 of the body, hex. */
  readonly digest: string;
  /** The event in neutral words, cut to {@link saidCharsMax}. */
  readonly said: string;
  readonly nowMs: number;
}

export const saidCharsMax = 1_000;

const keyIs = (key: NotifyKey) => sql`operator_id = ${key.operatorId} and channel = ${key.channel}
  and event_id = ${key.eventId}`;

/** Writes an event down. False when it was there already: then only its repetition is counted. */
export async function keepNotify(tx: Tx, one: NewNotify): Promise<boolean> {
  const { rows } = await tx.execute<{ seen_count: number }>(sql`
    insert into channel_notify as n (operator_id, channel, event_id, kind, out_no, digest, said,
      first_at_ms, last_at_ms, verdict)
    values (${one.operatorId}, ${one.channel}, ${one.eventId}, ${one.kind}, ${one.outNo},
      ${one.digest}, ${one.said.slice(0, saidCharsMax)}, ${one.nowMs}, ${one.nowMs}, 'no-news')
    on conflict (operator_id, channel, event_id) do update
      set seen_count = n.seen_count + 1, last_at_ms = greatest(n.last_at_ms, excluded.last_at_ms)
    returning seen_count`);
  return rows[0]?.seen_count === 1;
}

/** Notes what an event led to, and whom it is about. */
export async function saveVerdict(
  tx: Tx,
  key: NotifyKey,
  found: {
    readonly verdict: NotifyVerdict;
    readonly about?: {
      readonly merchantId: MerchantId | undefined;
      readonly orderId?: OrderId;
      readonly attempt?: number;
    };
  },
): Promise<void> {
  const { verdict, about } = found;
  await tx.execute(sql`
    update channel_notify set verdict = ${verdict.type},
      finding = ${verdict.type === 'finding' ? verdict.finding : null},
      ask_at_ms = ${verdict.type === 'asking' ? verdict.askAtMs : null},
      merchant_id = coalesce(${about?.merchantId ?? null}, merchant_id),
      order_id = coalesce(${about?.orderId ?? null}, order_id),
      attempt = coalesce(${about?.attempt ?? null}::integer, attempt)
    where ${keyIs(key)}`);
}

export interface DueQuestion extends NotifyKey, AttemptKey {
  /** Questions before this one. */
  readonly asks: number;
}

/**
 * Takes events whose question is due; the next one waits `pauseMs`, should nobody come back to it.
 */
export async function takeDueQuestions(
  db: Db,
  options: { readonly nowMs: number; readonly pauseMs: number; readonly countMax: number },
): Promise<readonly DueQuestion[]> {
  const { rows } = await db.execute<{
    operator_id: OperatorId;
    channel: string;
    event_id: string;
    order_id: OrderId;
    attempt: number;
    asks: number;
  }>(sql`
    with due as (
      select operator_id as o, channel as c, event_id as e from channel_notify
       where verdict = 'asking' and ask_at_ms <= ${options.nowMs}
       order by ask_at_ms limit ${options.countMax} for update skip locked)
    update channel_notify set asks = asks + 1, ask_at_ms = ${options.nowMs + options.pauseMs}
      from due where operator_id = due.o and channel = due.c and event_id = due.e
    returning operator_id, channel, event_id, order_id, attempt, asks - 1 as asks`);
  return rows.map((row) => ({
    operatorId: row.operator_id,
    channel: row.channel,
    eventId: row.event_id,
    orderId: row.order_id,
    attempt: row.attempt,
    asks: row.asks,
  }));
}

export const findingsMax = 200;

/** A notify that fits nothing of ours, for people. */
export interface ListedFinding {
  readonly channel: string;
  readonly eventId: string;
  readonly kind: string;
  readonly outNo: string;
  readonly finding: NotifyFinding;
  readonly said: string;
  readonly merchantId?: MerchantId;
  readonly seenCount: number;
  readonly firstAtMs: number;
}

/** Open findings, oldest first. */
export async function listFindings(
  db: Db,
  operatorId: OperatorId,
): Promise<readonly ListedFinding[]> {
  const { rows } = await db.execute<{
    channel: string;
    event_id: string;
    kind: string;
    out_no: string;
    finding: NotifyFinding;
    said: string;
    merchant_id: MerchantId | null;
    seen_count: number;
    first_at_ms: number;
  }>(sql`
    select channel, event_id, kind, out_no, finding, said, merchant_id, seen_count, first_at_ms
      from channel_notify
     where operator_id = ${operatorId} and verdict = 'finding' and closed_at_ms is null
     order by first_at_ms limit ${findingsMax}`);
  return rows.map((row) => ({
    channel: row.channel,
    eventId: row.event_id,
    kind: row.kind,
    outNo: row.out_no,
    finding: row.finding,
    said: row.said,
    ...(row.merchant_id === null ? {} : { merchantId: row.merchant_id }),
    seenCount: row.seen_count,
    firstAtMs: row.first_at_ms,
  }));
}

/** Somebody looked. False when no such finding is open. */
export async function closeFinding(
  db: Db,
  {
    by,
    note,
    nowMs,
    ...key
  }: NotifyKey & {
    readonly by: string;
    readonly note: string;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { rowCount } = await db.execute(sql`
    update channel_notify set closed_by = ${by}, closed_note = ${note}, closed_at_ms = ${nowMs}
     where ${keyIs(key)} and verdict = 'finding' and closed_at_ms is null`);
  return rowCount === 1;
}
