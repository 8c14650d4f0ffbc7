import type { Payout, PayoutDesk, PayoutOutcome } from '#cloud/channel/channel-money.ts';
import type { WechatAnswer, WechatClient } from '#cloud/payments/channels/wechat/client.ts';
import { wechatUnknownNumbers } from '#cloud/payments/channels/wechat/codes.ts';
import { appidOf, type WechatAccount } from '#cloud/payments/channels/wechat/config.ts';
import { wechatMessages } from '#cloud/payments/channels/wechat/messages.ts';
import { encryptName } from '#cloud/payments/channels/wechat/sign.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';

/**
 * Transfers to people (商家转账). Not one refusal of a submission is final, whatever its code:
 * WeChat Pay says that a status other than 200 is no failure and that the number must not change
 * before a query. Only a state in a verified answer ends a transfer.
 */
export function createWechatPayouts(client: WechatClient, account: WechatAccount): PayoutDesk {
  const base =
    account.identity.type === 'partner'
      ? '/v3/fund-app/mch-transfer/partner/transfer-bills'
      : '/v3/fund-app/mch-transfer/transfer-bills';
  const key = account.platformKeys.get(account.platformKeyId);
  return {
    submit: async (payout) => {
      const { payeeName } = payout;
      const value = {
        appid: appidOf(account.identity),
        out_bill_no: payout.outPayoutNo,
        transfer_scene_id: account.payoutSceneId,
        openid: payout.payee,
        ...(payeeName === undefined || key === undefined
          ? {}
          : { user_name: encryptName(payeeName, key) }),
        transfer_amount: payout.amountFen,
        transfer_remark: payout.remark,
      };
      const answer = await client.ask({ method: 'POST', target: base, value });
      return { outcome: judgePayout(answer, payout, 'submit'), evidence: answer.evidence };
    },
    query: async (payout) => {
      const target = `${base}/out-bill-no/${encodeURIComponent(payout.outPayoutNo)}`;
      const answer = await client.ask({ method: 'GET', target });
      return { outcome: judgePayout(answer, payout, 'query'), evidence: answer.evidence };
    },
  };
}

function judgePayout(
  answer: WechatAnswer,
  payout: Payout,
  asked: 'submit' | 'query',
): PayoutOutcome {
  if (answer.type === 'none') return unknown(answer.code);
  if (answer.type === 'refused')
    return asked === 'query' && wechatUnknownNumbers.has(answer.code)
      ? { type: 'not-known', code: answer.code }
      : unknown(answer.code);
  const said = answer.value;
  if (!wechatMessages.transfer.Check(said)) return unknown('garbled-answer');
  const isIt =
    said.out_bill_no === payout.outPayoutNo &&
    (asked === 'submit' || said.transfer_amount === payout.amountFen);
  if (!isIt) return unknown('order-mismatch');
  const ref = said.transfer_bill_no;
  switch (said.state) {
    case 'SUCCESS':
      return { type: 'paid-out', ref };
    case 'WAIT_USER_CONFIRM':
      return { type: 'waiting-payee', ref };
    case 'ACCEPTED':
    case 'PROCESSING':
    case 'TRANSFERING':
    case 'CANCELING':
      return { type: 'processing', ref };
    case 'FAIL':
      return { type: 'lapsed', code: said.fail_reason ?? said.state };
    case 'CANCELLED':
      return { type: 'lapsed', code: said.state };
    default:
      return unknown(said.state);
  }
}
