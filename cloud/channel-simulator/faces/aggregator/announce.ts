import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import type { FaceHouse, NotifyManners } from '#cloud/channel-simulator/face.ts';
import { createNoticeAddresses } from '#cloud/channel-simulator/notice-addresses.ts';
import {
  channelHeaders,
  notifyAccepted,
  notifySignText,
  type ChannelNotify,
} from '#cloud/channel-simulator/protocol.ts';
import { reply } from '#cloud/channel-simulator/replies.ts';

/** A notify that is to be posted. */
export interface Notice {
  readonly app: string;
  readonly order: BookedOrder;
  /** The address of this request; else the one of the order's charge. */
  readonly url?: string | undefined;
  readonly times: number;
  readonly afterMs?: number;
  readonly refund?: { readonly outRefundNo: string; readonly refundFen: number };
}

const minuteMs = 60_000;
const manners: NotifyManners = {
  pausesMs: [1, 5, 10, 60, 360].map((minutes) => minutes * minuteMs),
  accepts: ({ status, body }) => status === 200 && body === notifyAccepted,
};

/** A notify as it is posted, signed now. */
export function sealedNotify(
  said: ChannelNotify,
  by: { readonly app: string; readonly key: KeyObject; readonly nowMs: number },
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const body = JSON.stringify(said);
  const timestamp = String(Math.floor(by.nowMs / 1_000));
  const nonce = randomBytes(18).toString('base64url');
  const text = notifySignText({ app: by.app, timestamp, nonce, body });
  return {
    body,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      [channelHeaders.app]: by.app,
      [channelHeaders.timestamp]: timestamp,
      [channelHeaders.nonce]: nonce,
      [channelHeaders.signature]: sign(null, Buffer.from(text), by.key).toString('base64'),
    },
  };
}

/** Posts notifies about payments and refunds that went through, where a charge asked for them. */
export function createAnnouncer(house: FaceHouse, key: KeyObject): (notice: Notice) => void {
  const addresses = createNoticeAddresses();
  return ({ app, order, url, times, afterMs = 0, refund }) => {
    const { transactionId } = order;
    if (refund === undefined) addresses.remember(transactionId, url);
    const address = url ?? addresses.of(transactionId);
    if (address === undefined || times === 0 || order.paidAtMs === undefined) return;
    const subject = `${transactionId}/${refund?.outRefundNo ?? 'paid'}`;
    const said: ChannelNotify = {
      ...reply(order, 'SUCCESS').answer,
      ...refund,
      event: refund === undefined ? 'payment' : 'refund',
      eventId: createHash('sha256').update(subject).digest('hex').slice(0, 32),
    };
    house.notify({
      url: address,
      make: () => sealedNotify(said, { app, key, nowMs: house.clock.nowMs() }),
      times,
      afterMs,
      manners,
    });
  };
}
