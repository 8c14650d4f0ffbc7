import type { Payout, PayoutDesk, PayoutOutcome } from '#cloud/channel/channel-money.ts';
import type { AlipayAnswer, AlipayClient } from '#cloud/payments/channels/alipay/client.ts';
import { alipayUnknownNumbers } from '#cloud/payments/channels/alipay/codes.ts';
import { alipayMessages } from '#cloud/payments/channels/alipay/messages.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';
import { fenOfYuan, yuanText } from '#cloud/payments/channels/wire/yuan.ts';

const product = { product_code: 'TRANS_ACCOUNT_NO_PWD', biz_scene: 'DIRECT_TRANSFER' } as const;

/**
 * Transfers to people (单笔转账), from the app's own account. Not one refusal of a submission is
 * final, whatever its code: the same number is asked about. Only a state in a verified answer ends
 * a transfer.
 */
export const createAlipayPayouts = (client: AlipayClient): PayoutDesk => ({
  submit: async (payout) => {
    const answer = await client.ask({
      method: 'alipay.fund.trans.uni.transfer',
      channelMerchantNo: undefined,
      value: {
        ...product,
        out_biz_no: payout.outPayoutNo,
        trans_amount: yuanText(payout.amountFen),
        order_title: payout.remark,
        payee_info: {
          identity: payout.payee,
          identity_type: 'ALIPAY_USER_ID',
          ...(payout.payeeName === undefined ? {} : { name: payout.payeeName }),
        },
      },
    });
    return { outcome: judgePayout(answer, payout, 'submit'), evidence: answer.evidence };
  },
  query: async (payout) => {
    const answer = await client.ask({
      method: 'alipay.fund.trans.common.query',
      channelMerchantNo: undefined,
      value: { ...product, out_biz_no: payout.outPayoutNo },
    });
    return { outcome: judgePayout(answer, payout, 'query'), evidence: answer.evidence };
  },
});

function judgePayout(
  answer: AlipayAnswer,
  payout: Payout,
  asked: 'submit' | 'query',
): PayoutOutcome {
  if (answer.type === 'none') return unknown(answer.code);
  if (answer.type === 'refused')
    return asked === 'query' && alipayUnknownNumbers.has(answer.code)
      ? { type: 'not-known', code: answer.code }
      : unknown(answer.code);
  const said = answer.value;
  if (!alipayMessages.transfer.Check(said)) return unknown('garbled-answer');
  const isIt =
    said.out_biz_no === payout.outPayoutNo &&
    (said.trans_amount === undefined
      ? asked === 'submit'
      : fenOfYuan(said.trans_amount) === payout.amountFen);
  if (!isIt) return unknown('order-mismatch');
  const ref = said.order_id ?? payout.outPayoutNo;
  switch (said.status) {
    case 'SUCCESS':
      return { type: 'paid-out', ref };
    case 'WAIT_PAY':
      return { type: 'waiting-payee', ref };
    case 'DEALING':
      return { type: 'processing', ref };
    case 'FAIL':
    case 'CLOSED':
    case 'REFUND':
      return { type: 'lapsed', code: said.error_code ?? said.status };
    default:
      return unknown(said.status);
  }
}
