import { createDecipheriv } from 'node:crypto';
import { fen } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import {
  notifyBytesMax,
  type ChannelEvent,
  type NotifyReader,
  type NotifyRefusal,
} from '#cloud/channel/channel-notify.ts';
import { jsonOf } from '#cloud/payments/channels/wechat/client.ts';
import type { WechatAccount, WechatOptions } from '#cloud/payments/channels/wechat/config.ts';
import {
  merchantOf,
  wechatMessages,
  type WechatNotice,
} from '#cloud/payments/channels/wechat/messages.ts';
import { judgeSignature } from '#cloud/payments/channels/wechat/verify.ts';

const tagBytes = 16;
const refused = (code: NotifyRefusal['code']) => err<NotifyRefusal>({ code });

/** Notifies of WeChat Pay: signed like answers, their resource encrypted with the APIv3 key. */
export function createWechatNotify(
  options: Pick<WechatOptions, 'account' | 'clock'>,
): NotifyReader {
  const { account, clock } = options;
  return {
    read: ({ headers, body }) => {
      if (body.length > notifyBytesMax) return refused('body-too-large');
      const header = (name: string): string | undefined => headers[name];
      const trust = { keys: account.platformKeys, nowMs: clock.nowMs() };
      const signature = judgeSignature({ header, body }, trust);
      if (signature !== 'valid') return refused(signature);
      const notice = jsonOf(body);
      if (!wechatMessages.notice.Check(notice)) return refused('body-garbled');
      const plain = decryptResource(notice.resource, account.apiV3Key);
      if (plain === undefined) return refused('decryption-failed');
      return eventOf(notice, jsonOf(plain), account);
    },
    answer: (accepted) => ({
      status: accepted ? 200 : 400,
      contentType: 'application/json',
      body: JSON.stringify(
        accepted ? { code: 'SUCCESS' } : { code: 'FAIL', message: 'not accepted' },
      ),
    }),
  };
}

/** AES-256-GCM; the last 16 bytes are the tag. Undefined when anything of it was changed. */
export function decryptResource(
  resource: WechatNotice['resource'],
  apiV3Key: Uint8Array,
): Buffer | undefined {
  const sealed = Buffer.from(resource.ciphertext, 'base64');
  if (sealed.length < tagBytes || sealed.toString('base64') !== resource.ciphertext)
    return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', apiV3Key, Buffer.from(resource.nonce), {
      authTagLength: tagBytes,
    });
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    decipher.setAAD(Buffer.from(resource.associated_data ?? ''));
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function eventOf(
  notice: WechatNotice,
  resource: unknown,
  { identity }: WechatAccount,
): Result<ChannelEvent, NotifyRefusal> {
  const { id: eventId, event_type: name } = notice;
  if (name.startsWith('TRANSACTION.')) {
    if (!wechatMessages.trade.Check(resource) || resource.amount === undefined)
      return refused('body-garbled');
    const channelMerchantNo = merchantOf(resource, identity);
    if (channelMerchantNo === undefined) return refused('account-mismatch');
    if ((resource.amount.currency ?? 'CNY') !== 'CNY') return refused('body-garbled');
    const paidAtMs = Date.parse(resource.success_time ?? '');
    const payerId = resource.payer?.sp_openid ?? resource.payer?.openid;
    return ok({
      type: 'payment',
      eventId,
      channelMerchantNo,
      outTradeNo: resource.out_trade_no,
      amountFen: fen(resource.amount.total),
      channelRef: resource.transaction_id ?? '',
      state: paymentState(resource.trade_state, resource.transaction_id),
      paidAtMs: Number.isSafeInteger(paidAtMs) ? paidAtMs : undefined,
      ...(payerId === undefined ? {} : { payerId }),
    });
  }
  if (name.startsWith('REFUND.')) {
    if (!wechatMessages.refundNotice.Check(resource)) return refused('body-garbled');
    const { out_refund_no: outNo, refund_status: state } = resource;
    const channelMerchantNo = merchantOf(resource, identity);
    if (channelMerchantNo === undefined) return refused('account-mismatch');
    return ok({ type: 'refund', eventId, channelMerchantNo, outNo, state });
  }
  if (name.startsWith('PROFITSHARING')) {
    if (!wechatMessages.splitNotice.Check(resource)) return refused('body-garbled');
    const channelMerchantNo = merchantOf(resource, identity);
    if (channelMerchantNo === undefined) return refused('account-mismatch');
    const outNo = resource.out_order_no;
    return ok({ type: 'split', eventId, channelMerchantNo, outNo, state: name });
  }
  if (name.startsWith('MCHTRANSFER.')) {
    if (!wechatMessages.transferNotice.Check(resource)) return refused('body-garbled');
    const { out_bill_no: outNo, state } = resource;
    return ok({ type: 'payout', eventId, channelMerchantNo: '', outNo, state });
  }
  return ok(
    name.startsWith('SECURITY_ECHO.')
      ? { type: 'echo', eventId }
      : { type: 'other', eventId, name },
  );
}

const paymentState = (
  state: string,
  transactionId: string | undefined,
): 'paid' | 'closed' | 'other' => {
  if (state === 'SUCCESS' && transactionId !== undefined) return 'paid';
  return state === 'CLOSED' || state === 'REVOKED' ? 'closed' : 'other';
};
