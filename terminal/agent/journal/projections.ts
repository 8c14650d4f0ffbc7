import type { OrderId } from '#shared/ids/ids.ts';
import { applyFact, tallyBucket } from '#shared/order/order-machine.ts';
import type { Order } from '#shared/order/order.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';

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
export const projectionTables = ['orders', 'print_jobs', 'offline_usage'] as const;

/** Folds one entry into the projections, inside the transaction that appends it. Answers why it cannot. */
export function project(
  tx: WriteHandle,
  fact: EntryFact,
  place: EntryPlace,
): FactRefused | undefined {
  if (isPrintFact(fact)) {
    projectPrint(tx, fact, place);
    return undefined;
  }
  if (!isOrderBound(fact)) return undefined;
  const refused = projectOrder(tx, fact, place);
  if (!refused) projectOffline(tx, fact, place);
  return refused;
}

const isPrintFact = (fact: EntryFact): fact is PrintFact => fact.type.startsWith('print.');

const isOrderBound = (fact: EntryFact): fact is OrderBound =>
  !isPrintFact(fact) && 'orderId' in fact.body;

function projectOrder(
  tx: WriteHandle,
  fact: OrderBound,
  place: EntryPlace,
): FactRefused | undefined {
  const orderId = fact.body.orderId as OrderId;
  const before = findOrder(tx, orderId);
  const after = applyFact(before?.order, fact, place);
  if (!after.ok)
    return {
      type: 'fact-refused',
      fact: fact.type,
      from: before?.order.state ?? 'none',
      why: after.error.why,
    };
  const order = after.value;
  const shared = {
    orderId,
    state: order.state,
    bucket: tallyBucket(order.state) ?? null,
    voucherFen: order.voucherFen,
    changedAtMs: place.wallMs,
    detail: JSON.stringify(order),
    position: place.position,
  };
  if (fact.type === 'order.opened') insertOrder(tx, fact, order, shared);
  else
    tx.run(
      `UPDATE orders SET state = $state, bucket = $bucket, voucher_fen = $voucherFen,
         changed_at_ms = $changedAtMs, detail = $detail, last_position = $position
       WHERE order_id = $orderId`,
      shared,
    );
  return undefined;
}

function insertOrder(
  tx: WriteHandle,
  { body }: FactOf<'order.opened'>,
  order: Order,
  shared: Parameters<WriteHandle['run']>[1],
): void {
  tx.run(
    `INSERT INTO orders (order_id, business_date, state, bucket, amount_fen, voucher_fen, opened_at_ms,
       changed_at_ms, claim_token, reservation_id, detail, last_position)
     VALUES ($orderId, $businessDate, $state, $bucket, $amountFen, $voucherFen, $openedAtMs,
       $changedAtMs, $claimToken, $reservationId, $detail, $position)`,
    {
      ...shared,
      businessDate: order.businessDate,
      amountFen: order.amountFen,
      openedAtMs: order.openedAtMs,
      claimToken: body.claimToken,
      reservationId: body.reservationId ?? null,
    },
  );
}

function projectOffline(tx: WriteHandle, fact: OrderBound, place: EntryPlace): void {
  const { orderId } = fact.body;
  if (fact.type === 'offline.accepted') {
    tx.run(
      `INSERT INTO offline_usage (order_id, member_id, certificate_id, amount_fen, accepted_at_ms, settled, position)
       SELECT $orderId, $memberId, $certificateId, amount_fen, $acceptedAtMs, 0, $position
       FROM orders WHERE order_id = $orderId`,
      {
        orderId,
        memberId: fact.body.memberId,
        certificateId: fact.body.certificateId,
        acceptedAtMs: place.wallMs,
        position: place.position,
      },
    );
  }
  if (fact.type === 'offline.settled')
    tx.run('UPDATE offline_usage SET settled = 1 WHERE order_id = $orderId', { orderId });
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
        `UPDATE print_jobs SET state = 'writing', attempt = $attempt, process_id = $processId
         WHERE job_id = $jobId`,
        { jobId, attempt: fact.body.attempt, processId: fact.body.processId },
      );
      return;
    case 'print.confirmed':
      tx.run(
        `UPDATE print_jobs SET state = $state, level = $level, code = NULL WHERE job_id = $jobId`,
        {
          jobId,
          level: fact.body.level,
          state: fact.body.level >= printedLevel ? 'printed' : 'sent',
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

/** From this level of evidence on, paper came out; below it the bytes were only sent. */
export const printedLevel = 3;

/** The contents of every projection table, for comparing a live projection with a rebuilt one. */
export const dumpProjections = (read: ReadHandle): Readonly<Record<string, readonly unknown[]>> =>
  Object.fromEntries(
    projectionTables.map((table) => [table, read.all(`SELECT * FROM ${table} ORDER BY 1`)]),
  );
