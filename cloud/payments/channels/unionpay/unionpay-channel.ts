import { ruleOfChannelCode } from '#cloud/channel/channel-codes.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import type { ChargeOutcome } from '#cloud/channel/channel-exchange.ts';
import type { ChannelProfile } from '#cloud/channel/channel-profile.ts';
import { createUnionpayBills } from '#cloud/payments/channels/unionpay/bill.ts';
import { createUnionpayClient } from '#cloud/payments/channels/unionpay/client.ts';
import { unionpayCodes } from '#cloud/payments/channels/unionpay/codes.ts';
import type { UnionpayOptions } from '#cloud/payments/channels/unionpay/config.ts';
import { bothOf, createUnionpayDesk, txnTimeOf } from '#cloud/payments/channels/unionpay/desk.ts';
import { chargeState, transactionOf, type Found } from '#cloud/payments/channels/unionpay/judge.ts';
import { createUnionpayNotify } from '#cloud/payments/channels/unionpay/notify.ts';
import { createUnionpayRefunds } from '#cloud/payments/channels/unionpay/refund.ts';
import {
  createUnionpayQuery,
  createUnionpayReverse,
} from '#cloud/payments/channels/unionpay/reverse.ts';
import { neverSent, unknown } from '#cloud/payments/channels/wire/evidence.ts';

const dayMs = 86_400_000;

const profile: ChannelProfile = {
  kind: 'unionpay',
  wallets: ['unionpay'],
  abilities: ['bill', 'notify', 'query-refund'],
  codes: unionpayCodes,
  limits: {
    reverseNotBeforeMs: 0,
    // Until UnionPay's day turns at 23:00, so at most one day.
    reverseWindowMs: dayMs,
    refundWindowMs: 330 * dayMs,
    refundsPerOrderMax: 50,
    queryHidesRefunds: true,
  },
};

/**
 * UnionPay QR, the customer's code scanned (全渠道 二维码被扫, version 5.1.0, 01/06). respCode 00
 * is "accepted": the charge is asked about at once, and by the payment machine afterwards until it
 * is definite. Source: UnionPay's public demo of 2017-02 (api_16_qrc); see docs/payments.md for
 * what is still an assumption.
 */
export function createUnionpayChannel(options: UnionpayOptions): Channel {
  const { account, clock } = options;
  const client = createUnionpayClient(options);
  const desk = createUnionpayDesk(client, account);
  const query = createUnionpayQuery(desk);
  return {
    profile,
    charge: async (order) => {
      const asked = transactionOf(order, txnTimeOf(order));
      const answer = await desk.send(asked, {
        txnType: '01',
        txnSubType: '06',
        qrNo: order.authCode,
        termId: account.termId,
      });
      const { evidence } = answer;
      if (answer.type === 'none') return { outcome: neverSent(answer.code), evidence };
      const code = answer.fields['respCode'] ?? '';
      const { outcome } = ruleOfChannelCode(unionpayCodes, code);
      if (outcome === 'failed') return { outcome: { type: 'failed', code }, evidence };
      if (outcome !== 'paying') return { outcome: unknown(code), evidence };
      const looked = await desk.find(asked);
      return {
        outcome: afterAccepted(looked.found),
        evidence: bothOf(evidence, looked.evidence),
      };
    },
    query,
    reverse: createUnionpayReverse({ desk, clock, query }),
    ...createUnionpayRefunds(desk),
    bills: createUnionpayBills(client, options),
    notify: createUnionpayNotify(options),
  };
}

/** Accepted and not there yet is a charge in progress; accepted and failed is final. */
function afterAccepted(found: Found): ChargeOutcome {
  if (found.type === 'failed') return { type: 'failed', code: found.code };
  const state = chargeState(found);
  if (state.type === 'paid' || state.type === 'paying' || state.type === 'unknown') return state;
  return unknown(found.type === 'not-found' ? found.code : 'state-mismatch');
}
