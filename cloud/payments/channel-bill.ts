import type { Answered, Unknown } from '#cloud/payments/channel.ts';

export interface BillRequest {
  /** Day of the bill in Shanghai, YYYY-MM-DD. */
  readonly date: string;
  /** One merchant of a platform; without it the bill of the whole account. */
  readonly channelMerchantNo?: string;
}

/** How the bytes of a bill are to be read. `zip` holds its CSV files in GBK. */
export type BillFormat = 'wechat-csv' | 'alipay-gbk-zip' | 'unionpay-zip' | 'aggregator-csv';

/**
 * `whole`: every byte was written and, where the channel gives a digest, it fits. Only then may the bytes be used.
 * `not-ready`: come back later. `no-bill`: the channel has none for this day.
 */
export type BillOutcome =
  | {
      readonly type: 'whole';
      readonly format: BillFormat;
      /** Bytes written, after decompression. */
      readonly bytes: number;
      /** Hex; undefined where the channel gives none. */
      readonly digest: { readonly algorithm: 'sha1' | 'md5'; readonly hex: string } | undefined;
    }
  | { readonly type: 'not-ready'; readonly code: string }
  | { readonly type: 'no-bill'; readonly code: string }
  | Unknown;

/** Takes one piece of the bill; the download waits for it, so memory stays bounded. */
export type BillSink = (chunk: Uint8Array) => Promise<void> | void;

export interface BillDesk {
  /** Streams the bill of a day into `sink` (a temporary file), decompressed where the channel compresses a CSV. */
  download(request: BillRequest, sink: BillSink): Promise<Answered<BillOutcome>>;
}

/** Largest bill that is read, in bytes after decompression: 1,000,000 rows have about 300 MB. */
export const billBytesMax = 2 * 1024 * 1024 * 1024;
