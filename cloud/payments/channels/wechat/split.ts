import { fen } from '#shared/money/fen.ts';
import type {
  MovedOutcome,
  SplitDesk,
  SplitOrder,
  SplitOutcome,
  SplitReturn,
  SplitShare,
} from '#cloud/channel/channel-money.ts';
import type { WechatAnswer, WechatClient } from '#cloud/payments/channels/wechat/client.ts';
import { wechatUnknownReceivers } from '#cloud/payments/channels/wechat/codes.ts';
import {
  appidOf,
  type WechatAccount,
  type WechatIdentity,
} from '#cloud/payments/channels/wechat/config.ts';
import { silentOr } from '#cloud/payments/channels/wechat/judge-money.ts';
import { wechatMessages, type WechatSplit } from '#cloud/payments/channels/wechat/messages.ts';
import { encryptName } from '#cloud/payments/channels/wechat/sign.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';
import { assert } from '#shared/result/assert.ts';

const base = '/v3/profitsharing';
const receiverTypes = { merchant: 'MERCHANT_ID', person: 'PERSONAL_OPENID' } as const;

/**
 * Splitting of paid orders (分账). Asynchronous: `processing` is asked for again under the same
 * number. Source: pay.weixin.qq.com/doc/v3/partner/4015870957.
 */
export function createWechatSplits(client: WechatClient, account: WechatAccount): SplitDesk {
  const { identity } = account;
  const ofMerchant = subMerchantOf(identity);
  return {
    ...returnDesk(client, identity),
    addReceiver: addReceiverWith(client, account),
    removeReceiver: removeReceiverWith(client, identity),

    split: async (order) => {
      const value = {
        ...ofMerchant(order.channelMerchantNo),
        appid: appidOf(identity),
        transaction_id: order.channelRef,
        out_order_no: order.outSplitNo,
        receivers: order.receivers.map((one) => ({
          type: receiverTypes[one.type],
          account: one.account,
          amount: one.amountFen,
          description: one.description,
        })),
        unfreeze_unsplit: order.releasesRest,
      };
      const answer = await client.ask({ method: 'POST', target: `${base}/orders`, value });
      return { outcome: judgeSplit(answer, order, 'instruction'), evidence: answer.evidence };
    },

    querySplit: async (order) => {
      const query = queryOf({
        ...ofMerchant(order.channelMerchantNo),
        transaction_id: order.channelRef,
      });
      const target = `${base}/orders/${encodeURIComponent(order.outSplitNo)}?${query}`;
      const answer = await client.ask({ method: 'GET', target });
      const asked = { ...order, receivers: [] };
      return { outcome: judgeSplit(answer, asked, 'query'), evidence: answer.evidence };
    },

    unfreeze: async (order) => {
      const value = {
        ...ofMerchant(order.channelMerchantNo),
        transaction_id: order.channelRef,
        out_order_no: order.outSplitNo,
        description: order.description,
      };
      const answer = await client.ask({ method: 'POST', target: `${base}/orders/unfreeze`, value });
      const asked = { ...order, receivers: [] };
      return { outcome: judgeSplit(answer, asked, 'instruction'), evidence: answer.evidence };
    },

    queryFrozen: async ({ channelRef }) => {
      const target = `${base}/transactions/${encodeURIComponent(channelRef)}/amounts`;
      const answer = await client.ask({ method: 'GET', target });
      const { evidence } = answer;
      if (answer.type !== 'said') return { outcome: unknown(answer.code), evidence };
      const said = answer.value;
      const isIt = wechatMessages.frozen.Check(said) && said.transaction_id === channelRef;
      return {
        outcome: isIt
          ? { type: 'frozen', amountFen: fen(said.unsplit_amount) }
          : unknown('order-mismatch'),
        evidence,
      };
    },
  };
}

const queryOf = (fields: Readonly<Record<string, string | undefined>>): string =>
  new URLSearchParams(
    Object.entries(fields).filter((pair): pair is [string, string] => pair[1] !== undefined),
  ).toString();

const subMerchantOf =
  (identity: WechatIdentity) =>
  (channelMerchantNo: string): { readonly sub_mchid?: string } =>
    identity.type === 'partner' ? { sub_mchid: channelMerchantNo } : {};

const addReceiverWith =
  (client: WechatClient, account: WechatAccount): SplitDesk['addReceiver'] =>
  async ({ channelMerchantNo, type, account: receiver, name }) => {
    const key = account.platformKeys.get(account.platformKeyId);
    assert(key !== undefined, () => 'no key for the platform key id that is configured');
    const value = {
      ...subMerchantOf(account.identity)(channelMerchantNo),
      appid: appidOf(account.identity),
      type: receiverTypes[type],
      account: receiver,
      name: encryptName(name, key),
      relation_type: type === 'merchant' ? 'SERVICE_PROVIDER' : 'USER',
    };
    const answer = await client.ask({ method: 'POST', target: `${base}/receivers/add`, value });
    const outcome = silentOr(answer, 'instruction', (said): MovedOutcome => {
      const isIt = wechatMessages.receiver.Check(said) && said.account === receiver;
      return isIt ? { type: 'done', ref: receiver } : unknown('order-mismatch');
    });
    return { outcome, evidence: answer.evidence };
  };

const removeReceiverWith =
  (client: WechatClient, identity: WechatIdentity): SplitDesk['removeReceiver'] =>
  async ({ channelMerchantNo, type, account: receiver }) => {
    const value = {
      ...subMerchantOf(identity)(channelMerchantNo),
      appid: appidOf(identity),
      type: receiverTypes[type],
      account: receiver,
    };
    const answer = await client.ask({ method: 'POST', target: `${base}/receivers/delete`, value });
    const { evidence } = answer;
    if (answer.type === 'refused' && wechatUnknownReceivers.has(answer.code))
      return { outcome: { type: 'not-known', code: answer.code }, evidence };
    const outcome = silentOr(answer, 'instruction', (said): MovedOutcome => {
      const isIt = wechatMessages.receiver.Check(said) && said.account === receiver;
      return isIt ? { type: 'done', ref: receiver } : unknown('order-mismatch');
    });
    return { outcome, evidence };
  };

/** Taking money back from receivers (分账回退). */
function returnDesk(
  client: WechatClient,
  identity: WechatIdentity,
): Pick<SplitDesk, 'takeBack' | 'queryTakeBack'> {
  const ofMerchant = subMerchantOf(identity);
  return {
    takeBack: async (request) => {
      const value = {
        ...ofMerchant(request.channelMerchantNo),
        out_order_no: request.outSplitNo,
        out_return_no: request.outReturnNo,
        return_mchid: request.fromAccount,
        amount: request.amountFen,
        description: request.description,
      };
      const answer = await client.ask({ method: 'POST', target: `${base}/return-orders`, value });
      return { outcome: judgeReturn(answer, request, 'instruction'), evidence: answer.evidence };
    },

    queryTakeBack: async (request) => {
      const query = queryOf({
        ...ofMerchant(request.channelMerchantNo),
        out_order_no: request.outSplitNo,
      });
      const target = `${base}/return-orders/${encodeURIComponent(request.outReturnNo)}?${query}`;
      const answer = await client.ask({ method: 'GET', target });
      return { outcome: judgeReturn(answer, request, 'query'), evidence: answer.evidence };
    },
  };
}

/**
 * Every receiver that was asked for must be in the answer with its amount; WeChat Pay may add the
 * merchant's rest.
 */
export function judgeSplit(
  answer: WechatAnswer,
  order: Pick<SplitOrder, 'channelRef' | 'outSplitNo' | 'receivers'>,
  asked: 'instruction' | 'query',
): SplitOutcome {
  return silentOr(answer, asked, (said): SplitOutcome => {
    if (!wechatMessages.split.Check(said)) return unknown('garbled-answer');
    const isIt =
      said.out_order_no === order.outSplitNo &&
      said.transaction_id === order.channelRef &&
      order.receivers.every((one) =>
        said.receivers.some((got) => got.account === one.account && got.amount === one.amountFen),
      );
    const shares = sharesOf(said);
    if (!isIt || shares === undefined) return unknown('order-mismatch');
    const isOpen = shares.some((share) => share.state === 'pending');
    if (said.state === 'FINISHED' && !isOpen) return { type: 'split', ref: said.order_id, shares };
    return said.state === 'PROCESSING' || said.state === 'FINISHED'
      ? { type: 'processing', ref: said.order_id, shares }
      : unknown('state-mismatch');
  });
}

const shareStates: Readonly<Record<string, SplitShare['state']>> = {
  PENDING: 'pending',
  SUCCESS: 'done',
  CLOSED: 'closed',
};

function sharesOf(split: WechatSplit): readonly SplitShare[] | undefined {
  const shares: SplitShare[] = [];
  for (const { account, amount, result, fail_reason: reason } of split.receivers) {
    const state = Object.hasOwn(shareStates, result) ? shareStates[result] : undefined;
    if (state === undefined) return undefined;
    shares.push({ account, amountFen: fen(amount), state, ...(reason ? { reason } : {}) });
  }
  return shares;
}

function judgeReturn(
  answer: WechatAnswer,
  request: SplitReturn,
  asked: 'instruction' | 'query',
): MovedOutcome {
  return silentOr(answer, asked, (said): MovedOutcome => {
    if (!wechatMessages.splitReturn.Check(said)) return unknown('garbled-answer');
    const isIt =
      said.out_order_no === request.outSplitNo &&
      said.out_return_no === request.outReturnNo &&
      said.return_mchid === request.fromAccount &&
      said.amount === request.amountFen;
    if (!isIt) return unknown('order-mismatch');
    if (said.result === 'SUCCESS') return { type: 'done', ref: said.return_id };
    if (said.result === 'PROCESSING') return { type: 'processing', ref: said.return_id };
    return said.result === 'FAILED'
      ? { type: 'declined', code: said.fail_reason ?? said.result }
      : unknown(said.result);
  });
}
