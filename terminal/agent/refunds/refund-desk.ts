import { newId, type OrderId } from '#shared/ids/ids.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { fen } from '#shared/money/fen.ts';
import { nextRefund, type RefundRefused } from '#shared/order/refunds.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { businessDateSince } from '#shared/time/business-day.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import type { DeviceSet } from '#terminal/agent/devices/device-set.ts';
import { appendErrorCode, type Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { approvedBy, type Approval } from '#terminal/agent/owner/owner-desk.ts';
import { lastRefundSlip } from '#terminal/agent/printing/spool-view.ts';
import {
  createRefundRunner,
  type RefundRunnerDeps,
} from '#terminal/agent/refunds/refund-runner.ts';
import { receiptCopiesMax } from '#terminal/agent/tally/resolve-exception.ts';
import type { Link } from '#terminal/agent/uplink/link.ts';

/** Gives money back: by the channel that took it, out of the drawer, or at the box with its own slip. */
export interface RefundDesk {
  /** Answers the number of the refund; what becomes of it stands in the order. */
  readonly refund: (wanted: RefundWanted) => Result<{ readonly refundNo: number }, ErrorCode>;
  /** Queues another copy of a refund's slip. */
  readonly reprint: (slip: {
    readonly orderId: string;
    readonly refundNo: number;
  }) => Result<void, ErrorCode>;
  /** Takes up refunds whose outcome a former run left open. */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

export interface RefundWanted {
  readonly orderId: string;
  /** Gross part of the order's amount. */
  readonly amountFen: number;
  readonly reason: string;
  /** Asks for the owner's approval and uses it up. */
  readonly approve: () => Result<Approval, ErrorCode>;
}

export interface RefundDeskDeps extends Omit<RefundRunnerDeps, 'slipOf' | 'link'> {
  readonly journal: Journal;
  readonly link: Pick<Link, 'online' | 'onChange'>;
  readonly devices: Pick<DeviceSet, 'printer' | 'has'>;
  readonly clock: Clock;
  readonly businessClock: Clock;
  readonly random: Random;
  readonly cashier: string;
  readonly config: () => ConfigPayload | undefined;
}

const codes: Readonly<Record<RefundRefused['type'], ErrorCode>> = {
  'not-refundable': 'refund-not-possible',
  'refund-in-flight': 'refund-in-flight',
  'refund-too-large': 'refund-too-large',
  'refunds-exhausted': 'refunds-exhausted',
};

export function createRefundDesk(deps: RefundDeskDeps): RefundDesk {
  const { journal, devices } = deps;
  const job = (
    kind: 'drawer' | 'refund-slip',
    orderId: string,
    refundNo: number,
    copy = 1,
  ): EntryFact => ({
    type: 'print.queued',
    body: { jobId: newId('prt', deps), kind, orderId, copy, reason: String(refundNo) },
  });
  const slipOf = (orderId: OrderId, refundNo: number): readonly EntryFact[] =>
    devices.printer() ? [job('refund-slip', orderId, refundNo)] : [];
  const runner = createRefundRunner({ ...deps, slipOf });
  const append = (facts: readonly EntryFact[]): Result<void, ErrorCode> => {
    const kept = journal.append(facts);
    return kept.ok ? ok(undefined) : err(appendErrorCode(kept.error));
  };

  const refund: RefundDesk['refund'] = ({ orderId, amountFen, reason, approve }) => {
    const order = findOrder(journal.read, orderId as OrderId)?.order;
    if (!order) return err('order-not-found');
    const next = nextRefund(order, fen(amountFen));
    if (!next.ok) return err(codes[next.error.type]);
    const { refundNo, how, cashFen, voucherFen } = next.value;
    // Nobody may find a refund to a channel waiting in a queue: what cannot be asked now is refused now.
    if (how === 'channel' && !deps.link.online()) return err('refund-needs-network');
    const approved = approve();
    if (!approved.ok) return approved;
    const asked: EntryFact = {
      type: 'refund.asked',
      body: {
        ...approvedBy(approved.value),
        orderId,
        refundNo,
        amountFen,
        how,
        businessDate: businessDateSince(order.businessDate, {
          atMs: deps.businessClock.nowMs(),
          cutOverHour: deps.config()?.cutOverHour ?? 0,
        }),
        cashier: deps.cashier,
        reason: reason.trim(),
      },
    };
    // Durable before the drawer opens, and before the first byte leaves.
    if (how === 'channel') {
      const kept = append([asked]);
      if (kept.ok) runner.send(order.orderId);
      return kept.ok ? ok({ refundNo }) : kept;
    }
    const opensDrawer = how === 'cash' && devices.printer() !== undefined && devices.has('drawer');
    const kept = append([
      asked,
      { type: 'refund.done', body: { orderId, refundNo, cashFen, voucherFen } },
      ...(opensDrawer ? [job('drawer', orderId, refundNo)] : []),
      ...slipOf(order.orderId, refundNo),
    ]);
    return kept.ok ? ok({ refundNo }) : kept;
  };

  const reprint: RefundDesk['reprint'] = ({ orderId, refundNo }) => {
    const order = findOrder(journal.read, orderId as OrderId)?.order;
    if (!order) return err('order-not-found');
    if (order.refunds?.[refundNo - 1]?.state !== 'done') return err('refund-not-possible');
    if (!devices.printer()) return err('printer-missing');
    const copy = (lastRefundSlip(journal.read, { orderId, refundNo })?.copy ?? 0) + 1;
    if (copy > receiptCopiesMax) return err('print-copies-used');
    return append([job('refund-slip', orderId, refundNo, copy)]);
  };

  return { refund, reprint, start: runner.resume, stop: runner.stop };
}
