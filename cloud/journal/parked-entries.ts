import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { parseEntry } from '#shared/wire/v1/parse-entry.ts';
import type { Db } from '#cloud/platform/db.ts';

/** Facts that say money changed hands: when one is parked, somebody is short of it until people have looked. */
const moneyFacts: ReadonlySet<string> = new Set<EntryFact['type']>([
  'cash.recorded',
  'charge.paid',
  'offline.accepted',
  'offline.promise-kept',
  'pos.paid',
]);

export const carriesMoney = (type: string): boolean => moneyFacts.has(type);

export const parkedEntriesMax = 500;

export interface ParkedEntryView {
  readonly terminalId: string;
  readonly epoch: string;
  readonly seq: number;
  readonly type: string;
  readonly orderId: string | undefined;
  /** Gross amount of the order when this entry carried its money; undefined when it carried none or nobody knows. */
  readonly amountFen: number | undefined;
  readonly code: string;
  readonly detail: string;
  readonly parkedAtMs: number;
}

export interface ParkedEntries {
  /** Newest first, at most {@link parkedEntriesMax}. */
  readonly entries: readonly ParkedEntryView[];
  /** How many there are. */
  readonly entryCount: number;
  /** What those listed say was taken and the books do not have. */
  readonly moneyFen: number;
  /** Batches of a forked history (a clone or a restored copy) that were kept whole and not read. */
  readonly quarantinedBatchCount: number;
}

interface Row extends Record<string, unknown> {
  terminal_id: string;
  epoch: string;
  seq: number;
  type: string | null;
  body: string | null;
  code: string;
  detail: string;
  parked_at_ms: number;
}

/** What a merchant's tills wrote and the cloud will not act on by itself. */
export async function listParkedEntries(
  db: Db,
  merchant: { readonly operatorId: OperatorId; readonly merchantId: MerchantId },
): Promise<ParkedEntries> {
  const { operatorId, merchantId } = merchant;
  const ofMerchant = sql`(select terminal_id from terminal
    where operator_id = ${operatorId} and merchant_id = ${merchantId})`;
  const { rows } = await db.execute<Row>(sql`
    select p.terminal_id, p.epoch, p.seq, e.type, e.body, p.code, p.detail, p.parked_at_ms
      from journal_parked p
      left join journal_entry e on e.operator_id = p.operator_id and e.terminal_id = p.terminal_id
       and e.epoch = p.epoch and e.seq = p.seq
     where p.operator_id = ${operatorId} and p.terminal_id in ${ofMerchant}
     order by p.parked_at_ms desc, p.terminal_id, p.epoch, p.seq desc limit ${parkedEntriesMax}`);
  const counts = await db.execute<{ parked: number; quarantined: number }>(sql`
    select (select count(*) from journal_parked
             where operator_id = ${operatorId} and terminal_id in ${ofMerchant}) as parked,
           (select count(*) from journal_quarantine
             where operator_id = ${operatorId} and terminal_id in ${ofMerchant}) as quarantined`);
  const orderIds = rows.flatMap((row) => orderIdOf(row) ?? []);
  const amounts = await orderAmounts(db, { ...merchant, orderIds }, rows);
  const entries = rows.map((row) => viewOf(row, amounts));
  return {
    entries,
    entryCount: counts.rows[0]?.parked ?? 0,
    moneyFen: entries.reduce((sum, entry) => sum + (entry.amountFen ?? 0), 0),
    quarantinedBatchCount: counts.rows[0]?.quarantined ?? 0,
  };
}

function factOf(row: Row): EntryFact | undefined {
  const fact = parseEntry({ type: row.type ?? '', body: row.body ?? '' });
  return fact.ok ? fact.value : undefined;
}

function orderIdOf(row: Row): string | undefined {
  const fact = factOf(row);
  return fact !== undefined && 'orderId' in fact.body ? fact.body.orderId : undefined;
}

/** Gross amounts: from the order as it stands, or from its opening when that is parked too (a revoked till). */
async function orderAmounts(
  db: Db,
  query: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly orderIds: readonly string[];
  },
  rows: readonly Row[],
): Promise<ReadonlyMap<string, number>> {
  const known = await db.execute<{ order_id: string; amount_fen: number }>(sql`
    select order_id, amount_fen from customer_order
     where operator_id = ${query.operatorId} and merchant_id = ${query.merchantId}
       and order_id = any(${sql.param(query.orderIds)}::text[])`);
  const amounts = new Map(known.rows.map((row) => [row.order_id, row.amount_fen]));
  for (const row of rows) {
    const fact = factOf(row);
    if (fact?.type === 'order.opened' && !amounts.has(fact.body.orderId))
      amounts.set(fact.body.orderId, fact.body.amountFen);
  }
  return amounts;
}

function viewOf(row: Row, amounts: ReadonlyMap<string, number>): ParkedEntryView {
  const orderId = orderIdOf(row);
  const type = row.type ?? '';
  return {
    terminalId: row.terminal_id,
    epoch: row.epoch,
    seq: row.seq,
    type,
    orderId,
    amountFen: carriesMoney(type) && orderId !== undefined ? amounts.get(orderId) : undefined,
    code: row.code,
    detail: row.detail,
    parkedAtMs: row.parked_at_ms,
  };
}
