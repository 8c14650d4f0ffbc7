import { err, ok, type Result } from '#shared/result/result.ts';
import {
  notifyBytesMax,
  type ChannelEvent,
  type NotifyReader,
  type NotifyRefusal,
} from '#cloud/channel/channel-notify.ts';
import {
  publicKeyMode,
  tokenFor,
  type AlipayAccount,
  type AlipayOptions,
} from '#cloud/payments/channels/alipay/config.ts';
import { alipayMessages, type AlipayNotice } from '#cloud/payments/channels/alipay/messages.ts';
import { noticeText } from '#cloud/payments/channels/alipay/sign.ts';
import { holds } from '#cloud/payments/channels/alipay/verify.ts';
import { shanghaiInstantOf } from '#cloud/payments/channels/wire/shanghai-time.ts';
import { strictFormOf } from '#cloud/payments/channels/wire/strict-form.ts';
import { fenOfYuan } from '#cloud/payments/channels/wire/yuan.ts';

const refused = (code: NotifyRefusal['code']) => err<NotifyRefusal>({ code });

/**
 * Notifies of Alipay: a form, signed over its decoded values without `sign` and `sign_type`. They
 * come for up to 25 hours until they are answered with `success`, so their age proves nothing;
 * `notify_id` tells repetitions.
 */
export function createAlipayNotify({ account }: Pick<AlipayOptions, 'account'>): NotifyReader {
  return {
    read: ({ body }) => {
      if (body.length > notifyBytesMax) return refused('body-too-large');
      const form = strictFormOf(body);
      if (form === undefined) return refused('body-garbled');
      const { sign, sign_type: signType } = form;
      if (sign === undefined || signType === undefined) return refused('signature-missing');
      if (signType !== 'RSA2') return refused('signature-invalid');
      const key = account.alipayKeys.get(form['alipay_cert_sn'] ?? publicKeyMode);
      if (key === undefined) return refused('key-unknown');
      if (!holds(Buffer.from(noticeText(form)), sign, key)) return refused('signature-invalid');
      return alipayMessages.notice.Check(form) ? eventOf(form, account) : refused('body-garbled');
    },
    answer: (accepted) => ({
      status: 200,
      contentType: 'text/plain',
      body: accepted ? 'success' : 'fail',
    }),
  };
}

function eventOf(
  notice: AlipayNotice,
  account: AlipayAccount,
): Result<ChannelEvent, NotifyRefusal> {
  if (notice.app_id !== account.appId) return refused('account-mismatch');
  const { notify_id: eventId, notify_type: name, trade_status: state } = notice;
  const channelMerchantNo = notice.seller_id;
  if (name !== 'trade_status_sync') return ok({ type: 'other', eventId, name });
  if (channelMerchantNo === undefined || notice.out_trade_no === undefined || state === undefined)
    return refused('body-garbled');
  if (tokenFor(account.identity, channelMerchantNo) === undefined)
    return refused('account-mismatch');
  // A refund's notify carries the order's state, "paid", beside the number of the refund.
  if (notice.out_biz_no !== undefined || notice.refund_fee !== undefined)
    return ok({
      type: 'refund',
      eventId,
      channelMerchantNo,
      outNo: notice.out_biz_no ?? notice.out_trade_no,
      state,
    });
  const amountFen = fenOfYuan(notice.total_amount);
  if (amountFen === undefined) return refused('body-garbled');
  const payerId = notice.buyer_open_id ?? notice.buyer_id;
  return ok({
    type: 'payment',
    eventId,
    channelMerchantNo,
    outTradeNo: notice.out_trade_no,
    amountFen,
    channelRef: notice.trade_no ?? '',
    state: paymentState(state, notice.trade_no),
    paidAtMs: shanghaiInstantOf(notice.gmt_payment),
    ...(payerId === undefined ? {} : { payerId }),
  });
}

const paymentState = (state: string, tradeNo: string | undefined): 'paid' | 'closed' | 'other' => {
  const isPaid = state === 'TRADE_SUCCESS' || state === 'TRADE_FINISHED';
  if (isPaid && tradeNo !== undefined) return 'paid';
  return state === 'TRADE_CLOSED' ? 'closed' : 'other';
};
