import type { KeyObject } from 'node:crypto';
import type { FaceHouse } from '#cloud/channel-simulator/face.ts';
import type { AlipayCall, AlipayCaller } from '#cloud/channel-simulator/faces/alipay/guard.ts';
import type { Spoken } from '#cloud/channel-simulator/faces/alipay/words.ts';
import type { BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';

export interface AlipayFaceOptions {
  /** Who may call, by app id. */
  readonly callers: ReadonlyMap<string, AlipayCaller>;
  /** Signs answers and notifies. */
  readonly privateKey: KeyObject;
  /** Certificate mode: the serial that answers name. */
  readonly certificateSerial?: string;
}

/** A verified request for a merchant. */
export interface Call extends AlipayCall {
  readonly house: FaceHouse;
  readonly merchantNo: string;
  readonly nowMs: number;
  /** Posts a notify about an order, after the answer. */
  readonly announce: (order: BookedOrder, notice: Notice) => void;
}

/** How often and how late, and about which of its refunds. */
export interface Notice {
  readonly times: number;
  readonly afterMs?: number;
  readonly refund?: { readonly outRefundNo: string; readonly atMs: number };
}

export type Handler = (call: Call) => Spoken;
export type Handlers = Readonly<Record<string, Handler>>;
