import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { createChannelSimulator } from '#cloud/channel-simulator/channel-simulator.ts';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import { ruleOfChannelCode } from '#cloud/channel/channel-codes.ts';
import { maskCodes } from '#cloud/channel/channel-exchange.ts';
import { aggregatorCodes } from '#cloud/payments/channels/aggregator/codes.ts';
import { registerChannelContract } from '#cloud/payments/channels/register-channel-contract.ts';
import {
  judgeCharge,
  judgeQuery,
  judgeRefund,
  judgeReverse,
} from '#cloud/payments/channels/aggregator/judge.ts';
import { createAggregatorChannel } from '#cloud/payments/channels/aggregator/aggregator-channel.ts';
import { simulatedEnd } from '#cloud/payments/channels/testing/simulated-rig.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';

for (const wallet of ['wechat', 'alipay', 'unionpay'] as const)
  registerChannelContract(`a licensed aggregator, wallet ${wallet}`, async () => {
    const clock = createManualClock(1_790_000_000_000);
    const keys = sandboxKeysFromSeed('contract');
    const simulator = await createChannelSimulator({
      port: 0,
      seed: 'contract',
      clock,
      channelPrivateKey: keys.channelPrivateKey,
      apps: new Map([['app', keys.appPublicKey]]),
    });
    return {
      ...simulatedEnd({ wallet, simulator, clock }),
      channel: createAggregatorChannel({
        baseUrl: simulator.baseUrl,
        appId: 'app',
        appPrivateKey: keys.appPrivateKey,
        channelPublicKey: keys.channelPublicKey,
        clock,
        random: createSystemRandom(),
        readTimeoutMs: 5_000,
        face: wallet,
      }),
      channelMerchantNo: '1900000109',
    };
  });

const order = { channelMerchantNo: '1900000109', outTradeNo: 'ORDER001', netFen: fen(500) };
const paidAnswer = {
  code: 'SUCCESS',
  message: 'ok',
  merchantNo: '1900000109',
  outTradeNo: 'ORDER001',
  amountFen: 500,
  state: 'SUCCESS',
  transactionId: '42',
  paidAtMs: 1,
} as const;

describe('what counts as paid', () => {
  it('everything agrees', () => {
    expect(judgeCharge(paidAnswer, order).type).toBe('paid');
    expect(judgeQuery(paidAnswer, order).type).toBe('paid');
  });

  it.each([
    ['another amount', { amountFen: 499 }],
    ['no amount', { amountFen: undefined as never }],
    ['another merchant', { merchantNo: '1900000110' }],
    ['another order', { outTradeNo: 'ORDER002' }],
    ['no transaction number', { transactionId: undefined as never }],
    ['no time', { paidAtMs: undefined as never }],
    ['another state', { state: 'USERPAYING' as const }],
  ])('%s: not paid', (_what, change) => {
    const answer = { ...paidAnswer, ...change };
    expect(judgeCharge(answer, order).type).toBe('unknown');
    expect(judgeQuery(answer, order).type).not.toBe('paid');
  });

  it('a refund in part is neither refunded nor paid', () => {
    const answer = { ...paidAnswer, state: 'REFUND' as const, refundedFen: 499 };
    expect(judgeQuery(answer, order)).toEqual({ type: 'unknown', code: 'refunded-in-part' });
    expect(judgeReverse(answer, order).type).toBe('unknown');
  });
});

describe('a refund counts only as itself', () => {
  const refund = { ...order, outRefundNo: 'REFUND01', refundFen: fen(100) };
  const answer = {
    ...paidAnswer,
    state: 'REFUND' as const,
    refundedFen: 300,
    outRefundNo: 'REFUND01',
    refundFen: 100,
  };

  it('everything agrees', () => {
    expect(judgeRefund(answer, refund).type).toBe('refunded');
  });

  it.each([
    ['another refund of the same order', { outRefundNo: 'REFUND02' }],
    ['no number', { outRefundNo: undefined as never }],
    ['another amount', { refundFen: 200 }],
    ['another order', { outTradeNo: 'ORDER002' }],
    ['another state', { state: 'SUCCESS' as const }],
  ])('%s: nothing follows', (_what, change) => {
    expect(judgeRefund({ ...answer, ...change }, refund).type).toBe('unknown');
  });
});

describe('the table of codes', () => {
  it('a code that is not in it is unknown, also one named like a property of every object', () => {
    for (const code of ['SOMETHING_NEW', 'constructor', 'toString', ''])
      expect(ruleOfChannelCode(aggregatorCodes, code).outcome).toBe('unknown');
  });
});

it('masks every run of 16 to 24 digits, and nothing else', () => {
  expect(maskCodes('a 134567890123456789 b')).toBe('a ****6789 b');
  expect(maskCodes('420000000012345678901234567890')).toBe('420000000012345678901234567890');
  expect(maskCodes('123456789012345')).toBe('123456789012345');
});
