import type { Fen } from '#shared/money/fen.ts';
import type { Result } from '#shared/result/result.ts';
import type { ChannelOrder, Paid, Unknown } from '#cloud/channel/channel-exchange.ts';

/** A notify as it came over HTTP. Header names in lower case; the body byte for byte. */
export interface RawNotify {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** What a verified notify says. It proves who said it, not that we asked for it: see {@link judgeNotified}. */
export type ChannelEvent =
  | {
      readonly type: 'payment';
      readonly eventId: string;
      readonly channelMerchantNo: string;
      readonly outTradeNo: string;
      readonly amountFen: Fen;
      readonly channelRef: string;
      readonly state: 'paid' | 'closed' | 'other';
      readonly paidAtMs: number | undefined;
      /** As in {@link Paid}. */
      readonly payerId?: string;
    }
  | {
      readonly type: 'refund' | 'split' | 'payout';
      readonly eventId: string;
      readonly channelMerchantNo: string;
      /** Our number of the instruction. */
      readonly outNo: string;
      /** The channel's word for its state: a reason to query, never a state by itself. */
      readonly state: string;
    }
  | { readonly type: 'echo'; readonly eventId: string }
  | { readonly type: 'other'; readonly eventId: string; readonly name: string };

/** Why a notify counts for nothing. Answer it with {@link NotifyReader.answer}(false). */
export interface NotifyRefusal {
  readonly code:
    | 'signature-missing'
    | 'signature-invalid'
    | 'signature-probe'
    | 'key-unknown'
    | 'time-outside-window'
    | 'body-too-large'
    | 'body-garbled'
    | 'decryption-failed'
    | 'account-mismatch';
}

export interface NotifyReader {
  /** Parses and verifies. Pure but for the clock: storing and acting is for a queue, the channel waits 5 s at most. */
  read(notify: RawNotify): Result<ChannelEvent, NotifyRefusal>;
  /** What to answer, accepted and stored or refused. */
  answer(accepted: boolean): {
    readonly status: number;
    readonly contentType: string;
    readonly body: string;
  };
}

export const notifyBytesMax = 64 * 1024;

/**
 * What a verified payment notify means for an order we asked for. Paid only when merchant, number and amount agree;
 * everything else is unknown and a reason to query.
 */
export function judgeNotified(event: ChannelEvent, order: ChannelOrder): Paid | Unknown {
  if (event.type !== 'payment') return { type: 'unknown', code: 'not-a-payment' };
  const isAbout =
    event.channelMerchantNo === order.channelMerchantNo &&
    event.outTradeNo === order.outTradeNo &&
    event.amountFen === order.netFen;
  if (!isAbout) return { type: 'unknown', code: 'order-mismatch' };
  if (event.state !== 'paid' || event.paidAtMs === undefined)
    return { type: 'unknown', code: 'state-mismatch' };
  const { channelRef, paidAtMs, payerId } = event;
  return { type: 'paid', channelRef, paidAtMs, ...(payerId === undefined ? {} : { payerId }) };
}
