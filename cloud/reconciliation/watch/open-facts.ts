import { sql, type SQL } from 'drizzle-orm';
import { definiteWithinMs } from '#cloud/payments/undecided.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { OpenSort } from '#cloud/platform/metrics.ts';
import { openTooLongMs } from '#cloud/settlement/instructions/instruction-list.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** So many things of one sort, and since when the oldest of them waits. */
export interface OpenFact {
  readonly sort: OpenSort;
  /** A channel, a kind of instruction, a class of break; empty where there is but one. */
  readonly of: string;
  /** Why it waits. */
  readonly why: string;
  /** At most {@link countedMax}. */
  readonly count: number;
  /** Milliseconds. */
  readonly oldestMs: number;
}

/** Of each sort so many rows are looked at: a backlog of millions must not make the watch a load. */
export const countedMax = 50_000;
/** The statement gives up after this, and the last figures stand, with their time. */
const statementTimeoutMs = 5_000;

/**
 * What waits, by sort, in one statement over partial indexes that hold only what waits. It names no
 * shop, no order and no amount. Ages are of the oldest that was counted.
 */
export async function readOpenFacts(
  db: Db,
  query: { readonly operatorId: OperatorId; readonly nowMs: number },
): Promise<readonly OpenFact[]> {
  return await db.transaction(async (tx) => {
    await tx.execute(sql.raw(`set local statement_timeout = ${statementTimeoutMs}`));
    const { rows } = await tx.execute<Row>(sql`
      select sort, of, why, count(*)::integer as count, min(since_ms)::bigint as oldest_ms
        from (${sql.join(
          openRows(query).map((rowsOf) => sql`(${rowsOf} limit ${countedMax})`),
          sql` union all `,
        )}) open
       group by sort, of, why order by sort, of, why`);
    return rows.map(({ oldest_ms: oldestMs, ...row }) => ({ ...row, oldestMs }));
  });
}

interface Row extends Record<string, unknown> {
  readonly sort: OpenSort;
  readonly of: string;
  readonly why: string;
  readonly count: number;
  readonly oldest_ms: number;
}

const openRows = ({
  operatorId: o,
  nowMs,
}: {
  readonly operatorId: OperatorId;
  readonly nowMs: number;
}): readonly SQL[] => [
  sql`select 'charge' as sort, channel as of, 'undecided' as why, submitted_at_ms as since_ms
        from payment_attempt where operator_id = ${o} and kind = 'charge'
         and next_step is not null and submitted_at_ms <= ${nowMs - definiteWithinMs}`,
  sql`select 'booking', '', 'waiting', settled_at_ms from payment_attempt
       where operator_id = ${o} and status = 'paid' and book_state = 'none' and kind = 'charge'
       order by settled_at_ms`,
  sql`select 'booking', '', case when exists (select from settlement_line l
               where l.operator_id = a.operator_id and l.merchant_id = a.merchant_id
                 and l.order_id = a.order_id and l.source <> 'channel')
             then 'paid-twice' else 'parked' end, submitted_at_ms
        from payment_attempt a where operator_id = ${o} and book_state = 'parked'
       order by submitted_at_ms`,
  sql`select 'instruction', kind, case when state = 'open' then 'unknown'
               when by_hand then 'by-hand' else 'blocked' end,
             case when state = 'open' then sent_at_ms when by_hand then created_at_ms
               else next_at_ms end
        from channel_instruction where operator_id = ${o} and next_at_ms is not null
         and (state = 'open' or by_hand or next_at_ms + ${openTooLongMs} < ${nowMs})
       order by next_at_ms`,
  sql`select 'instruction', kind, 'failed', ended_at_ms from channel_instruction
       where operator_id = ${o} and state = 'failed' and replaced_by is null
       order by ended_at_ms`,
  sql`select 'settlement', '', 'parked', accepted_at_ms from offline_settlement
       where operator_id = ${o} and parked_reason is not null`,
  sql`select 'refund', '', case when status = 'booking' then 'not-booked' else 'unknown' end,
             asked_at_ms
        from order_refund where operator_id = ${o} and next_at_ms is not null`,
  sql`select 'break', class, 'open', opened_at_ms from bill_break
       where operator_id = ${o} and state = 'open'`,
];
