import type { Answered, Unknown } from '#cloud/channel/channel-exchange.ts';
import type { Fen } from '#shared/money/fen.ts';

export interface BillRequest {
  /** Day of the bill in Shanghai, YYYY-MM-DD. */
  readonly date: string;
  /** One merchant of a platform; without it the bill of the whole account. */
  readonly channelMerchantNo?: string;
}

/** How the bytes of a bill are to be read: cloud/payments/channels/bill-forms.ts. */
export type BillFormat = 'aggregator-jsonl' | 'alipay-gbk-zip' | 'unionpay-zm-zip' | 'wechat-csv';

/**
 * `whole`: every byte was written and, where the channel gives a digest, it fits. Only then may the bytes be used.
 * `not-ready`: come back later. `no-bill`: the channel has none for this day; `isByHour`: it has one word for "not yet"
 * and "never", and the hour alone speaks for "never".
 */
export type BillOutcome =
  | {
      readonly type: 'whole';
      /** Bytes written, after decompression. */
      readonly bytes: number;
      /** Hex; undefined where the channel gives none. */
      readonly digest: { readonly algorithm: 'sha1' | 'sha256'; readonly hex: string } | undefined;
    }
  | { readonly type: 'not-ready'; readonly code: string }
  | { readonly type: 'no-bill'; readonly code: string; readonly isByHour?: true }
  | Unknown;

/** Takes one piece of the bill; the download waits for it, so memory stays bounded. */
export type BillSink = (chunk: Uint8Array) => Promise<void> | void;

/**
 * A line of a bill in neutral words, as every channel's reader yields it.
 * - `paid`: money came in. - `closed`: shown without money: an order that was closed, a refund that failed.
 * - `refund`: money went back under `outRefundNo`. - `reversed`: the whole order was taken back.
 */
export interface BillRow {
  readonly kind: 'paid' | 'closed' | 'refund' | 'reversed';
  readonly outTradeNo: string;
  /** Our number of the refund, on lines about refunds. */
  readonly outRefundNo: string | undefined;
  /** The channel's own number of the order. */
  readonly channelRef: string;
  /** The merchant's number at the channel; undefined where the whole bill is one merchant's. */
  readonly channelMerchantNo: string | undefined;
  /** Never negative; `kind` tells the direction. */
  readonly amountFen: Fen;
  /** What the channel kept; negative where it gave some of it back. */
  readonly feeFen: Fen;
  readonly atMs: number;
}

/** Why a bill cannot be used: it counts only when it was read to its end and its own sums fit its lines. */
export class BillUnreadable extends Error {}

export interface BillDesk {
  readonly format: BillFormat;
  /** `merchant`: a bill is one merchant's own. Absent: one bill holds all merchants of our account. */
  readonly scope?: 'merchant';
  /** Streams the bill of a day into `sink` (a temporary file), decompressed where the channel compresses a CSV. */
  download(request: BillRequest, sink: BillSink): Promise<Answered<BillOutcome>>;
}

/** Largest bill that is read, in bytes after decompression: 1,000,000 rows have about 300 MB. */
export const billBytesMax = 2 * 1024 * 1024 * 1024;
