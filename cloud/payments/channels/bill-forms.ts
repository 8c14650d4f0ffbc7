import type { BillFormat, BillRow } from '#cloud/channel/channel-bill.ts';
import { aggregatorBillRows } from '#cloud/payments/channels/aggregator/bill-rows.ts';
import { alipayBillRows } from '#cloud/payments/channels/alipay/bill-rows.ts';
import { unionpayBillRows } from '#cloud/payments/channels/unionpay/bill-rows.ts';
import { unionpayDayTurnsBeforeMs } from '#cloud/payments/channels/unionpay/unionpay-day.ts';
import { wechatBillRows } from '#cloud/payments/channels/wechat/bill-rows.ts';

/** What is the same for all bills of a channel's dialect, wherever the file came from. */
export interface BillForm {
  /** Reads a bill on disk, in bounded memory. Throws when it cannot be read to its end. */
  readonly rows: (path: string) => AsyncIterable<BillRow>;
  /**
   * So long before midnight in Shanghai the channel's day turns, milliseconds: what was paid after
   * that is on the bill of the next day.
   */
  readonly dayTurnsBeforeMs: number;
}

export const billForms: Readonly<Record<BillFormat, BillForm>> = {
  'aggregator-jsonl': { rows: aggregatorBillRows, dayTurnsBeforeMs: 0 },
  'alipay-gbk-zip': { rows: alipayBillRows, dayTurnsBeforeMs: 0 },
  'unionpay-zm-zip': { rows: unionpayBillRows, dayTurnsBeforeMs: unionpayDayTurnsBeforeMs },
  'wechat-csv': { rows: wechatBillRows, dayTurnsBeforeMs: 0 },
};
