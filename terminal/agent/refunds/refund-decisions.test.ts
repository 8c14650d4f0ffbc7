import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import type { OrderRefund } from '#shared/order/order.ts';
import { err } from '#shared/result/result.ts';
import { decideOnRefund } from '#terminal/agent/refunds/refund-decisions.ts';
import type { CloudFailure } from '#terminal/agent/uplink/cloud-client.ts';

const orderId = 'ord_01M80FST80000000000000000A' as OrderId;
const refund = (state: OrderRefund['state']): OrderRefund => ({
  refundNo: 1,
  amountFen: fen(500),
  cashFen: fen(500),
  voucherFen: fen(0),
  how: 'channel',
  state,
  businessDate: '2026-11-23',
  cashier: '小王',
  reason: '',
  askedAtMs: 0,
});
const failure = (code: ErrorCode, sent: CloudFailure['sent']): CloudFailure => ({
  code,
  sent,
  status: sent === 'yes' ? 409 : undefined,
  retryAfterMs: undefined,
  expectedSeq: undefined,
});
const decide = (
  state: OrderRefund['state'],
  [code, sent]: readonly [ErrorCode, CloudFailure['sent']],
  isFirst: boolean,
) => {
  const { facts, isOver } = decideOnRefund(
    { orderId, refund: refund(state) },
    err(failure(code, sent)),
    { isFirst },
  );
  return { types: facts.map(({ type }) => type), isOver };
};

const failed = { types: ['refund.failed'], isOver: true };

describe('what an answer about an open refund means', () => {
  it.each(['refund-in-flight', 'refund-not-booked'] as const)(
    '%s is definite for the first copy, and never while an earlier one may still travel',
    (code) => {
      expect(decide('asked', [code, 'yes'], true)).toEqual(failed);
      expect(decide('asked', [code, 'yes'], false)).toEqual({
        types: ['refund.unknown'],
        isOver: false,
      });
      expect(decide('unknown', [code, 'yes'], false)).toEqual({ types: [], isOver: false });
    },
  );

  it.each(['idempotency-mismatch', 'refund-too-large', 'refund-not-possible'] as const)(
    '%s is definite at any time: no copy of it can go through later',
    (code) => {
      for (const isFirst of [true, false])
        expect(decide('unknown', [code, 'yes'], isFirst)).toEqual(failed);
    },
  );

  it('a line that was down proves nothing once something may have left', () => {
    expect(decide('asked', ['cloud-unreachable', 'no'], true)).toEqual(failed);
    expect(decide('unknown', ['cloud-unreachable', 'no'], false).isOver).toBe(false);
    for (const code of ['cloud-timeout', 'cloud-error'] as const)
      expect(decide('asked', [code, 'maybe'], true)).toEqual({
        types: ['refund.unknown'],
        isOver: false,
      });
  });

  it('sent away at the door for the moment: asked again', () => {
    expect(decide('asked', ['cloud-busy', 'yes'], true).isOver).toBe(false);
  });
});
