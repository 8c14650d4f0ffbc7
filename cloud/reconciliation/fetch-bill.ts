import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, type Result } from '#shared/result/result.ts';
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

export type FetchBillError =
  | BillImportError
  /** The channel has none yet, or gave no answer that can be believed: ask again later. */
  | { readonly type: 'bill-not-ready'; readonly why: string }
  /** This channel gives none, or there is no such channel: its days are proved by no bill, and listed as such. */
  | { readonly type: 'bill-not-offered'; readonly why: string };

/**
 * Downloads the bill of a day into a temporary file and imports it. A day on which the channel says that it has no bill
 * is a bill without lines.
 */
export async function fetchBill(
  deps: Pick<CloudDeps, 'db' | 'clock'> & { readonly channels: ReadonlyMap<string, Channel> },
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

async function* noRows(): AsyncIterable<BillRow> {
  yield* [];
}
