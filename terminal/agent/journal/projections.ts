import type { OrderId } from '#shared/ids/ids.ts';
import { decodeTwoLayerCode } from '#shared/member/two-layer-code.ts';
import { applyFact } from '#shared/order/order-machine.ts';
import { isRefundFact } from '#shared/order/refunds.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import type { StoredOrder } from '#terminal/agent/journal/order-rows.ts';
import type { OrderWriter } from '#terminal/agent/journal/order-writer.ts';
import { rowKey } from '#terminal/agent/tally/resolved-rows.ts';
import { printedLevelMin } from '#terminal/ipc/printed-level.ts';

/** Where an entry stands, for the rows that follow from it. */
export interface EntryPlace {
  readonly position: number;
  readonly seq: number;
  readonly wallMs: number;
}

/** A fact that the order it is about cannot take: nothing of the transaction is kept. */
export interface FactRefused {
  readonly type: 'fact-refused';
  readonly fact: EntryFact['type'];
  readonly from: string;
  readonly why: string;
}

type FactOf<T extends EntryFact['type']> = Extract<EntryFact, { type: T }>;
type PrintFact = FactOf<
  'print.attempted' | 'print.confirmed' | 'print.unknown' | 'print.abandoned' | 'print.queued'
>;
type OrderBound = Extract<EntryFact, { body: { orderId: string } }>;

/** Names of the tables that can be thrown away and rebuilt from the entries. */
export const projectionTables = [
  'orders',
  'print_jobs',
  'offline_usage',
  'resolved',
  'no_sales',
] as const;

/** Folds one entry into the projections, inside the transaction that appends it. Answers why it cannot. */
export function project(
  { tx, orders }: { tx: WriteHandle; orders: OrderWriter },
  fact: EntryFact,
  place: EntryPlace,
): FactRefused | undefined {
  if (isPrintFact(fact)) {
    projectPrint(tx, fact, place);
    return undefined;
  }
  if (fact.type === 'exception.resolved') projectResolved(tx, fact, place);
  if (fact.type === 'drawer.no-sale') projectNoSale(tx, fact, place);
  if (!isOrderBound(fact)) return undefined;
  // Looked up once: a new sale is found nowhere, and each look for it would go into the file.
  const before = orders.find(fact.body.orderId as OrderId);
  const sinceMs = before?.changedAtMs ?? place.wallMs;
  const stored = projectOrder({ orders, before }, fact, place);
  if ('type' in stored) return stored;
  projectOffline(tx, fact, stored);
  if (fact.type === 'offline.promise-kept' || fact.type === 'offline.promise-broken')
    keepResolved(tx, { ...resolvedByPromise(fact), sinceMs, resolvedAtMs: place.wallMs });
  return undefined;
}

const isPrintFact = (fact: EntryFact): fact is PrintFact => fact.type.startsWith('print.');

const isOrderBound = (fact: EntryFact): fact is OrderBound =>
  !isPrintFact(fact) && 'orderId' in fact.body;

function projectOrder(
  { orders, before }: { readonly orders: OrderWriter; readonly before: StoredOrder | undefined },
  fact: OrderBound,
  place: EntryPlace,
): StoredOrder | FactRefused {
  const after = applyFact(before?.order, fact, place);
  if (!after.ok)
    return {
      type: 'fact-refused',
      fact: fact.type,
      from: before?.order.state ?? 'none',
      why: after.error.why,
    };
  const opened = fact.type === 'order.opened' ? fact.body : undefined;
  // What stands beside the sale, as a refund, is told with a time of its own.
  const isBeside = isRefundFact(fact) || fact.type === 'coupon.given';
  const stored = {
    order: after.value,
    claimToken: opened?.claimToken ?? before?.claimToken ?? '',
    reservationId: opened?.reservationId ?? before?.reservationId,
    changedAtMs: (isBeside ? before?.changedAtMs : undefined) ?? place.wallMs,
    lastPosition: place.position,
  };
  orders.put(stored);
  return stored;
}

function projectOffline(
  tx: WriteHandle,
  fact: OrderBound,
  { order, lastPosition: position, changedAtMs: acceptedAtMs }: StoredOrder,
): void {
  const { orderId, amountFen } = order;
  if (fact.type === 'offline.accepted') {
    const { memberId, certificateId, code } = fact.body;
    const read = decodeTwoLayerCode(code);
    const counter = read.ok ? read.value.moment.counter : 0;
    tx.run(
      `INSERT INTO offline_usage
         (order_id, member_id, certificate_id, amount_fen, accepted_at_ms, settled, position, counter)
       VALUES ($orderId, $memberId, $certificateId, $amountFen, $acceptedAtMs, 0, $position, $counter)`,
      { orderId, memberId, certificateId, amountFen, acceptedAtMs, position, counter },
    );
  }
  if (fact.type === 'offline.settled')
    tx.run('UPDATE offline_usage SET settled = 1 WHERE order_id = $orderId', { orderId });
}

const projectResolved = (
  tx: WriteHandle,
  { body }: FactOf<'exception.resolved'>,
  place: EntryPlace,
): void =>
  keepResolved(tx, {
    rowKey: body.row,
    orderId: body.about ?? null,
    code: body.code,
    action: body.action,
    cashier: body.cashier,
    note: body.note,
    paper: body.paper ?? null,
    sinceMs: body.sinceMs,
    resolvedAtMs: place.wallMs,
  });

const projectNoSale = (
  tx: WriteHandle,
  { body }: FactOf<'drawer.no-sale'>,
  { wallMs: atMs }: EntryPlace,
): void =>
  tx.run(
    `INSERT INTO no_sales (job_id, business_date, cashier, reason, approved_by, at_ms)
     VALUES ($jobId, $businessDate, $cashier, $reason, $approvedBy, $atMs)`,
    { ...body, approvedBy: body.approvedBy ?? null, atMs },
  );

/** A promise is dealt with by the word that ends it. */
function resolvedByPromise(fact: FactOf<'offline.promise-kept' | 'offline.promise-broken'>) {
  const { orderId, cashier } = fact.body;
  const row = { rowKey: rowKey({ kind: 'promise', orderId }), orderId, code: 'promise-open' };
  return fact.type === 'offline.promise-kept'
    ? { ...row, action: fact.body.how, cashier, note: '', paper: null }
    : { ...row, action: 'broken', cashier, note: fact.body.note, paper: null };
}

function keepResolved(
  tx: WriteHandle,
  row: {
    readonly rowKey: string;
    readonly orderId: string | null;
    readonly code: string;
    readonly action: string;
    readonly cashier: string;
    readonly note: string;
    readonly paper: string | null;
    readonly sinceMs: number;
    readonly resolvedAtMs: number;
  },
): void {
  tx.run(
    `INSERT OR REPLACE INTO resolved
       (row_key, order_id, code, action, cashier, note, paper, since_ms, resolved_at_ms)
     VALUES ($rowKey, $orderId, $code, $action, $cashier, $note, $paper, $sinceMs, $resolvedAtMs)`,
    row,
  );
}

function projectPrint(tx: WriteHandle, fact: PrintFact, place: EntryPlace): void {
  const { jobId } = fact.body;
  switch (fact.type) {
    case 'print.queued':
      tx.run(
        `INSERT INTO print_jobs (job_id, kind, order_id, copy, reason, state, attempt, queued_at_ms)
         VALUES ($jobId, $kind, $orderId, $copy, $reason, 'queued', 0, $queuedAtMs)`,
        {
          jobId,
          kind: fact.body.kind,
          orderId: fact.body.orderId ?? null,
          copy: fact.body.copy,
          reason: fact.body.reason ?? null,
          queuedAtMs: place.wallMs,
        },
      );
      return;
    case 'print.attempted':
      tx.run(
        `UPDATE print_jobs SET state = 'writing', attempt = $attempt, process_id = $processId,
           cut_before = $cutBefore WHERE job_id = $jobId`,
        {
          jobId,
          attempt: fact.body.attempt,
          processId: fact.body.processId,
          cutBefore: fact.body.cutBefore ?? null,
        },
      );
      return;
    case 'print.confirmed':
      tx.run(
        `UPDATE print_jobs SET state = $state, level = $level, code = NULL WHERE job_id = $jobId`,
        {
          jobId,
          level: fact.body.level,
          state: fact.body.level >= printedLevelMin ? 'printed' : 'sent',
        },
      );
      return;
    case 'print.unknown':
    case 'print.abandoned':
      tx.run('UPDATE print_jobs SET state = $state, code = $code WHERE job_id = $jobId', {
        jobId,
        code: fact.body.code,
        state: fact.type === 'print.unknown' ? 'unknown' : 'abandoned',
      });
      return;
  }
}

/** The contents of every projection table, for comparing a live projection with a rebuilt one. */
export const dumpProjections = (read: ReadHandle): Readonly<Record<string, readonly unknown[]>> =>
  Object.fromEntries(
    projectionTables.map((table) => [table, read.all(`SELECT * FROM ${table} ORDER BY 1`)]),
  );
