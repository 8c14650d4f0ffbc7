import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import {
  billBytesMax,
  type BillDesk,
  type BillOutcome,
  type BillSink,
} from '#cloud/channel/channel-bill.ts';
import type { AlipayClient } from '#cloud/payments/channels/alipay/client.ts';
import type { AlipayOptions } from '#cloud/payments/channels/alipay/config.ts';
import { alipayMessages } from '#cloud/payments/channels/alipay/messages.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';
import { streamFromWire } from '#cloud/payments/channels/wire/stream.ts';

/** A day's bill may take long; the address lives for 30 seconds, so the download starts at once. */
export const billReadTimeoutMs = 300_000;

/** A day's bill is there from 10:00 in Shanghai on the next day on. */
const readyAfterMs = 10 * 3_600_000;

const absences: ReadonlySet<string> = new Set(['BILL_NOT_EXIST', 'isp.bill_not_exist']);

/**
 * The trade bill of a day: a zip whose CSV files are in GBK, as it came. The answer with the
 * address is signed, the file is not, and Alipay gives no digest of it: what makes it whole is the
 * checksum of each file in the zip, which readers must hold it to (../wire/zip-file.ts).
 */
export const createAlipayBills = (client: AlipayClient, options: AlipayOptions): BillDesk => ({
  format: 'alipay-gbk-zip',
  scope: 'merchant',
  download: async ({ date, channelMerchantNo }, sink) => {
    const answer = await client.ask({
      method: 'alipay.data.dataservice.bill.downloadurl.query',
      channelMerchantNo,
      value: { bill_type: 'trade', bill_date: date },
    });
    const { evidence } = answer;
    if (answer.type !== 'said') {
      const readyMs = dayStartMs(addDays(date, 1)) + readyAfterMs;
      const isEarly = options.clock.nowMs() < readyMs;
      return { outcome: absence(answer.code, isEarly), evidence };
    }
    const bill = answer.value;
    if (!alipayMessages.bill.Check(bill)) return { outcome: unknown('garbled-answer'), evidence };
    return { outcome: await fetchBill(bill.bill_download_url, { options, sink }), evidence };
  },
});

/** Alipay has one word for "not yet" and "never"; the hour tells them apart. */
const absence = (code: string, isEarly: boolean): BillOutcome => {
  if (!absences.has(code)) return unknown(code);
  return isEarly ? { type: 'not-ready', code } : { type: 'no-bill', code, isByHour: true };
};

async function fetchBill(
  address: string,
  far: { readonly options: AlipayOptions; readonly sink: BillSink },
): Promise<BillOutcome> {
  const url = URL.parse(address);
  if (url === null || !far.options.account.billOrigins.includes(url.origin))
    return unknown('foreign-address');
  let bytes = 0;
  const how = await streamFromWire({
    url,
    headers: { 'user-agent': 'greentill' },
    readTimeoutMs: billReadTimeoutMs,
    bytesMax: billBytesMax,
    sink: async (chunk) => {
      bytes += chunk.length;
      await far.sink(chunk);
    },
  });
  return how === 'whole' ? { type: 'whole', bytes, digest: undefined } : unknown(how);
}
