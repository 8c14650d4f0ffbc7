import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { lineFen } from '#shared/goods/sale-lines.ts';
import { fen, minFen } from '#shared/money/fen.ts';
import { basisPoints, shareFloor } from '#shared/money/rate.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { MemberView } from '#shared/wire/v1/members.ts';
import type { Screen, TillState } from '#terminal/ipc/state.ts';
import {
  priceOf,
  withPiece,
  type DraftGoods,
  type DraftLine,
} from '#terminal/agent/checkout/draft-lines.ts';
import { pointsEstimateFen } from '#terminal/agent/checkout/points-estimate.ts';
import type { StoredGoods } from '#terminal/agent/goods/goods-store.ts';
import type { StoredOrder } from '#terminal/agent/journal/order-rows.ts';
import { screenOfOrder, type ScreenExtras } from '#terminal/agent/checkout/screen-of-order.ts';

/**
 * What the till shows and what keys mean at this moment. Pure: (till, input) -> till, or why not.
 * Orders live in the journal; this holds only the draft of the next sale and which order is on screen.
 */
export interface Till {
  readonly draft: DraftGoods & {
    /** What the goods and the typed amount come to. */
    readonly amountFen: number;
    readonly member: MemberView | null;
    readonly useVoucher: boolean;
    /** Used up by the cloud for this sale; taken off its price while that reaches the coupon's minimum. */
    readonly coupon: DraftCoupon | null;
  };
  readonly screen: Screen;
  readonly notice: { readonly code: ErrorCode; readonly atMs: number } | null;
  /** The order behind the screen; the next attempt at the same sale goes on with it. */
  readonly orderId: OrderId | undefined;
}

export interface DraftCoupon {
  readonly offFen: number;
  readonly minimumFen: number;
  readonly text: string;
}

/** What the coupon takes off this price. */
export const couponOffFen = ({ amountFen, coupon }: Till['draft']): number =>
  coupon && amountFen >= coupon.minimumFen ? coupon.offFen : 0;

export type TillInput =
  /** The amount that is typed; beside goods it is one line more. */
  | { readonly type: 'amount-set'; readonly amountFen: number }
  | { readonly type: 'goods-added'; readonly goods: StoredGoods }
  /** Without a number: all of them. */
  | { readonly type: 'lines-dropped'; readonly no: number | undefined }
  | { readonly type: 'member-set'; readonly member: MemberView | null }
  | { readonly type: 'voucher-use-set'; readonly use: boolean }
  | { readonly type: 'coupon-set'; readonly coupon: DraftCoupon | null }
  | { readonly type: 'dismissed'; readonly online: boolean }
  /** The order on screen, or the one that comes on screen now, stands thus. */
  | { readonly type: 'order-changed'; readonly stored: StoredOrder; readonly extras: ScreenExtras }
  /** Something could not be used: said once, cleared by the next key. */
  | { readonly type: 'noticed'; readonly code: ErrorCode; readonly atMs: number }
  /** A code was scanned while another sale is in flight. */
  | { readonly type: 'second-scan'; readonly atMs: number };

export const tillAtRest: Till = {
  draft: {
    amountFen: 0,
    typedFen: 0,
    lines: [],
    lastNo: 0,
    member: null,
    useVoucher: true,
    coupon: null,
  },
  screen: { type: 'ready' },
  notice: null,
  orderId: undefined,
};

/** Is a sale in flight whose outcome nobody knows yet? */
export const isWaiting = ({ screen }: Till): boolean =>
  screen.type === 'waiting' || screen.type === 'box-waiting';

/** May a new sale begin from this screen? From a held one too: nothing of it has left the till. */
export const maySell = (till: Till): boolean => !isWaiting(till);

export function stepTill(till: Till, input: TillInput): Result<Till, ErrorCode> {
  switch (input.type) {
    case 'amount-set': {
      const isSame = input.amountFen === till.draft.typedFen;
      return priced(till, { ...till.draft, typedFen: input.amountFen }, isSame);
    }
    case 'goods-added': {
      const added = withPiece(till.draft, input.goods);
      return added.ok ? priced(till, { ...till.draft, ...added.value }, false) : added;
    }
    case 'lines-dropped': {
      const { lines } = till.draft;
      const left = input.no === undefined ? [] : lines.filter(({ no }) => no !== input.no);
      const lastNo = input.no === undefined ? 0 : till.draft.lastNo;
      return priced(till, { ...till.draft, lines: left, lastNo }, left.length === lines.length);
    }
    case 'member-set':
      if (!maySell(till)) return err('result-not-known');
      return ok({ ...till, notice: null, draft: { ...till.draft, member: input.member } });
    case 'voucher-use-set':
      if (!maySell(till)) return err('result-not-known');
      return ok({ ...till, notice: null, draft: { ...till.draft, useVoucher: input.use } });
    case 'coupon-set':
      if (!maySell(till) || till.screen.type === 'held') return err('result-not-known');
      return ok({ ...till, notice: null, draft: { ...till.draft, coupon: input.coupon } });
    case 'dismissed':
      return dismiss(till, input.online);
    case 'order-changed':
      return ok(showOrder(till, input.stored, input.extras));
    case 'noticed':
      return ok({ ...till, notice: { code: input.code, atMs: input.atMs } });
    case 'second-scan':
      return ok({
        ...till,
        notice: { code: 'scan-during-charge', atMs: input.atMs },
        screen: withSecondScan(till.screen),
      });
    default:
      return exhaustive(input);
  }
}

/** Another price, or other goods at the same one, is another sale; the same again goes on with the unpaid order. */
function priced(till: Till, draft: Till['draft'], isSame: boolean): Result<Till, ErrorCode> {
  if (isWaiting(till) || till.screen.type === 'held') return err('result-not-known');
  const price = priceOf(draft);
  if (!price.ok) return price;
  const amountFen = price.value;
  const kept = till.screen.type === 'not-paid' && isSame;
  return ok({
    // A new sale is another customer's: what it had is given back.
    draft: { ...draft, amountFen, coupon: amountFen === 0 ? null : draft.coupon },
    screen: { type: 'ready' },
    notice: null,
    orderId: kept ? till.orderId : undefined,
  });
}

/**
 * An unknown outcome does not leave the screen, with one way out: the cashier has asked to cancel, which is in the
 * journal, and the line is down (or the box cannot tell), so that no answer can come. The order stays in the
 * exceptions list, and the box takes no other sale before it has said what became of this one.
 */
function dismiss(till: Till, online: boolean): Result<Till, ErrorCode> {
  const { screen } = till;
  if (screen.type === 'held') return err('result-not-known');
  if (screen.type === 'waiting' && (screen.phase !== 'cancelling' || online))
    return err('result-not-known');
  if (screen.type === 'box-waiting' && !screen.mayLeave) return err('result-not-known');
  if (isWaiting(till)) return ok(tillAtRest);
  return ok({ ...till, screen: { type: 'ready' }, notice: null });
}

const withSecondScan = (screen: Screen): Screen =>
  screen.type === 'waiting' || screen.type === 'box-waiting'
    ? { ...screen, secondScan: true }
    : screen;

const soldScreens: ReadonlySet<Screen['type']> = new Set([
  'paid',
  'box-paid',
  'cash',
  'offline-accepted',
  'promised',
]);

function showOrder(till: Till, stored: StoredOrder, extras: ScreenExtras): Till {
  const { orderId } = stored.order;
  const before = till.orderId === orderId ? till.screen : undefined;
  const screen = screenOfOrder(stored, extras, before);
  if (screen === undefined) return till;
  return {
    orderId,
    screen,
    notice: screen.type === before?.type ? till.notice : null,
    draft: soldScreens.has(screen.type) ? tillAtRest.draft : till.draft,
  };
}

/** Vouchers pay up to half of a sale by default; the cloud's reservation decides. */
const voucherShareEstimateBp = basisPoints(5_000);

/** What a window gets to see. */
export function viewOf(
  till: Till,
  { version, concessionBp }: { version: number; concessionBp: number },
): TillState {
  const { amountFen, typedFen, lines, member, useVoucher, coupon } = till.draft;
  const couponFen = couponOffFen(till.draft);
  const leftFen = fen(amountFen - couponFen);
  const voucherFen =
    member && useVoucher
      ? minFen(fen(member.voucherTotalFen), shareFloor(leftFen, voucherShareEstimateBp))
      : fen(0);
  return {
    version,
    draft: {
      amountFen,
      ...(lines.length === 0 ? {} : { goods: { typedFen, lines: lines.map(lineView) } }),
      member,
      voucherFen,
      useVoucher,
      coupon: coupon && { ...coupon, isMet: couponFen > 0 },
      pointsEstimateFen: pointsEstimateFen({ amountFen: leftFen, voucherFen, concessionBp }),
    },
    screen: till.screen,
    notice: till.notice,
  };
}

const lineView = ({ no, name, unit, quantity, priceFen }: DraftLine) => ({
  no,
  name,
  unit,
  quantity,
  priceFen,
  sumFen: lineFen({ priceFen, quantity }),
});
