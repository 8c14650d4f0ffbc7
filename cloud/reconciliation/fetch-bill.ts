import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { sql, type SQL } from 'drizzle-orm';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, type Result } from '#shared/result/result.ts';
import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import { billForms } from '#cloud/payments/channels/bill-forms.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import type { BillRow } from '#cloud/channel/channel-bill.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { BillDay } from '#cloud/reconciliation/bill-key.ts';
import {
  importBill,
  type BillImportError,
  type ImportedBill,
} from '#cloud/reconciliation/import-bill.ts';
import { dayEdgeMs } from '#cloud/reconciliation/judge-bill.ts';

export type FetchBillError =
  | BillImportError
  /** The channel has none yet, or gave no answer that can be believed: ask again later. */
  | { readonly type: 'bill-not-ready'; readonly why: string }
  /** This channel gives none, or there is no such channel: its days are proved by no bill, and listed as such. */
  | { readonly type: 'bill-not-offered'; readonly why: string };

/** So long after the end of its day a bill that is not there may only be late, milliseconds. */
const lateBillMs = 2 * 86_400_000;

type Deps = Pick<CloudDeps, 'db' | 'clock'> & { readonly channels: ReadonlyMap<string, Channel> };

/**
 * Downloads the bill of a day into a temporary file and imports it. A day on which the channel says that it has no bill
 * is a bill without lines; but not so soon where that may also mean a late one, and the day has charges: by a bill
 * without lines they are missing, or were never paid.
 */
export async function fetchBill(
  deps: Deps,
  day: BillDay,
): Promise<Result<ImportedBill, FetchBillError>> {
  const bills = deps.channels.get(day.channel)?.bills;
  if (bills === undefined) return err({ type: 'bill-not-offered', why: day.channel });
  const { rows, dayTurnsBeforeMs } = billForms[bills.format];
  const folder = await mkdtemp(join(tmpdir(), 'greentill-bill-'));
  try {
    const path = join(folder, 'bill');
    const file = createWriteStream(path, { mode: 0o600 });
    const request = {
      date: day.date,
      ...(day.account === '' ? {} : { channelMerchantNo: day.account }),
    };
    const { outcome } = await bills.download(request, async (chunk) => {
      if (!file.write(chunk)) await once(file, 'drain');
    });
    file.end();
    await once(file, 'close');
    switch (outcome.type) {
      case 'whole':
        return await importBill(deps, { ...day, dayTurnsBeforeMs, rows: () => rows(path) });
      case 'no-bill':
        if (outcome.isByHour === true && (await isPerhapsLate(deps, day, dayTurnsBeforeMs)))
          return err({ type: 'bill-not-ready', why: outcome.code });
        return await importBill(deps, { ...day, dayTurnsBeforeMs, rows: noRows });
      case 'not-ready':
      case 'unknown':
        return err({ type: 'bill-not-ready', why: outcome.code });
      default:
        return exhaustive(outcome);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Does the day have charges that are paid, or may be, and is it not long over? Near its turns they may be a neighbour's. */
async function isPerhapsLate(
  { db, clock }: Deps,
  { operatorId, channel, account, date }: BillDay,
  dayTurnsBeforeMs: number,
): Promise<boolean> {
  const endMs = dayStartMs(addDays(date, 1)) - dayTurnsBeforeMs;
  if (clock.nowMs() >= endMs + lateBillMs) return false;
  const startMs = dayStartMs(date) - dayTurnsBeforeMs;
  const isOfDay = (column: SQL): SQL => sql`operator_id = ${operatorId} and channel = ${channel}
    and (${account} = '' or channel_merchant_no = ${account})
    and ${column} >= ${startMs + dayEdgeMs} and ${column} < ${endMs - dayEdgeMs}`;
  const { rows } = await db.execute<{ is_there: boolean }>(sql`
    select exists (select from payment_attempt where status = 'paid'
               and ${isOfDay(sql`paid_at_ms`)})
        or exists (select from payment_attempt where next_step is not null
               and ${isOfDay(sql`submitted_at_ms`)}) as is_there`);
  return rows[0]?.is_there === true;
}

async function* noRows(): AsyncIterable<BillRow> {
  yield* [];
}
