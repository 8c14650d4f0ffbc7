import { sql } from 'drizzle-orm';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import { isFrozenNow } from '#cloud/review/frozen-member.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

export interface Reminder {
  /** Days before the last day on which it is told, and the fewest on which it still is. */
  readonly days: number;
  readonly daysMin: number;
  /**
   * A member is told of it once in so many days: releases are daily, and he must not be told daily.
   * Shorter than the time that a voucher is between `days` and `daysMin`, so that each is told of.
   */
  readonly pauseDays: number;
}
export const reminders: readonly Reminder[] = [
  { days: 15, daysMin: 8, pauseDays: 7 },
  { days: 7, daysMin: 2, pauseDays: 5 },
  { days: 1, daysMin: 0, pauseDays: 1 },
];
/** Members of one transaction; the caller repeats it. */
export const remindersMax = 5_000;
const idleMs = 600_000;

/**
 * Tells members of vouchers that end in so many days: their sum, and when the first one ends. A day
 * on which nothing ran is made good by the next one, because it looks at all days of the reminder.
 * Who said no is not told. Answers how many were told.
 */
export async function remindOfExpiry(
  tx: Tx,
  look: {
    readonly operatorId: OperatorId;
    readonly today: string;
    readonly reminder: Reminder;
    readonly nowMs: number;
  },
): Promise<number> {
  const { operatorId, today } = look;
  const { days, daysMin, pauseDays } = look.reminder;
  const { rowCount } = await tx.execute(sql`
    insert into member_message (operator_id, member_id, kind, ref, on_day, at_ms, amount_fen, expires_on)
    select ${operatorId}, v.member_id, 'expiry', ${`${days}:${today}`}, ${today}::date,
           ${look.nowMs}, sum(v.left_fen), min(v.expires_on)
      from voucher v
      join member m on m.operator_id = v.operator_id and m.member_id = v.member_id and m.hears_vouchers
     where v.operator_id = ${operatorId} and v.left_fen > 0
       and not ${isFrozenNow(operatorId, sql`v.member_id`)}
       and v.expires_on between ${today}::date + ${daysMin}::integer and ${today}::date + ${days}::integer
       and not exists (
         select from member_message x
          where x.operator_id = ${operatorId} and x.member_id = v.member_id and x.kind = 'expiry'
            and x.ref like ${`${days}:%`}
            and x.on_day > ${today}::date - ${pauseDays}::integer)
     group by v.member_id order by v.member_id limit ${remindersMax}
    on conflict do nothing`);
  return rowCount ?? 0;
}

/** Every day's reminders without anybody asking; any number of nodes may run it. */
export const startReminderWorker = ({
  db,
  clock,
  operatorId,
  logger,
}: Pick<CloudDeps, 'db' | 'clock' | 'operatorId' | 'logger'>): WorkerLoop =>
  startWorkerLoop({
    name: 'voucher-reminders',
    idleMs,
    logger,
    scope: { type: 'operator', operatorId },
    step: async () => {
      const nowMs = clock.nowMs();
      const look = { operatorId, today: accountingDate(nowMs), nowMs };
      let told = 0;
      for (const reminder of reminders)
        told += await retriedTransaction(db, (tx) => remindOfExpiry(tx, { ...look, reminder }));
      return told;
    },
  });
