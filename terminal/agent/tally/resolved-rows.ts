import { exhaustive } from '#shared/result/exhaustive.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import type { HandledRow } from '#terminal/ipc/views.ts';

/** What a row of the exceptions is about. Its key names one showing of it: another state or day is another row. */
export type RowSubject =
  | { readonly kind: 'order'; readonly orderId: string; readonly state: string }
  | { readonly kind: 'print'; readonly jobId: string }
  | { readonly kind: 'refused'; readonly orderId: string }
  /** A refund that failed, or whose outcome is open. */
  | { readonly kind: 'refund'; readonly orderId: string; readonly refundNo: number }
  /** A promise that waits for its money; it ends by its own entry. */
  | { readonly kind: 'promise'; readonly orderId: string }
  /** Parked entries, histories that the cloud does not believe, a store that was recovered. */
  | {
      readonly kind: 'set-aside';
      readonly orderId: string;
      readonly code: string;
      readonly sinceMs: number;
    }
  /** Something is wrong with the till as a whole. */
  | { readonly kind: 'till'; readonly code: string; readonly sinceMs: number };

export function rowKey(subject: RowSubject): string {
  switch (subject.kind) {
    case 'order':
      return `order:${subject.orderId}:${subject.state}`;
    case 'print':
      return `print:${subject.jobId}`;
    case 'refused':
      return `refused:${subject.orderId}`;
    case 'refund':
      return `refund:${subject.orderId}:${subject.refundNo}`;
    case 'promise':
      return `promise:${subject.orderId}`;
    case 'set-aside':
      return `set-aside:${subject.orderId}:${subject.code}:${subject.sinceMs}`;
    case 'till':
      return `till:${subject.code}:${subject.sinceMs}`;
    default:
      return exhaustive(subject);
  }
}

/** Has a person dealt with it? */
export const isResolved = (read: ReadHandle, subject: RowSubject): boolean =>
  read.one('SELECT 1 FROM resolved WHERE row_key = $key', { key: rowKey(subject) }) !== undefined;

/** The most rows one list of handled exceptions answers. */
export const handledMax = 200;

/** What people dealt with since `sinceMs`, the latest first. */
export const handledRows = (read: ReadHandle, sinceMs: number): readonly HandledRow[] =>
  read
    .all<Omit<HandledRow, 'paper'> & { readonly paper: string | null }>(
      `SELECT row_key AS key, coalesce(resolved.order_id, '') AS orderId, code, action, resolved.cashier AS cashier, note,
         paper, since_ms AS sinceMs, resolved_at_ms AS atMs, coalesce(amount_fen, 0) AS amountFen
       FROM resolved LEFT JOIN orders ON orders.order_id = resolved.order_id
       WHERE resolved_at_ms >= $sinceMs ORDER BY resolved_at_ms DESC, row_key LIMIT ${handledMax}`,
      { sinceMs },
    )
    .map(({ paper, ...row }) => (paper === null ? row : { ...row, paper: paper as 'receipt' }));
