import { fen } from '#shared/money/fen.ts';
import { err, ok } from '#shared/result/result.ts';
import {
  notifyBytesMax,
  type NotifyReader,
  type NotifyRefusal,
} from '#cloud/channel/channel-notify.ts';
import type { UnionpayOptions } from '#cloud/payments/channels/unionpay/config.ts';
import { instantOf, payerOf } from '#cloud/payments/channels/unionpay/judge.ts';
import { judgeFields } from '#cloud/payments/channels/unionpay/verify.ts';
import { strictFormOf } from '#cloud/payments/channels/wire/strict-form.ts';

const refused = (code: NotifyRefusal['code']) => err<NotifyRefusal>({ code });
const amountPattern = /^[1-9][0-9]{0,11}$/;
const refusals = {
  missing: 'signature-missing',
  invalid: 'signature-invalid',
  'key-unknown': 'key-unknown',
} as const;

/**
 * Notifies of UnionPay: a form, signed like answers. Only respCode 00 is told of; anything else is
 * a reason to ask.
 */
export const createUnionpayNotify = ({
  account,
  clock,
}: Pick<UnionpayOptions, 'account' | 'clock'>): NotifyReader => ({
  read: ({ body }) => {
    if (body.length > notifyBytesMax) return refused('body-too-large');
    const fields = strictFormOf(body);
    if (fields === undefined) return refused('body-garbled');
    const judged = judgeFields(fields, account, clock.nowMs());
    if (judged !== 'valid') return refused(refusals[judged]);
    const { merId, orderId, txnTime, txnAmt, queryId, txnType } = fields;
    const isWhole =
      merId !== undefined && orderId !== undefined && txnTime !== undefined && txnAmt !== undefined;
    if (!isWhole || !amountPattern.test(txnAmt) || queryId === undefined)
      return refused('body-garbled');
    if (!account.merchantNos.has(merId)) return refused('account-mismatch');
    if (fields['currencyCode'] !== '156') return refused('body-garbled');
    const eventId = `${queryId}/${fields['respCode'] ?? ''}`;
    if (txnType === '04' || txnType === '31')
      return ok({
        type: 'refund',
        eventId,
        channelMerchantNo: merId,
        outNo: orderId,
        state: fields['respCode'] ?? '',
      });
    if (txnType !== '01') return ok({ type: 'other', eventId, name: txnType ?? '' });
    return ok({
      type: 'payment',
      eventId,
      channelMerchantNo: merId,
      outTradeNo: orderId,
      amountFen: fen(Number(txnAmt)),
      channelRef: queryId,
      state: fields['respCode'] === '00' ? 'paid' : 'other',
      paidAtMs: instantOf(fields['traceTime'], txnTime),
      ...payerOf(fields),
    });
  },
  answer: (accepted) => ({
    status: accepted ? 200 : 400,
    contentType: 'text/plain',
    body: accepted ? 'ok' : 'fail',
  }),
});
