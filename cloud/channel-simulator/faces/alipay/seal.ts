import { createHash, sign, type KeyObject } from 'node:crypto';
import { refundedFen, type BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import { buyerOf, statusOf, yuan } from '#cloud/channel-simulator/faces/alipay/words.ts';
import { shanghaiTimeOf } from '#cloud/channel-simulator/shanghai-time.ts';

interface Signer {
  readonly key: KeyObject;
  readonly certificateSerial?: string | undefined;
}

/** An answer's envelope: the node exactly as it is signed, and the signature before or after it. */
export function sealedAnswer(
  node: string,
  by: Signer & { readonly method: string; readonly signFirst?: boolean },
): string {
  const signature = sign('sha256', Buffer.from(node), by.key).toString('base64');
  const signed = `"sign":${JSON.stringify(signature)}`;
  const named = `"${by.method.replaceAll('.', '_')}_response":${node}`;
  const serial =
    by.certificateSerial === undefined
      ? []
      : [`"alipay_cert_sn":${JSON.stringify(by.certificateSerial)}`];
  const parts = by.signFirst ? [signed, ...serial, named] : [named, ...serial, signed];
  return `{${parts.join(',')}}`;
}

/** A notify as Alipay posts it: a form whose decoded values are signed, without `sign` and `sign_type`. */
export function signedNotice(params: Readonly<Record<string, string>>, by: Signer): string {
  const all = {
    ...params,
    ...(by.certificateSerial === undefined ? {} : { alipay_cert_sn: by.certificateSerial }),
  };
  const text = Object.entries(all)
    .filter(([, value]) => value !== '')
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const signature = sign('sha256', Buffer.from(text), by.key).toString('base64');
  return new URLSearchParams({ ...all, sign: signature, sign_type: 'RSA2' }).toString();
}

/** What a notify about an order says. */
export const noticeOf = (
  order: BookedOrder,
  about: {
    readonly appId: string;
    readonly nowMs: number;
    readonly refund?: { readonly outRefundNo: string; readonly atMs: number } | undefined;
  },
): Readonly<Record<string, string>> => ({
  notify_id: createHash('sha256')
    .update(`${order.transactionId}/${about.refund?.outRefundNo ?? 'paid'}`)
    .digest('hex')
    .slice(0, 34),
  notify_type: 'trade_status_sync',
  notify_time: shanghaiTimeOf(about.nowMs),
  charset: 'utf-8',
  version: '1.0',
  app_id: about.appId,
  auth_app_id: about.appId,
  seller_id: order.merchantNo,
  buyer_logon_id: '159****5620',
  buyer_id: buyerOf(order),
  subject: '门店消费',
  out_trade_no: order.outTradeNo,
  trade_no: order.transactionId,
  trade_status: statusOf(order),
  total_amount: yuan(order.amountFen),
  gmt_create: shanghaiTimeOf(order.bookedAtMs),
  ...(order.paidAtMs === undefined ? {} : { gmt_payment: shanghaiTimeOf(order.paidAtMs) }),
  ...(about.refund === undefined
    ? {}
    : {
        out_biz_no: about.refund.outRefundNo,
        refund_fee: yuan(refundedFen(order)),
        gmt_refund: shanghaiTimeOf(about.refund.atMs),
      }),
});
