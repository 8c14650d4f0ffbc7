import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { BoxLateOutcome } from '#drivers/ecr/box-pos.ts';
import { err, ok } from '#shared/result/result.ts';
import type { Scan } from '#shared/scan/scan.ts';
import { cancelSale } from '#terminal/agent/checkout/actions/cancel-sale.ts';
import {
  couponOffFen,
  isWaiting,
  type Till,
  type TillInput,
} from '#terminal/agent/checkout/checkout-machine.ts';
import {
  createCounter,
  type Counter,
  type CounterDeps,
  type Outcome,
} from '#terminal/agent/checkout/counter.ts';
import { decideBoxSale, type BoxSlip } from '#terminal/agent/checkout/actions/decide-box-sale.ts';
import { breakPromise, keepPromise } from '#terminal/agent/checkout/actions/end-promise.ts';
import type { MemberWanted } from '#terminal/agent/checkout/member-desk.ts';
import { dropCoupon } from '#terminal/agent/checkout/actions/scan-coupon.ts';
import { scanAtCounter } from '#terminal/agent/checkout/actions/scan-desk.ts';
import { setMember } from '#terminal/agent/checkout/actions/set-member.ts';
import { createTurn } from '#terminal/agent/checkout/turn.ts';
import { payByBox } from '#terminal/agent/checkout/actions/pay-by-box.ts';
import { payPromise, type PromiseAsked } from '#terminal/agent/checkout/actions/pay-promise.ts';
import { payCash } from '#terminal/agent/checkout/actions/pay-cash.ts';
import { ordersIn } from '#terminal/agent/journal/order-rows.ts';
import type { TillState } from '#terminal/ipc/state.ts';

/** The shell around the till: reads clocks, asks the cloud, writes the journal, and shows what follows from it. */
export interface Checkout extends Pick<Counter, 'alongside'> {
  readonly state: () => TillState;
  readonly onChange: (listener: (state: TillState) => void) => void;
  /** Names the sale on screen with what it comes to: another text, another sale. */
  readonly saleOnScreen: () => string;
  readonly setAmount: (amountFen: number) => Outcome;
  /** A code from a scanner or a window. What cannot be used becomes a notice, never an error. */
  readonly scan: (scan: Scan) => Promise<void>;
  /** A scanner sent something that is no text. */
  readonly scanUnreadable: (code: ErrorCode) => void;
  readonly payCash: (tenderedFen: number) => Promise<Outcome>;
  readonly payBox: () => Promise<Outcome>;
  /** Lets the goods go on a promise, see {@link payPromise}. */
  readonly payPromise: (asked: PromiseAsked) => Promise<Outcome>;
  readonly keepPromise: (kept: Parameters<typeof keepPromise>[1]) => Outcome;
  readonly breakPromise: (broken: Parameters<typeof breakPromise>[1]) => Outcome;
  /** The box POS came, went, or went a step further with a sale. */
  readonly boxChanged: () => void;
  readonly heardLateFromBox: (late: BoxLateOutcome) => void;
  /** A person read the box's slips, see {@link decideBoxSale}. */
  readonly decideBox: (decision: BoxSlip) => Outcome;
  readonly cancel: () => Outcome;
  readonly queryNow: () => Outcome;
  readonly dismiss: () => Outcome;
  readonly attachMember: (wanted: MemberWanted) => Promise<Outcome>;
  readonly detachMember: () => Outcome;
  readonly useVoucher: (use: boolean) => Outcome;
  /** Goods that were scanned leave the sale: the line of this number, or all. */
  readonly dropLines: (no: number | undefined) => Outcome;
  /** The sale goes on without its partner coupon. */
  readonly dropCoupon: () => Outcome;
  /** Takes up what a former run left: open attempts are asked about, held codes are gone. */
  readonly start: () => void;
  /** The configuration changed: estimates may read differently. */
  readonly refresh: () => void;
  /** A receipt went a step further. */
  readonly receiptChanged: () => void;
  readonly stop: () => Promise<void>;
}

export function createCheckout(deps: CounterDeps): Checkout {
  const counter = createCounter(deps);
  const { screen, held, runner, boxRunner } = counter;
  const turn = createTurn();

  deps.journal.onAppended((entries) => {
    const { orderId } = screen.till();
    if (orderId !== undefined && entries.some(({ body }) => body.includes(orderId)))
      screen.showAgain();
  });
  deps.link.onChange((online) => {
    if (online) held.charge();
  });

  return {
    state: screen.state,
    onChange: screen.onChange,
    saleOnScreen: () => saleOf(screen.till()),
    alongside: counter.alongside,
    setAmount: (amountFen) =>
      turn.isTaken()
        ? err('result-not-known')
        : changePrice(counter, { type: 'amount-set', amountFen }),
    dropLines: (no) =>
      turn.isTaken()
        ? err('result-not-known')
        : changePrice(counter, { type: 'lines-dropped', no }),
    scan: (scan) => scanAtCounter(counter, turn, scan),
    scanUnreadable: screen.notice,
    payCash: (tenderedFen) => turn.take(() => payCash(counter, tenderedFen)),
    payBox: () => turn.take(() => payByBox(counter)),
    payPromise: (asked) => turn.take(() => payPromise(counter, asked)),
    keepPromise: (kept) => keepPromise(counter, kept),
    breakPromise: (broken) => breakPromise(counter, broken),
    decideBox: (slip) => decideBoxSale(counter, slip),
    boxChanged: boxRunner.boxChanged,
    heardLateFromBox: boxRunner.heardLate,
    cancel: () => cancelSale(counter),
    queryNow: () => queryNow(counter),
    dismiss: () => dismiss(counter),
    attachMember: (wanted) => turn.take(() => attachMember(counter, wanted)),
    detachMember: () => screen.step({ type: 'member-set', member: null }),
    dropCoupon: () => (turn.isTaken() ? err('result-not-known') : dropCoupon(counter)),
    useVoucher: (use) => screen.step({ type: 'voucher-use-set', use }),
    start: () => takeUp(counter),
    refresh: screen.refresh,
    receiptChanged: screen.showAgain,
    stop: async () => {
      held.stop();
      await Promise.all([runner.stop(), boxRunner.stop()]);
    },
  };
}

const saleOf = ({ orderId, draft }: Till): string =>
  JSON.stringify([
    orderId,
    draft.amountFen - couponOffFen(draft),
    draft.member?.memberId,
    draft.useVoucher,
  ]);

/** A new sale has no coupon: the one of the sale before is good again. */
function changePrice(
  { screen, coupons }: Counter,
  input: Extract<TillInput, { type: 'amount-set' | 'lines-dropped' }>,
): Outcome {
  const hadCoupon = screen.till().draft.coupon !== null;
  const set = screen.step(input);
  if (set.ok && hadCoupon && screen.till().draft.coupon === null) void coupons.giveBack();
  return set;
}

function queryNow({ screen, runner, boxRunner }: Counter): Outcome {
  const till = screen.till();
  if (!isWaiting(till) || !till.orderId) return err('nothing-in-flight');
  if (till.screen.type === 'box-waiting') boxRunner.askNow(till.orderId);
  else runner.askNow(till.orderId);
  return ok(undefined);
}

/** Leaves the result; a sale that was not paid lets go of its vouchers. */
function dismiss({ screen, link, holds }: Counter): Outcome {
  const wasNotPaid = screen.till().screen.type === 'not-paid';
  const dismissed = screen.step({ type: 'dismissed', online: link.online() });
  if (dismissed.ok && wasNotPaid) void holds.giveBack();
  return dismissed;
}

async function attachMember(counter: Counter, wanted: MemberWanted): Promise<Outcome> {
  if (!counter.link.online()) return err('needs-network');
  const member = await counter.desk.byPhone(wanted);
  return member.ok ? setMember(counter, member.value) : member;
}

/** Orders of which nobody knows whether money was taken. */
const openStates = ['submitting', 'unknown', 'cancel-wanted', 'pos-sent', 'pos-unknown'] as const;

/** What a former run left: codes that were held are gone with it, open attempts are asked about. */
function takeUp({ journal, append, held, screen, runner, boxRunner }: Counter): void {
  for (const { order } of ordersIn(journal.read, ['held'])) held.expire(order.orderId);
  for (const { order } of ordersIn(journal.read, ['pos-sent']))
    void append([
      {
        type: 'pos.unknown',
        body: { orderId: order.orderId, attempt: order.attempt, code: 'charge-outcome-unknown' },
      },
    ]);
  boxRunner.resume();
  const open = ordersIn(journal.read, openStates).at(-1);
  if (open) screen.show(open.order.orderId);
  runner.resume();
}
