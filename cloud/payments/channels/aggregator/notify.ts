import { verify } from 'node:crypto';
import { Compile } from 'typebox/compile';
import { fen } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import {
  notifyBytesMax,
  type ChannelEvent,
  type NotifyReader,
  type NotifyRefusal,
  type RawNotify,
} from '#cloud/channel/channel-notify.ts';
import {
  channelHeaders,
  ChannelNotifySchema,
  notifyAccepted,
  notifySignText,
  timestampAgeSecondsMax,
  type ChannelNotify,
} from '#cloud/channel-simulator/protocol.ts';
import type { AggregatorOptions } from '#cloud/payments/channels/aggregator/client.ts';

const refused = (code: NotifyRefusal['code']) => err<NotifyRefusal>({ code });
const checkNotify = Compile(ChannelNotifySchema);
const timestampPattern = /^[1-9][0-9]{8,11}$/;

type Trust = Pick<AggregatorOptions, 'appId' | 'channelPublicKey' | 'clock'>;

/** Notifies of the aggregator: JSON, signed over app, time, nonce and body. */
export const createAggregatorNotify = (trust: Trust): NotifyReader => ({
  read: (notify) => {
    if (notify.body.length > notifyBytesMax) return refused('body-too-large');
    const text = Buffer.from(notify.body).toString('utf8');
    const refusal = judgeSignature(notify, text, trust);
    if (refusal !== undefined) return refused(refusal);
    const said = jsonOf(text);
    return checkNotify.Check(said) ? eventOf(said) : refused('body-garbled');
  },
  answer: (accepted) => ({
    status: accepted ? 200 : 400,
    contentType: 'application/json',
    body: accepted ? notifyAccepted : '{"code":"FAIL"}',
  }),
});

function judgeSignature(
  { headers }: RawNotify,
  body: string,
  trust: Trust,
): NotifyRefusal['code'] | undefined {
  const app = headers[channelHeaders.app];
  const timestamp = headers[channelHeaders.timestamp];
  const nonce = headers[channelHeaders.nonce];
  const signature = headers[channelHeaders.signature];
  if (app === undefined || timestamp === undefined) return 'signature-missing';
  if (nonce === undefined || signature === undefined) return 'signature-missing';
  if (app !== trust.appId) return 'account-mismatch';
  if (!timestampPattern.test(timestamp)) return 'signature-invalid';
  const ageMs = Math.abs(Number(timestamp) * 1_000 - trust.clock.nowMs());
  if (ageMs > timestampAgeSecondsMax * 1_000) return 'time-outside-window';
  const bytes = Buffer.from(signature, 'base64');
  // Base64 has spare bits and skipped characters; only the one canonical spelling is believed.
  if (bytes.toString('base64') !== signature) return 'signature-invalid';
  const text = Buffer.from(notifySignText({ app, timestamp, nonce, body }));
  return verify(null, text, trust.channelPublicKey, bytes) ? undefined : 'signature-invalid';
}

function eventOf(said: ChannelNotify): Result<ChannelEvent, NotifyRefusal> {
  const { eventId, merchantNo: channelMerchantNo, outTradeNo } = said;
  if (channelMerchantNo === undefined || outTradeNo === undefined) return refused('body-garbled');
  if (said.event === 'refund') {
    const { outRefundNo: outNo } = said;
    if (outNo === undefined) return refused('body-garbled');
    return ok({ type: 'refund', eventId, channelMerchantNo, outNo, state: said.code });
  }
  if (said.amountFen === undefined) return refused('body-garbled');
  const { transactionId: channelRef = '', paidAtMs, payerId } = said;
  return ok({
    type: 'payment',
    eventId,
    channelMerchantNo,
    outTradeNo,
    amountFen: fen(said.amountFen),
    channelRef,
    state: said.state === 'SUCCESS' && channelRef !== '' ? 'paid' : 'other',
    paidAtMs,
    ...(payerId === undefined ? {} : { payerId }),
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
