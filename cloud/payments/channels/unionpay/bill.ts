import { Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import {
  billBytesMax,
  type BillDesk,
  type BillOutcome,
  type BillSink,
} from '#cloud/channel/channel-bill.ts';
import type { UnionpayClient } from '#cloud/payments/channels/unionpay/client.ts';
import type { UnionpayOptions } from '#cloud/payments/channels/unionpay/config.ts';
import type { Fields } from '#cloud/payments/channels/unionpay/sign.ts';
import { shanghaiDigitsOf } from '#cloud/payments/channels/wire/shanghai-time.ts';
import { silenceOf, unknown } from '#cloud/payments/channels/wire/evidence.ts';
import { passThrough } from '#cloud/payments/channels/wire/stream.ts';

/** A day's file is there from 10:00 in Shanghai on the next day on. */
const readyAfterMs = 10 * 3_600_000;
/** `settleDate` has no year: only days are asked for that can be meant by it alone. */
const askedDaysMax = 300;

/** respCode where there is no file for the day: not yet, or never. */
const absentCode = '98';

/**
 * The detail file of a day and merchant (76/01, fileType 00): a zip, deflated, in base64, inside
 * the signed answer. So there is neither an address nor a digest; the signature over the answer is
 * what makes it true. What is written to the sink is the zip.
 */
export const createUnionpayBills = (
  client: UnionpayClient,
  options: UnionpayOptions,
): BillDesk => ({
  format: 'unionpay-zm-zip',
  scope: 'merchant',
  download: async ({ date, channelMerchantNo: merchantNo = '' }, sink) => {
    const nowMs = options.clock.nowMs();
    const readyMs = dayStartMs(addDays(date, 1)) + readyAfterMs;
    const asked: Fields = {
      txnType: '76',
      txnSubType: '01',
      txnTime: shanghaiDigitsOf(nowMs),
      settleDate: date.slice('YYYY-'.length).replace('-', ''),
    };
    const isAskable = nowMs >= dayStartMs(date) && nowMs < dayStartMs(addDays(date, askedDaysMax));
    if (!isAskable)
      return { outcome: { type: 'not-ready', code: 'day-not-askable' }, evidence: silenceOf(date) };
    const fields = { ...asked, fileType: '00' };
    const answer = await client.ask({ door: 'file', merchantNo, fields });
    const { evidence } = answer;
    if (answer.type === 'none') return { outcome: unknown(answer.code), evidence };
    const said = answer.fields;
    const named = Object.entries({ ...asked, merId: merchantNo });
    const isIt = named.every(([name, value]) => said[name] === value);
    if (!isIt) return { outcome: unknown('order-mismatch'), evidence };
    const code = said['respCode'] ?? '';
    if (code === absentCode)
      return { outcome: nowMs < readyMs ? notReady(code) : never(code), evidence };
    if (code !== '00') return { outcome: unknown(code), evidence };
    return { outcome: await unpack(said['fileContent'] ?? '', sink), evidence };
  },
});

const notReady = (code: string): BillOutcome => ({ type: 'not-ready', code });
const never = (code: string): BillOutcome => ({ type: 'no-bill', code, isByHour: true });

async function unpack(fileContent: string, sink: BillSink): Promise<BillOutcome> {
  let bytes = 0;
  const how = await passThrough({
    source: Readable.from([Buffer.from(fileContent, 'base64')]),
    through: createInflate(),
    bytesMax: billBytesMax,
    sink: async (chunk) => {
      bytes += chunk.length;
      await sink(chunk);
    },
  });
  if (how === 'whole') return { type: 'whole', bytes, digest: undefined };
  return unknown(how === 'broken' ? 'garbled-file' : how);
}
