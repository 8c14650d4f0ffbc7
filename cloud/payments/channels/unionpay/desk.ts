import { assert } from '#shared/result/assert.ts';
import type { CallEvidence, ChannelOrder } from '#cloud/channel/channel-exchange.ts';
import type { UnionpayAnswer, UnionpayClient } from '#cloud/payments/channels/unionpay/client.ts';
import type { UnionpayAccount } from '#cloud/payments/channels/unionpay/config.ts';
import {
  judgeFound,
  type Found,
  type Transaction,
} from '#cloud/payments/channels/unionpay/judge.ts';
import type { Fields } from '#cloud/payments/channels/unionpay/sign.ts';
import { shanghaiDigitsOf } from '#cloud/payments/channels/wire/shanghai-time.ts';

/**
 * Asking UnionPay about one transaction, and sending one: what charges, voids, reversals and
 * refunds share.
 */
export interface UnionpayDesk {
  send(asked: Transaction, fields: Fields): Promise<UnionpayAnswer>;
  find(asked: Transaction): Promise<Looked>;
}

export interface Looked {
  readonly found: Found;
  readonly evidence: CallEvidence;
}

export const createUnionpayDesk = (
  client: UnionpayClient,
  account: UnionpayAccount,
): UnionpayDesk => ({
  send: ({ merchantNo, orderId, txnTime, amountFen }, fields) =>
    client.ask({
      door: 'transaction',
      merchantNo,
      fields: {
        channelType: '07',
        orderId,
        txnTime,
        txnAmt: String(amountFen),
        currencyCode: '156',
        backUrl: account.backUrl,
        ...fields,
      },
    }),
  find: async (asked) => {
    const answer = await client.ask({
      door: 'query',
      merchantNo: asked.merchantNo,
      fields: { txnType: '00', txnSubType: '00', orderId: asked.orderId, txnTime: asked.txnTime },
    });
    return { found: judgeFound(answer, asked), evidence: answer.evidence };
  },
});

/** The time that names an order's transactions, beside their numbers. */
export function txnTimeOf({ openedAtMs, outTradeNo }: ChannelOrder): string {
  assert(openedAtMs !== undefined, () => `UnionPay needs the time of ${outTradeNo}`);
  return shanghaiDigitsOf(openedAtMs);
}

/**
 * The evidence of an act and of the look behind it: the act's request, both answers, the look's
 * verdict.
 */
export const bothOf = (act: CallEvidence, look: CallEvidence): CallEvidence => ({
  ...look,
  requestDigest: act.requestDigest,
  rawAnswer: `${act.rawAnswer}\n${look.rawAnswer}`,
});
