import { sql } from 'drizzle-orm';
import type { OperatorId } from '#shared/ids/ids.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import type { BillDay } from '#cloud/reconciliation/bill-key.ts';
import { measureBreaks } from '#cloud/reconciliation/breaks/break-metrics.ts';
import { fetchBill } from '#cloud/reconciliation/fetch-bill.ts';
import { settleUnknown } from '#cloud/reconciliation/settle-unknown.ts';

export type BillWorkerDeps = PaymentDeps & Pick<CloudDeps, 'operatorId' | 'metrics'>;

/** Bills are asked for from 10:30 in Shanghai on the next day on. */
export const askedAfterMs = (10 * 60 + 30) * 60_000;
/** Days that are made up for after a stand-still; older ones people ask for by POST /admin/v1/bills. */
export const madeUpDays = 7;
const idleMs = 60_000;
/** Who took a day to fetch is presumed dead after this. */
const leaseMs = 30 * 60_000;
const retryMs = 10 * 60_000;
const retryMsMax = 3_600_000;

/** Fetches the bills that are due, lets them judge what is unknown, and counts what is open. */
export const startBillWorker = (deps: BillWorkerDeps): WorkerLoop =>
  startWorkerLoop({
    name: 'bills',
    idleMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: () => runBillsOnce(deps),
  });

/** Fetches one bill that is due, at most. Returns how many were there to fetch, and charges that were settled. */
export async function runBillsOnce(deps: BillWorkerDeps): Promise<number> {
  const taken = await takeDue(deps);
  const fetched = taken === undefined ? 0 : await fetchTaken(deps, taken);
  const settled = await settleRecent(deps);
  await measureBreaks(deps);
  return fetched + settled;
}

/** The day whose bill is the last that channels have by now. */
export const lastBillDate = (nowMs: number): string =>
  addDays(accountingDate(nowMs - askedAfterMs), -1);

type Taken = BillDay & { readonly tries: number };

/** The oldest bill that is missing: taken, so that no other node fetches it meanwhile. */
async function takeDue(deps: BillWorkerDeps): Promise<Taken | undefined> {
  const { db, clock, operatorId } = deps;
  const nowMs = clock.nowMs();
  const last = lastBillDate(nowMs);
  const desks = [...deps.channels].flatMap(([name, { bills }]) =>
    bills === undefined ? [] : [{ name, isOfMerchant: bills.scope === 'merchant' }],
  );
  const { rows } = await db.execute<{
    channel: string;
    account: string;
    date: string;
    tries: number;
  }>(sql`
    with accounts as (
      select distinct c.channel, case when d.of_merchant then c.channel_merchant_no else '' end as account
        from merchant_channel c
        join unnest(${sql.param(desks.map(({ name }) => name))}::text[],
                    ${sql.param(desks.map(({ isOfMerchant }) => isOfMerchant))}::boolean[])
          as d (channel, of_merchant) on d.channel = c.channel
       where c.operator_id = ${operatorId}
    ), due as (
      select a.channel, a.account, day::date as bill_date
        from accounts a
        cross join generate_series(${addDays(last, 1 - madeUpDays)}::date, ${last}::date, interval '1 day') day
       where not exists (select from bill b where b.operator_id = ${operatorId}
               and b.channel = a.channel and b.account = a.account and b.bill_date = day::date)
         and not exists (select from bill_fetch f where f.operator_id = ${operatorId}
               and f.channel = a.channel and f.account = a.account and f.bill_date = day::date
               and f.next_at_ms > ${nowMs})
         and exists (select from payment_attempt p where p.operator_id = ${operatorId}
               and p.channel = a.channel and p.submitted_at_ms < ${dayStartMs(addDays(last, 1))}
               and (a.account = '' or p.channel_merchant_no = a.account))
       order by bill_date, channel, account limit 1
    )
    insert into bill_fetch as f (operator_id, channel, account, bill_date, tries, next_at_ms)
    select ${operatorId}, channel, account, bill_date, 1, ${nowMs + leaseMs} from due
    on conflict (operator_id, channel, account, bill_date) do update
      set tries = f.tries + 1, next_at_ms = excluded.next_at_ms
      where f.next_at_ms <= ${nowMs}
    returning channel, account, bill_date::text as date, tries`);
  const row = rows[0];
  return row === undefined ? undefined : { operatorId, ...row };
}

async function fetchTaken(deps: BillWorkerDeps, taken: Taken): Promise<number> {
  const { channel, account, date, tries } = taken;
  const fetched = await fetchBill(deps, taken);
  const code = fetched.ok ? undefined : `${fetched.error.type} ${fetched.error.why}`;
  const pauseMs = Math.min(retryMsMax, retryMs * tries);
  await deps.db.execute(sql`
    update bill_fetch set code = ${code?.slice(0, 200) ?? null},
           next_at_ms = ${fetched.ok ? null : deps.clock.nowMs() + pauseMs}
     where operator_id = ${taken.operatorId} and channel = ${channel} and account = ${account}
       and bill_date = ${date}::date`);
  if (fetched.ok) deps.logger.info({ channel, account, date, ...fetched.value }, 'bill imported');
  else deps.logger.warn({ channel, account, date, tries, code }, 'bill not imported');
  return fetched.ok ? 1 : 0;
}

/** Lets the bills of the last days judge; a process that died between import and judgement is made up for here. */
async function settleRecent(deps: BillWorkerDeps): Promise<number> {
  const { rows } = await deps.db.execute<{ channel: string; account: string; date: string }>(sql`
    select distinct channel, account, bill_date::text as date from bill
     where operator_id = ${deps.operatorId}
       and bill_date > ${lastBillDate(deps.clock.nowMs())}::date - ${madeUpDays}::integer
       and exists (select from payment_attempt where operator_id = ${deps.operatorId} and next_step is not null)
     order by date`);
  let settled = 0;
  for (const row of rows)
    settled += await settleUnknown(deps, {
      operatorId: deps.operatorId satisfies OperatorId,
      ...row,
    });
  return settled;
}
