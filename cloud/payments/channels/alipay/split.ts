import { fen, type Fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import type {
  MovedOutcome,
  PaidOrder,
  SplitDesk,
  SplitOutcome,
  SplitReceiver,
  SplitRelation,
  SplitReturn,
  SplitShare,
} from '#cloud/channel/channel-money.ts';
import type { AlipayAnswer, AlipayClient } from '#cloud/payments/channels/alipay/client.ts';
import { silentOr } from '#cloud/payments/channels/alipay/judge-money.ts';
import {
  alipayMessages,
  type AlipaySettleQuery,
} from '#cloud/payments/channels/alipay/messages.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';
import { fenOfYuan, yuanText } from '#cloud/payments/channels/wire/yuan.ts';

const settle = 'alipay.trade.order.settle';

type Ask = (method: string, channelMerchantNo: string, value: object) => Promise<AlipayAnswer>;

/**
 * Splitting of paid orders (分账), synchronous: all receivers or none. ACQ.SYSTEM_ERROR and
 * ACQ.TRADE_SETTLE_ERROR leave it open; the same number with the same content may be asked for
 * again. Whoever receives is bound first. Source: opendocs.alipay.com, alipay.trade.order.settle;
 * taking back without a refund: by way of `refund_royalty_parameters` alone.
 */
export function createAlipaySplits(client: AlipayClient): SplitDesk {
  const ask: Ask = (method, channelMerchantNo, value) =>
    client.ask({ method, channelMerchantNo, value });
  const querySplit = async (
    order: PaidOrder & { readonly outSplitNo: string },
    receivers: readonly SplitReceiver[],
  ) => {
    const value = { out_request_no: order.outSplitNo, trade_no: order.channelRef };
    const answer = await ask(`${settle}.query`, order.channelMerchantNo, value);
    return { outcome: judgeSettled(answer, { ...order, receivers }), evidence: answer.evidence };
  };
  const split: SplitDesk['split'] = async (order) => {
    const value = {
      out_request_no: order.outSplitNo,
      trade_no: order.channelRef,
      royalty_mode: 'sync',
      ...(order.receivers.length === 0
        ? {}
        : {
            royalty_parameters: order.receivers.map((one) => ({
              royalty_type: 'transfer',
              trans_in_type: 'userId',
              trans_in: one.account,
              amount: yuanText(one.amountFen),
              desc: one.description,
            })),
          }),
      extend_params: { royalty_finish: order.releasesRest ? 'true' : 'false' },
    };
    const answer = await ask(settle, order.channelMerchantNo, value);
    const outcome = silentOr(answer, 'instruction', (said): SplitOutcome => {
      const isIt = alipayMessages.settle.Check(said) && said.trade_no === order.channelRef;
      if (!isIt) return unknown('order-mismatch');
      const shares = order.receivers.map(({ account, amountFen }): SplitShare => ({
        account,
        amountFen,
        state: 'done',
      }));
      return { type: 'split', ref: said.settle_no, shares };
    });
    return { outcome, evidence: answer.evidence };
  };
  return {
    split,
    querySplit: (order) => querySplit(order, []),
    unfreeze: ({ description: _description, ...order }) =>
      split({ ...order, receivers: [], releasesRest: true }),

    ...relationDesk(ask),
    ...createTakingBack(ask),
    queryFrozen: frozenQuery(ask),
  };
}

/** A number stands for one request: a relation that is made again, or ended again, has a new one. */
function relationDesk(ask: Ask): Pick<SplitDesk, 'addReceiver' | 'removeReceiver'> {
  const relate = async (
    word: 'bind' | 'unbind',
    { channelMerchantNo, account, round, name }: SplitRelation & { readonly name?: string },
  ) => {
    const value = {
      receiver_list: [{ type: 'userId', account, ...(name === undefined ? {} : { name }) }],
      out_request_no: `${word}${account}${round === 0 ? '' : `r${round}`}`,
    };
    const answer = await ask(`alipay.trade.royalty.relation.${word}`, channelMerchantNo, value);
    const outcome = silentOr(answer, 'instruction', (said): MovedOutcome => {
      const isIt = alipayMessages.result.Check(said) && said.result_code === 'SUCCESS';
      return isIt ? { type: 'done', ref: account } : unknown('state-mismatch');
    });
    return { outcome, evidence: answer.evidence };
  };
  return {
    addReceiver: (receiver) => relate('bind', receiver),
    removeReceiver: (receiver) => relate('unbind', receiver),
  };
}

/** Taking back what receivers got: a refund of their parts alone. */
const createTakingBack = (ask: Ask): Pick<SplitDesk, 'takeBack' | 'queryTakeBack'> => ({
  takeBack: async (request) => {
    const value = {
      trade_no: paymentOf(request),
      out_request_no: request.outReturnNo,
      refund_royalty_parameters: [
        {
          royalty_type: 'transfer',
          trans_out_type: 'userId',
          trans_out: request.fromAccount,
          amount: yuanText(request.amountFen),
          desc: request.description,
        },
      ],
    };
    const answer = await ask('alipay.trade.refund', request.channelMerchantNo, value);
    const outcome = silentOr(answer, 'instruction', (said): MovedOutcome => {
      const isIt = alipayMessages.splitRefund.Check(said) && said.trade_no === value.trade_no;
      return isIt ? { type: 'done', ref: request.outReturnNo } : unknown('order-mismatch');
    });
    return { outcome, evidence: answer.evidence };
  },

  queryTakeBack: async (request) => {
    const value = { out_request_no: request.outReturnNo, trade_no: paymentOf(request) };
    const answer = await ask(`${settle}.query`, request.channelMerchantNo, value);
    return { outcome: judgeTakenBack(answer, request), evidence: answer.evidence };
  },
});

const frozenQuery =
  (ask: Ask): SplitDesk['queryFrozen'] =>
  async ({ channelMerchantNo, channelRef }) => {
    const method = 'alipay.trade.order.onsettle.query';
    const answer = await ask(method, channelMerchantNo, { trade_no: channelRef });
    const { evidence } = answer;
    if (answer.type !== 'said') return { outcome: unknown(answer.code), evidence };
    const said = answer.value;
    const amountFen = alipayMessages.unsettled.Check(said)
      ? fenOfYuan(said.unsettled_amount)
      : undefined;
    return {
      outcome: amountFen === undefined ? unknown('garbled-answer') : { type: 'frozen', amountFen },
      evidence,
    };
  };

function paymentOf({ channelRef }: SplitReturn): string {
  assert(channelRef !== undefined, () => 'Alipay takes back by the number of the payment');
  return channelRef;
}

function judgeSettled(
  answer: AlipayAnswer,
  order: PaidOrder & {
    readonly outSplitNo: string;
    readonly receivers: readonly SplitReceiver[];
  },
): SplitOutcome {
  return silentOr(answer, 'query', (said): SplitOutcome => {
    if (!alipayMessages.settleQuery.Check(said)) return unknown('garbled-answer');
    const shares = sharesOf(said);
    if (said.out_request_no !== order.outSplitNo || shares === undefined)
      return unknown('order-mismatch');
    const isOpen = shares.some((share) => share.state === 'pending');
    return { type: isOpen ? 'processing' : 'split', ref: said.out_request_no, shares };
  });
}

const shareStates: Readonly<Record<string, SplitShare['state']>> = {
  PROCESSING: 'pending',
  SUCCESS: 'done',
  FAIL: 'closed',
};

function sharesOf(said: AlipaySettleQuery): readonly SplitShare[] | undefined {
  const shares: SplitShare[] = [];
  for (const one of said.royalty_detail_list ?? []) {
    if (one.operation_type !== 'transfer') continue;
    const state = Object.hasOwn(shareStates, one.state) ? shareStates[one.state] : undefined;
    const amountFen = fenOfYuan(one.amount);
    if (state === undefined || amountFen === undefined || one.trans_in === undefined)
      return undefined;
    const reason = one.error_code === undefined ? {} : { reason: one.error_code };
    shares.push({ account: one.trans_in, amountFen, state, ...reason });
  }
  return shares;
}

function judgeTakenBack(answer: AlipayAnswer, request: SplitReturn): MovedOutcome {
  return silentOr(answer, 'query', (said): MovedOutcome => {
    if (!alipayMessages.settleQuery.Check(said)) return unknown('garbled-answer');
    if (said.out_request_no !== request.outReturnNo) return unknown('order-mismatch');
    const rows = (said.royalty_detail_list ?? []).filter(
      (one) => one.operation_type === 'transfer_refund' && one.trans_out === request.fromAccount,
    );
    const [first] = rows;
    if (first === undefined || sumOf(rows) !== request.amountFen) return unknown('order-mismatch');
    if (rows.every((one) => one.state === 'SUCCESS'))
      return { type: 'done', ref: first.detail_id ?? request.outReturnNo };
    return rows.every((one) => one.state === 'FAIL')
      ? { type: 'declined', code: first.error_code ?? first.state }
      : { type: 'processing', ref: request.outReturnNo };
  });
}

const sumOf = (rows: readonly { readonly amount: string | number }[]): Fen =>
  fen(rows.reduce((sum, one) => sum + (fenOfYuan(one.amount) ?? Number.NaN), 0));
