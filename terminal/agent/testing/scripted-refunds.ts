import { fen } from '#shared/money/fen.ts';
import { refundSplit } from '#shared/points/refund/refund.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { Refund, RefundRequest } from '#shared/wire/v1/refunds.ts';
import { problem, type ScriptedAnswer } from '#terminal/agent/testing/scripted-answer.ts';

/** What the next refunds become; with `afterAsks` nobody knows for so many answers. */
export interface RefundScript {
  readonly status?: Refund['status'];
  readonly afterAsks?: number;
  readonly refuse?: string;
}

/** The refunds of the scripted cloud: each number of an order once, by the parts that the rule says. */
export function createScriptedRefunds(charges: readonly ChargeRequest[]) {
  const refunds = new Map<string, Refund>();
  const bodies: RefundRequest[] = [];
  let script: RefundScript = {};
  let asksLeft = 0;

  return {
    /** Every refund request that arrived, in order. */
    bodies,
    /** Every refund that was begun, each once. */
    begun: (): readonly Refund[] => [...refunds.values()],
    take: (orderId: string, request: RefundRequest): ScriptedAnswer => {
      bodies.push(request);
      const key = `${orderId}/${request.refundNo}`;
      const before = refunds.get(key);
      if (before === undefined) {
        if (script.refuse !== undefined) return problem(422, script.refuse);
        const order = charges.find((charge) => charge.orderId === orderId);
        if (order === undefined) return problem(404, 'order-not-found');
        asksLeft = script.afterAsks ?? 0;
        refunds.set(key, fresh(order, request, [...refunds.values()]));
      }
      const refund = refunds.get(key)!;
      if (asksLeft > 0) asksLeft -= 1;
      else if (refund.status === 'refunding') refunds.set(key, end(refund, script));
      return { status: 200, body: refunds.get(key)! };
    },
    script: (next: RefundScript): void => {
      script = next;
    },
  };
}

function fresh(order: ChargeRequest, request: RefundRequest, all: readonly Refund[]): Refund {
  const refundedFen = all
    .filter(({ orderId, status }) => orderId === order.orderId && status === 'done')
    .reduce((sum, { amountFen }) => sum + amountFen, 0);
  const terms = { amountFen: fen(order.amountFen), voucherFen: fen(order.voucherFen) };
  const part = { refundedFen: fen(refundedFen), partFen: fen(request.amountFen) };
  const { refundNo, amountFen } = request;
  return {
    orderId: order.orderId,
    refundNo,
    status: 'refunding',
    amountFen,
    ...refundSplit(terms, part),
    code: 'refund-unknown',
  };
}

function end(refund: Refund, { status = 'done' }: RefundScript): Refund {
  if (status === 'failed') return { ...refund, status, code: 'refund-failed' };
  const ended: Refund = { ...refund, status, concessionFen: 10, points: 10 };
  delete ended.code;
  return ended;
}
