import { sql } from 'drizzle-orm';
import type { CloudDeps } from '#cloud/platform/deps.ts';

const dayMs = 86_400_000;
/** An open break that is older than this is an alarm. */
const alarmAgeDays = 3;
/** Lower bounds of the ages that are counted apart, in days. */
const ageBounds = [0, 1, alarmAgeDays, 7] as const;

/**
 * Counts open breaks by age, and days whose bill does not come: greentill_bill_breaks_open,
 * greentill_bills_missing.
 */
export async function measureBreaks(
  deps: Pick<CloudDeps, 'db' | 'clock' | 'operatorId' | 'metrics'>,
): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const { rows } = await deps.db.execute<{ days: number; count: number }>(sql`
    select greatest(0, (${nowMs}::bigint - opened_at_ms) / ${dayMs}::bigint)::integer as days,
           count(*)::integer as count
      from bill_break where operator_id = ${deps.operatorId} and state = 'open' group by 1`);
  for (const [index, from] of ageBounds.entries()) {
    const until = ageBounds[index + 1] ?? Number.POSITIVE_INFINITY;
    const count = rows
      .filter((row) => row.days >= from && row.days < until)
      .reduce((sum, row) => sum + row.count, 0);
    deps.metrics.billBreaksOpen.set({ age: `${from}d+` }, count);
  }
  const { rows: late } = await deps.db.execute<{ count: number }>(sql`
    select count(*)::integer as count from bill_fetch
     where operator_id = ${deps.operatorId} and next_at_ms is not null and tries > 3`);
  deps.metrics.billsMissing.set(late[0]?.count ?? 0);
}
