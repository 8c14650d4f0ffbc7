import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import {
  orderInstructionNo,
  type NewInstruction,
} from '#cloud/settlement/instructions/instruction.ts';
import { makeInstructions } from '#cloud/settlement/instructions/instruction-store.ts';
import { afterMidnightMs } from '#cloud/settlement/settlement-statement.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, addDays } from '#shared/time/calendar-day.ts';

/** Nobody pays in the first minutes of a day. */
const idleMs = 60_000;

/** Shops that one transaction makes payouts for; the next one takes the rest. */
export const payoutsPerStepMax = 200;

/** Makes the payouts of days that are over; any number of nodes may run it. */
export const startSubsidyPayoutWorker = (
  deps: Pick<CloudDeps, 'db' | 'clock' | 'operatorId' | 'logger'>,
): WorkerLoop =>
  startWorkerLoop({
    name: 'subsidy-payouts',
    idleMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: () => makeSubsidyPayouts(deps.db, { ...deps, nowMs: deps.clock.nowMs() }),
  });

interface Payout extends Record<string, unknown> {
  merchant_id: MerchantId;
  /** YYYYMMDD */
  day: string;
  payout_fen: number;
}

/**
 * Makes the next payout of every shop that has vouchers to be paid for a day that is over, at most
 * {@link payoutsPerStepMax} shops: the worth of vouchers of its sales which no channel subsidises,
 * less those that refunds gave back. A sum below nothing is carried into the shop's next one. What
 * is booked for a day whose payout was made already is in the next one too, so that none ever
 * changes. Payout, instruction and the amount's hold in the books exist together or not at all.
 * Answers how many shops it went through; 0: nothing is left to do.
 */
export async function makeSubsidyPayouts(
  db: Db,
  { operatorId, nowMs }: { readonly operatorId: OperatorId; readonly nowMs: number },
): Promise<number> {
  const lastDay = addDays(accountingDate(nowMs - afterMidnightMs), -1);
  return await retriedTransaction(db, async (tx) => {
    // One at a time: the second finds what the first has made.
    const key = `subsidy-payouts:${operatorId}`;
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`);
    const payouts = await takeParts(tx, { operatorId, lastDay, nowMs });
    const wanted = payouts
      .filter((one) => one.payout_fen > 0)
      .map((one) => instructionOf(one, operatorId, nowMs));
    getOrThrow(await postJournals(tx, await makeInstructions(tx, wanted, nowMs)));
    return payouts.length;
  });
}

function instructionOf(one: Payout, operatorId: OperatorId, nowMs: number): NewInstruction {
  const outTradeNo = `${one.merchant_id}-${one.day}`;
  return {
    operatorId,
    kind: 'subsidy-payout',
    instructionNo: orderInstructionNo('subsidy-payout', { outTradeNo, tries: 1 }),
    channel: 'bank',
    amountFen: fen(one.payout_fen),
    shopDay: { merchantId: one.merchant_id, outTradeNo },
    notBeforeMs: nowMs,
    isByHand: true,
    code: 'subsidy-no-channel',
  };
}

/** Each shop's oldest day that is still to be made, up to `lastDay`, with all that belongs to it or before. */
async function takeParts(
  tx: Tx,
  of: { readonly operatorId: OperatorId; readonly lastDay: string; readonly nowMs: number },
): Promise<readonly Payout[]> {
  const { operatorId, lastDay, nowMs } = of;
  const isOpen = sql`operator_id = ${operatorId} and day is null and not is_before`;
  const { rows } = await tx.execute<Payout>(sql`
    with shop as (
      select p.merchant_id, greatest(p.first_date, l.day + 1) as day,
             coalesce(l.left_fen, 0) as carried_fen
        from (select merchant_id, min(ledger_date) as first_date from subsidy_part
               where ${isOpen} and ledger_date <= ${lastDay}::date group by merchant_id) p
        left join lateral (
          select day, carried_fen + spent_fen - returned_fen - payout_fen as left_fen
            from subsidy_payout
           where operator_id = ${operatorId} and merchant_id = p.merchant_id
           order by day desc limit 1) l on true
       where greatest(p.first_date, l.day + 1) <= ${lastDay}::date
       order by p.merchant_id limit ${payoutsPerStepMax}
    ), taken as (
      update subsidy_part p set day = s.day from shop s
       where p.operator_id = ${operatorId} and p.day is null and not p.is_before
         and p.merchant_id = s.merchant_id and p.ledger_date <= s.day
      returning p.merchant_id, p.amount_fen
    ), sums as (
      select merchant_id, sum(greatest(0, amount_fen))::bigint as spent_fen,
             sum(greatest(0, -amount_fen))::bigint as returned_fen
        from taken group by merchant_id)
    insert into subsidy_payout
    select ${operatorId}, merchant_id, day, spent_fen, returned_fen, carried_fen,
           greatest(0, carried_fen + spent_fen - returned_fen), ${nowMs}::bigint
      from shop join sums using (merchant_id)
    returning merchant_id, to_char(day, 'YYYYMMDD') as day, payout_fen`);
  return rows;
}
