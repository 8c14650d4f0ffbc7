import type { Order } from '#shared/order/order.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { ReceiptState } from '#terminal/agent/printing/spool-view.ts';
import type { Screen } from '#terminal/ipc/state.ts';
import { changedTimeMs } from '#terminal/agent/business-time.ts';
import { pointsEstimateFen } from '#terminal/agent/checkout/points-estimate.ts';
import { openBoxCode, openChargeCode } from '#terminal/agent/checkout/charge/open-charge-code.ts';
import type { ChargeProgress } from '#terminal/agent/checkout/charge/followed-charges.ts';
import type { BoxProgress } from '#terminal/agent/checkout/box/followed-box-sale.ts';
import type { StoredOrder } from '#terminal/agent/journal/order-rows.ts';

/** What a screen says besides what the order itself says. */
export interface ScreenExtras {
  readonly receipt: ReceiptState;
  readonly progress: ChargeProgress | undefined;
  readonly boxProgress: BoxProgress | undefined;
  /** Wall time until which the held code is alive. */
  readonly heldUntilMs: number | undefined;
  readonly memberMask: string;
  readonly remainingOfflineFen: number;
  readonly memberRoom: { readonly remainingFen: number; readonly remainingCount: number };
  readonly promiseRoom: { readonly remainingFen: number; readonly remainingCount: number };
}

/** How long the cloud waits for the payer when it has not said so itself. */
const payerTimeMs = 60_000;

/** The screen of an order. `before` is its screen until now. undefined: this state has no screen of its own. */
export function screenOfOrder(
  stored: StoredOrder,
  extras: ScreenExtras,
  before: Screen | undefined,
): Screen | undefined {
  const { order, changedAtMs } = stored;
  const { orderId, amountFen, voucherFen } = order;
  const sale = { orderId, amountFen };
  const atMs = before && 'atMs' in before ? before.atMs : changedTimeMs(stored);
  const unpaid = { ...sale, atMs, receipt: extras.receipt };
  const sold = {
    ...unpaid,
    voucherFen,
    ...(order.couponFen === undefined ? {} : { couponFen: order.couponFen }),
    pointsEstimateFen: pointsEstimateFen(order),
  };
  switch (order.state) {
    case 'held':
      return {
        type: 'held',
        ...sale,
        wallet: walletOf(order),
        untilMs: extras.heldUntilMs ?? changedAtMs,
      };
    case 'submitting':
    case 'unknown':
    case 'cancel-wanted':
      return waiting(stored, extras, before);
    case 'paid':
      return { type: 'paid', ...sold, wallet: walletOf(order), ...memberOf(order) };
    case 'cash-recorded':
      return { type: 'cash', ...sold, ...cashOf(order) };
    case 'offline-accepted':
      return {
        type: 'offline-accepted',
        ...unpaid,
        memberMask: extras.memberMask,
        remainingOfflineFen: extras.remainingOfflineFen,
        memberRoom: extras.memberRoom,
      };
    case 'promised':
      return { type: 'promised', ...unpaid, ...promiseOf(order), ...extras.promiseRoom };
    case 'failed':
    case 'reversed':
    case 'paid-then-refunded':
    case 'manual':
    case 'voided':
      return {
        type: 'not-paid',
        orderId,
        amountFen,
        code: order.reason ?? wordsFor[order.state],
        atMs,
      };
    case 'pos-sent':
    case 'pos-unknown':
      return boxWaiting(stored, extras, before);
    case 'pos-paid':
      return { type: 'box-paid', ...sold, ...boxOf(order) };
    // These come long after the sale: the lists and the exceptions show them, the counter is elsewhere.
    case 'draft':
    case 'settled':
    case 'debit-failed':
    case 'duplicate':
    case 'promise-kept':
    case 'promise-broken':
      return undefined;
    default:
      return exhaustive(order.state);
  }
}

const wordsFor = {
  failed: 'charge-not-received',
  reversed: 'cancelled-by-cashier',
  'paid-then-refunded': 'paid-then-refunded',
  manual: 'proofs-contradict',
  voided: 'cancelled-by-cashier',
} as const;

function waiting(stored: StoredOrder, extras: ScreenExtras, before: Screen | undefined): Screen {
  const { order, changedAtMs } = stored;
  const same = before?.type === 'waiting' ? before : undefined;
  const sinceMs = same?.sinceMs ?? changedAtMs;
  const code = openChargeCode(extras.progress?.code ?? order.reason);
  return {
    type: 'waiting',
    orderId: order.orderId,
    amountFen: order.amountFen,
    wallet: walletOf(order),
    phase: phaseOf(order, extras.progress),
    sinceMs,
    deadlineMs: extras.progress?.deadlineMs ?? same?.deadlineMs ?? sinceMs + payerTimeMs,
    ...(code === undefined ? {} : { code }),
    secondScan: same?.secondScan ?? false,
  };
}

/** The sale is at the box, or in doubt there. */
function boxWaiting(
  { order, changedAtMs }: StoredOrder,
  { boxProgress }: ScreenExtras,
  before: Screen | undefined,
): Screen {
  const same = before?.type === 'box-waiting' ? before : undefined;
  const code = openBoxCode(boxProgress?.code ?? order.reason);
  return {
    type: 'box-waiting',
    orderId: order.orderId,
    amountFen: order.amountFen,
    voucherFen: order.voucherFen,
    phase: boxPhaseOf(order, boxProgress),
    sinceMs: same?.sinceMs ?? changedAtMs,
    sent: boxProgress?.sent ?? null,
    acknowledged: boxProgress?.acknowledged ?? null,
    answered: boxProgress?.answered ?? false,
    queryCount: boxProgress?.queryCount ?? 0,
    mayLeave: boxProgress?.mayLeave ?? false,
    ...(code === undefined ? {} : { code }),
    secondScan: same?.secondScan ?? false,
  };
}

function boxPhaseOf(order: Order, progress: BoxProgress | undefined) {
  if (progress?.cancelAsked) return 'cancelling';
  if (order.state === 'pos-unknown') return 'unknown';
  return progress?.acknowledged ? 'at-box' : 'sending';
}

const boxOf = ({ tender }: Order) =>
  tender?.type === 'box-pos'
    ? { method: tender.method ?? ('other' as const), boxRef: tender.boxRef ?? '' }
    : { method: 'other' as const, boxRef: '' };

function phaseOf(order: Order, progress: ChargeProgress | undefined) {
  if (order.state === 'cancel-wanted') return 'cancelling';
  if (progress?.waitingPayer) return 'waiting-payer';
  return order.state === 'unknown' ? 'unknown' : 'submitting';
}

const walletOf = (order: Order) =>
  order.tender?.type === 'wallet' ? order.tender.wallet : ('wechat' as const);

const memberOf = ({ namedMember: member }: Order) => (member === undefined ? {} : { member });

const promiseOf = ({ tender }: Order) =>
  tender?.type === 'promise'
    ? { kind: tender.kind, who: tender.who }
    : { kind: 'iou' as const, who: '' };

const cashOf = (order: Order) =>
  order.tender?.type === 'cash'
    ? { tenderedFen: order.tender.tenderedFen, changeFen: order.tender.changeFen }
    : { tenderedFen: order.amountFen, changeFen: order.amountFen };
