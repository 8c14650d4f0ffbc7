import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import { lapseUnclaimed } from '#cloud/points/claim-points.ts';
import { expireVouchers } from '#cloud/vouchers/expire-vouchers.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { claimDays } from '#shared/points/issue/claim-window.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { accountingDate, addDays } from '#shared/time/calendar-day.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId' | 'logger'>;

/** A day begins once; what an order gives back of an expired voucher may wait this long for the fund. */
const idleMs = 60_000;

/** What ended on a day, all runs of the day together. */
export interface DailyRun {
  /** Accounting date, YYYY-MM-DD. */
  readonly day: string;
  readonly expiredVouchers: number;
  readonly backToFundFen: Fen;
  /** Receipts whose points nobody claimed in time. */
  readonly lapsedLots: number;
}

/** Vouchers that are still good would end. */
export interface DailyRunError {
  readonly type: 'day-in-future';
  readonly today: string;
}

/**
 * Ends what a day ends: vouchers whose last day is before it (what is left returns to the fund) and
 * points that nobody claimed within {@link claimDays}. Run it as often as you like: a later run of
 * the day finds only what came back since. A missed day is made good by the next one. Two
 * transactions, because points are locked before the books. Errors: day-in-future.
 */
export async function runDaily(
  { db, clock, operatorId }: Pick<Deps, 'db' | 'clock' | 'operatorId'>,
  day: string,
): Promise<Result<DailyRun, DailyRunError>> {
  const today = accountingDate(clock.nowMs());
  if (day > today) return err({ type: 'day-in-future', today });
  const key = { operatorId, day };
  await db.transaction(async (tx) => {
    const { lapsed } = await lapseUnclaimed(tx, {
      operatorId,
      finalBefore: addDays(day, -claimDays),
    });
    await addToRun(tx, { ...key, vouchers: 0, fundFen: fen(0), lapsed });
  });
  return ok(
    await db.transaction(async (tx) => {
      const expired = await expireVouchers(tx, { operatorId, today: day });
      const { vouchers, backToFundFen: fundFen } = expired;
      return addToRun(tx, { ...key, vouchers, fundFen, lapsed: 0 });
    }),
  );
}

async function addToRun(
  tx: Tx,
  found: {
    readonly operatorId: Deps['operatorId'];
    readonly day: string;
    readonly vouchers: number;
    readonly fundFen: Fen;
    readonly lapsed: number;
  },
): Promise<DailyRun> {
  const { operatorId, day } = found;
  if (found.vouchers + found.lapsed > 0)
    await tx.execute(sql`
      insert into daily_run as d
      values (${operatorId}, ${day}::date, ${found.vouchers}, ${found.fundFen}, ${found.lapsed})
      on conflict (operator_id, day) do update
         set expired_vouchers = d.expired_vouchers + excluded.expired_vouchers,
             back_to_fund_fen = d.back_to_fund_fen + excluded.back_to_fund_fen,
             lapsed_lots = d.lapsed_lots + excluded.lapsed_lots`);
  const { rows } = await tx.execute<{ vouchers: number; fen: number; lots: number }>(sql`
    select expired_vouchers as vouchers, back_to_fund_fen as fen, lapsed_lots as lots
      from daily_run where operator_id = ${operatorId} and day = ${day}::date`);
  const row = rows[0];
  return {
    day,
    expiredVouchers: row?.vouchers ?? 0,
    backToFundFen: fen(row?.fen ?? 0),
    lapsedLots: row?.lots ?? 0,
  };
}

/** The daily run of today without anybody asking; any number of nodes may run it. */
export const startDailyWorker = (deps: Deps): WorkerLoop =>
  startWorkerLoop({
    name: 'daily-run',
    idleMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: async () => {
      await runDaily(deps, accountingDate(deps.clock.nowMs()));
      return 0;
    },
  });
