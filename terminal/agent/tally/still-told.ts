import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import { readSetAside } from '#terminal/agent/uplink/set-aside.ts';
import { rowKey } from '#terminal/agent/tally/resolved-rows.ts';

/** Would this row of the exceptions come back, if nobody had dealt with it? */
export function isStillTold(read: ReadHandle, key: string): boolean {
  const [kind = '', id = '', state = ''] = key.split(':');
  const exists = (sql: string, params: Readonly<Record<string, string>>): boolean =>
    read.one(sql, params) !== undefined;
  switch (kind) {
    case 'order':
      return exists('SELECT 1 FROM orders WHERE order_id = $id AND state = $state', { id, state });
    case 'print':
      return exists("SELECT 1 FROM print_jobs WHERE job_id = $id AND state = 'unknown'", { id });
    case 'promise':
      return exists("SELECT 1 FROM orders WHERE order_id = $id AND state = 'promised'", { id });
    case 'refund':
      return exists(
        `SELECT 1 FROM orders WHERE order_id = $id
           AND detail ->> ('$.refunds[' || ($state - 1) || '].state') <> 'done'`,
        { id, state },
      );
    case 'refused':
      return exists('SELECT 1 FROM refused_orders WHERE order_id = $id', { id });
    case 'set-aside':
      return readSetAside(read).some((one) => rowKey({ kind: 'set-aside', ...one }) === key);
    case 'till':
      return (
        id === 'owner-pin-first-set' &&
        exists('SELECT 1 FROM owner WHERE first_pin_at_ms = CAST($state AS INTEGER)', { state })
      );
    // What ails the till is not kept on disk, and its rows are of one run.
    default:
      return false;
  }
}
