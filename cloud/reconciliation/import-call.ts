import { readWords } from '#shared/command-line/read-words.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { BillFormat } from '#cloud/channel/channel-bill.ts';
import { channelNamePattern } from '#cloud/payments/merchant-channels.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';

/** What `npm run bill` is asked to do. */
export interface ImportCall {
  /** The channel's name in the books: the first account's, or a further one's. */
  readonly channel: string;
  readonly format: BillFormat;
  /** YYYY-MM-DD */
  readonly date: string;
  readonly path: string;
  /** The merchant's number where the bill is one merchant's own; else empty. */
  readonly account: string;
}

/** The uncompressed CSV of WeChat Pay, the zips of Alipay and UnionPay, the uncompressed lines of an aggregator. */
const formats: Readonly<Record<string, BillFormat>> = {
  wechat: 'wechat-csv',
  alipay: 'alipay-gbk-zip',
  unionpay: 'unionpay-zm-zip',
  aggregator: 'aggregator-jsonl',
};
const usage = 'CHANNEL YYYY-MM-DD FILE [merchant number] [--as wechat|alipay|unionpay|aggregator]';

/**
 * Reads `CHANNEL DATE FILE [ACCOUNT] [--as KIND]`. KIND says whose form the file has, where the channel is a further
 * account and its name does not. The error is a line for people.
 */
export function readImportCall(args: readonly string[]): Result<ImportCall, string> {
  const given = readWords(args, { as: { type: 'text' } }, { wordsMax: 4 });
  if (!given.ok) return err(given.error);
  const [channel, date, path, account = ''] = given.value.words;
  if (channel === undefined || date === undefined || path === undefined) return err(usage);
  const kind = given.value.values.as ?? channel;
  const format = Object.hasOwn(formats, kind) ? formats[kind] : undefined;
  if (format === undefined) return err(`whose form has it? ${usage}`);
  if (!new RegExp(channelNamePattern).test(channel)) return err(`no channel is named ${channel}`);
  if (!isCalendarDay(date)) return err(`${date} is no day`);
  return ok({ channel, format, date, path, account });
}
