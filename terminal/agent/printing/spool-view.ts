import type { Static } from 'typebox';
import type { ReceiptStateSchema } from '#terminal/ipc/state.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';

export type ReceiptState = Static<typeof ReceiptStateSchema>;

export type PrintJobState = 'queued' | 'writing' | 'sent' | 'printed' | 'unknown' | 'abandoned';

export interface PrintJobRow {
  readonly jobId: string;
  readonly kind: 'receipt' | 'drawer' | 'day-slip' | 'test' | 'refund-slip' | 'coupon';
  readonly orderId: string | null;
  readonly copy: number;
  readonly reason: string | null;
  readonly state: PrintJobState;
  readonly attempt: number;
  readonly processId: string | null;
  /** Strokes of the cutter before the first byte of that attempt; null: not known. */
  readonly cutBefore: number | null;
  readonly level: number | null;
  readonly code: string | null;
  readonly queuedAtMs: number;
}

const select = `SELECT job_id AS jobId, kind, order_id AS orderId, copy, reason, state, attempt,
  process_id AS processId, cut_before AS cutBefore, level, code, queued_at_ms AS queuedAtMs FROM print_jobs`;

/** The most jobs that are looked at together. */
export const jobsListMax = 200;

export const findJob = (read: ReadHandle, jobId: string): PrintJobRow | undefined =>
  read.one<PrintJobRow>(`${select} WHERE job_id = $jobId`, { jobId });

/** Jobs between the first byte and the last word, oldest first. */
export const begunJobs = (read: ReadHandle): readonly PrintJobRow[] =>
  read.all<PrintJobRow>(
    `${select} WHERE state IN ('queued', 'writing', 'unknown') AND state = 'writing'
     ORDER BY job_id LIMIT ${jobsListMax}`,
  );

/** Whether this was the last paper that was begun, by the ids that papers and drawers take in turn. */
export const isLastPaper = (read: ReadHandle, { jobId }: PrintJobRow): boolean =>
  read.one<{ jobId: string }>(
    `SELECT job_id AS jobId FROM print_jobs WHERE kind <> 'drawer' AND process_id IS NOT NULL
     ORDER BY process_id DESC LIMIT 1`,
  )?.jobId === jobId;

/** Paper and drawer do not wait for each other: a drawer opens while a receipt waits for a new roll. */
export const printLanes = ['paper', 'drawer'] as const;
export type PrintLane = (typeof printLanes)[number];

/** Jobs of a lane that are queued or begun, oldest first. */
export const jobsToDo = (read: ReadHandle, lane: PrintLane): readonly PrintJobRow[] =>
  read.all<PrintJobRow>(
    `${select} WHERE state IN ('queued', 'writing', 'unknown') AND state IN ('queued', 'writing')
       AND (kind = 'drawer') = ($lane = 'drawer')
     ORDER BY job_id LIMIT ${jobsListMax}`,
    { lane },
  );

/** Jobs that may or may not be on paper, newest first. */
export const unknownJobs = (read: ReadHandle): readonly PrintJobRow[] =>
  read.all<PrintJobRow>(
    `${select} WHERE state IN ('queued', 'writing', 'unknown') AND state = 'unknown'
     ORDER BY job_id DESC LIMIT ${jobsListMax}`,
  );

/** Those of them that nobody has looked at yet. */
export const doubtfulJobs = (read: ReadHandle): readonly PrintJobRow[] =>
  read.all<PrintJobRow>(
    `${select} WHERE state IN ('queued', 'writing', 'unknown') AND state = 'unknown'
       AND NOT EXISTS (SELECT 1 FROM resolved WHERE row_key = 'print:' || job_id)
     ORDER BY job_id DESC LIMIT ${jobsListMax}`,
  );

/** The newest receipt job of an order. */
export const lastReceipt = (read: ReadHandle, orderId: string): PrintJobRow | undefined =>
  read.one<PrintJobRow>(
    `${select} WHERE order_id = $orderId AND kind = 'receipt' ORDER BY copy DESC LIMIT 1`,
    { orderId },
  );

/** The newest slip of a refund. */
export const lastRefundSlip = (
  read: ReadHandle,
  { orderId, refundNo }: { readonly orderId: string; readonly refundNo: number },
): PrintJobRow | undefined =>
  read.one<PrintJobRow>(
    `${select} WHERE order_id = $orderId AND kind = 'refund-slip' AND reason = $reason
     ORDER BY copy DESC LIMIT 1`,
    { orderId, reason: String(refundNo) },
  );

/**
 * The newest paper of the same thing as this one: another receipt of the order, slip of the refund,
 * copy of the coupon.
 */
export const lastLike = (read: ReadHandle, job: PrintJobRow): PrintJobRow =>
  (job.orderId !== null &&
    read.one<PrintJobRow>(
      `${select} WHERE order_id = $orderId AND kind = $kind AND reason IS $reason
       ORDER BY copy DESC LIMIT 1`,
      { orderId: job.orderId, kind: job.kind, reason: job.reason },
    )) ||
  job;

/** What the newest receipt of an order comes to, for people. */
export function receiptState(job: PrintJobRow | undefined): ReceiptState {
  switch (job?.state) {
    case 'queued':
    case 'writing':
      return 'queued';
    case 'sent':
    case 'printed':
    case 'unknown':
      return job.state;
    case 'abandoned':
    case undefined:
      return 'off';
  }
}
