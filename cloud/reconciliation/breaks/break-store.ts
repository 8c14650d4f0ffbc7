import { sql, type SQL } from 'drizzle-orm';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type {
  BreakChange,
  BreakClass,
  BreakFacts,
  BreakState,
  MoneyStep,
} from '#cloud/reconciliation/breaks/break-machine.ts';

export const breaksPerPageMax = 500;
export const breakEventsMax = 200;

export interface KeptBreak extends BreakFacts {
  readonly operatorId: OperatorId;
  readonly breakNo: number;
  readonly channel: string;
  readonly account: string;
  readonly date: string;
  readonly subject: string;
  readonly billNo: number;
  readonly merchantId: MerchantId | undefined;
  readonly orderId: OrderId | undefined;
  readonly attempt: number | undefined;
  readonly feeFen: number | undefined;
  readonly expectedFeeFen: number | undefined;
  readonly owner: string | undefined;
  readonly foundAtMs: number;
  readonly resolvedHow: string | undefined;
}

const columns = sql`operator_id, break_no, channel, account, class, subject, bill_no,
  bill_date::text as bill_date, merchant_id, order_id, attempt, refund_no, bill_fen, our_fen, fee_fen,
  expected_fee_fen, state, owner, found_at_ms, proposed_how, proposed_by, resolved_how`;

export interface BreakFilter {
  readonly operatorId: OperatorId;
  readonly state?: BreakState | undefined;
  readonly class?: BreakClass | undefined;
  readonly owner?: string | undefined;
  readonly date?: string | undefined;
  /** Number of the last break of the page before. */
  readonly after?: number | undefined;
  /** At most {@link breaksPerPageMax}. */
  readonly limit: number;
}

const when = (value: string | undefined, condition: SQL): SQL =>
  value === undefined ? sql`` : sql`and ${condition}`;

/** A page of breaks by number; without a state those that are not settled. */
export async function listBreaks(db: Db | Tx, filter: BreakFilter): Promise<readonly KeptBreak[]> {
  const { rows } = await db.execute<Row>(sql`
    select ${columns} from bill_break
     where operator_id = ${filter.operatorId} and break_no > ${filter.after ?? 0}
       and ${filter.state === undefined ? sql`state <> 'resolved'` : sql`state = ${filter.state}`}
       ${when(filter.class, sql`class = ${filter.class}`)}
       ${when(filter.owner, sql`owner = ${filter.owner}`)}
       ${when(filter.date, sql`bill_date = ${filter.date}::date`)}
     order by break_no limit ${Math.min(filter.limit, breaksPerPageMax)}`);
  return rows.map(toBreak);
}

export async function lockBreak(
  tx: Tx,
  key: Pick<KeptBreak, 'operatorId' | 'breakNo'>,
): Promise<KeptBreak | undefined> {
  const { rows } = await tx.execute<Row>(sql`
    select ${columns} from bill_break
     where operator_id = ${key.operatorId} and break_no = ${key.breakNo} for update`);
  return rows[0] && toBreak(rows[0]);
}

/** Stores what a step changed, and the step itself in the history. */
export async function saveBreakStep(
  tx: Tx,
  kept: KeptBreak,
  made: {
    readonly change: BreakChange;
    readonly what: string;
    readonly by: string;
    readonly note: string;
    readonly nowMs: number;
  },
): Promise<void> {
  await tx.execute(sql`
    update bill_break set ${assignmentsOf(made.change, made.nowMs)}
     where operator_id = ${kept.operatorId} and break_no = ${kept.breakNo}`);
  await tx.execute(sql`
    insert into bill_break_event (operator_id, break_no, merchant_id, what, who, note, at_ms)
    values (${kept.operatorId}, ${kept.breakNo}, ${kept.merchantId ?? null}, ${made.what},
      ${made.by}, ${made.note}, ${made.nowMs})`);
}

function assignmentsOf(change: BreakChange, nowMs: number): SQL {
  const resolved = (how: string) => sql`state = 'resolved', resolved_how = ${how},
    resolved_at_ms = ${nowMs}, proposed_how = null, proposed_by = null`;
  switch (change.type) {
    case 'owner':
      return sql`owner = ${change.owner}`;
    case 'explained':
      return sql`state = 'explained'`;
    case 'accepted':
      return resolved('accepted');
    case 'proposed':
      return sql`proposed_how = ${change.how}, proposed_by = ${change.by}`;
    case 'carry-out':
      return resolved(change.how);
  }
}

export interface BreakEvent {
  readonly what: string;
  readonly who: string;
  readonly note: string;
  readonly atMs: number;
}

/** What became of a break, oldest first. */
export async function breakHistory(
  db: Db,
  key: Pick<KeptBreak, 'operatorId' | 'breakNo'>,
): Promise<readonly BreakEvent[]> {
  const { rows } = await db.execute<{ what: string; who: string; note: string; at_ms: number }>(sql`
    select what, who, note, at_ms from bill_break_event
     where operator_id = ${key.operatorId} and break_no = ${key.breakNo}
     order by event_no limit ${breakEventsMax}`);
  return rows.map(({ at_ms: atMs, ...event }) => ({ ...event, atMs }));
}

interface Row extends Record<string, unknown> {
  operator_id: OperatorId;
  break_no: number;
  channel: string;
  account: string;
  class: BreakClass;
  subject: string;
  bill_no: number;
  bill_date: string;
  merchant_id: MerchantId | null;
  order_id: OrderId | null;
  attempt: number | null;
  refund_no: number | null;
  bill_fen: number;
  our_fen: number;
  fee_fen: number | null;
  expected_fee_fen: number | null;
  state: BreakState;
  owner: string | null;
  found_at_ms: number;
  proposed_how: MoneyStep | null;
  proposed_by: string | null;
  resolved_how: string | null;
}

const toBreak = (row: Row): KeptBreak => ({
  operatorId: row.operator_id,
  breakNo: row.break_no,
  channel: row.channel,
  account: row.account,
  class: row.class,
  subject: row.subject,
  billNo: row.bill_no,
  date: row.bill_date,
  merchantId: row.merchant_id ?? undefined,
  orderId: row.order_id ?? undefined,
  attempt: row.attempt ?? undefined,
  refundNo: row.refund_no ?? undefined,
  billFen: row.bill_fen,
  ourFen: row.our_fen,
  feeFen: row.fee_fen ?? undefined,
  expectedFeeFen: row.expected_fee_fen ?? undefined,
  state: row.state,
  owner: row.owner ?? undefined,
  foundAtMs: row.found_at_ms,
  proposedHow: row.proposed_how ?? undefined,
  proposedBy: row.proposed_by ?? undefined,
  resolvedHow: row.resolved_how ?? undefined,
});
