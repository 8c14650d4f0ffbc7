import { sql, type SQL } from 'drizzle-orm';
import { scheduleLcm } from '#shared/points/release/schedule.ts';
import { literal } from '#cloud/release/chunks/temporary-table.ts';

/**
 * Below it a schedule is divided as a bigint, at a tenth of the cost; 2.7 billion points of one
 * account are below it.
 */
const bigintNumLimit = 9n * 10n ** 18n;

/** Whole point-fen of a schedule's numerator (account_points.cum_num, never below 0), rounded down. */
export const wholePoints = (num: SQL): SQL => sql`
  (case when ${num} < ${sql.raw(String(bigintNumLimit))} then ${num}::bigint / ${literal(scheduleLcm)}
        else div(${num}, ${literal(scheduleLcm)})::bigint end)`;
