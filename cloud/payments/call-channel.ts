import { assert } from '#shared/result/assert.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { applyLearned, tellOthers } from '#cloud/payments/apply-learned.ts';
import type { Attempt } from '#cloud/payments/attempt.ts';
import { recordCall, type CallKind } from '#cloud/payments/call-store.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { maskCodes, type CallEvidence, type ChargeOrder } from '#cloud/channel/channel-exchange.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import type { Learned } from '#cloud/payments/payment-machine.ts';
import { takePayment } from '#cloud/payments/take-payment.ts';

/**
 * What to ask of a channel. Only the first call of a charge carries the payment code, in memory.
 */
export type ChannelCall =
  | { readonly type: 'charge'; readonly authCode: string; readonly wallet: ChargeOrder['wallet'] }
  | { readonly type: 'withhold' }
  | { readonly type: 'query' }
  | { readonly type: 'reverse' }
  | { readonly type: 'refund' };

/**
 * One call: its record first, then the bytes, then the answer into the books. `callNo` is given
 * when the record was written together with the attempt.
 */
export async function callChannel(
  deps: PaymentDeps,
  attempt: Attempt,
  call: ChannelCall & { readonly callNo?: number },
): Promise<Attempt | undefined> {
  const channel = deps.channels.get(attempt.channel);
  assert(channel !== undefined, () => `no adapter for channel ${attempt.channel}`);
  const kind: CallKind = call.type;
  const nowMs = deps.clock.nowMs();
  const callNo = call.callNo ?? (await recordCall(deps.db, attempt, { kind, nowMs }));
  const sentMs = deps.clock.monotonicMs();
  const { learned, evidence } = await ask(channel, attempt, call);
  const latencyMs = Math.max(0, deps.clock.monotonicMs() - sentMs);
  const rawAnswer =
    call.type === 'charge'
      ? evidence.rawAnswer.replaceAll(call.authCode, maskCodes(call.authCode))
      : evidence.rawAnswer;
  const answer = { learned, callNo, evidence: { ...evidence, rawAnswer }, latencyMs };
  const paid = await takePayment(deps, attempt, answer);
  if (paid === undefined) return await applyLearned(deps, attempt, answer);
  tellOthers(deps, paid, answer);
  await deps.bookings.paid(paid);
  return paid;
}

interface Taught {
  readonly learned: Learned;
  readonly evidence: CallEvidence;
}

async function ask(channel: Channel, attempt: Attempt, call: ChannelCall): Promise<Taught> {
  const { channelMerchantNo, outTradeNo, netFen, openedAtMs, terminalId, memberId } = attempt;
  const { subsidyMarkFen: subsidyFen } = attempt;
  const order = { channelMerchantNo, outTradeNo, netFen, openedAtMs };
  switch (call.type) {
    case 'charge': {
      const { wallet, authCode } = call;
      const marked = subsidyFen === undefined ? {} : { subsidyFen };
      const charged = await channel.charge({ ...order, ...marked, wallet, authCode, terminalId });
      return taught({ from: 'charge', outcome: charged.outcome }, charged);
    }
    case 'withhold': {
      assert(memberId !== undefined, () => `withholding without a member: ${attempt.orderId}`);
      assert(channel.withhold !== undefined, () => `${attempt.channel} debits no member`);
      const withheld = await channel.withhold({ ...order, memberId });
      return taught({ from: 'charge', outcome: withheld.outcome }, withheld);
    }
    case 'query': {
      const queried = await channel.query(order);
      return taught({ from: 'query', outcome: queried.outcome }, queried);
    }
    case 'reverse': {
      const reversed = await channel.reverse(order);
      return taught({ from: 'reverse', outcome: reversed.outcome }, reversed);
    }
    case 'refund': {
      const refunded = await channel.refund({
        ...order,
        outRefundNo: `${outTradeNo}R1`,
        refundFen: netFen,
      });
      return taught({ from: 'refund', outcome: refunded.outcome }, refunded);
    }
    default:
      return exhaustive(call);
  }
}

const taught = (learned: Learned, { evidence }: { readonly evidence: CallEvidence }): Taught => ({
  learned,
  evidence,
});
