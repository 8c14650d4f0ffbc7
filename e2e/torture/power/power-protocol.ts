import type { SalesCount } from '../count-sales.ts';

/** What the power-cut guest tells the host over its virtio serial port: one JSON object per line. */
export type PowerMessage =
  | ({ readonly type: 'found' } & SalesCount)
  /** The sale of this number is on the disk: its append returned. */
  | { readonly type: 'ack'; readonly index: number }
  | { readonly type: 'failed'; readonly why: string };
