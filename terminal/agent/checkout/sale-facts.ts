import { cutLines } from '#shared/goods/sale-lines.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { fen, subtractFen, type Fen } from '#shared/money/fen.ts';
import { mayTakeOtherTender } from '#shared/order/order-machine.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import type { EntryFact, SaleLine } from '#shared/wire/v1/entries.ts';
import type { StoredOrder } from '#terminal/agent/journal/order-rows.ts';

/** Decides which facts begin a sale. Pure: ids, tokens and times come from the shell. */
export interface SaleStart {
  /** What is left after the coupon. */
  readonly amountFen: number;
  /** Taken off before; 0 without a coupon. */
  readonly couponFen: number;
  /** What is sold; none when it is an amount alone. Together they come to `amountFen + couponFen`. */
  readonly lines: readonly SaleLine[];
  readonly memberId: string | undefined;
  readonly voucher: { readonly reservationId: string; readonly voucherFen: number } | undefined;
  /** The order on screen that was not paid, if any: its next attempt or another tender, not another order. */
  readonly unpaid: StoredOrder | undefined;
  readonly fresh: {
    readonly orderId: OrderId;
    readonly claimToken: string;
    readonly businessDate: string;
    readonly concessionBp: number;
    readonly cashier: string;
  };
}

export interface Sale {
  readonly orderId: OrderId;
  /** Gross, before vouchers. */
  readonly amountFen: Fen;
  /** What the tender has to bring, after vouchers. */
  readonly dueFen: Fen;
  readonly lastAttempt: number;
  /** `order.opened` with its lines, or nothing when the order exists. */
  readonly opening: readonly EntryFact[];
}

/** May the unpaid order go on as this sale? Only when nothing about it has changed and nothing can have been taken. */
export const continues = (
  unpaid: StoredOrder | undefined,
  sale: {
    readonly amountFen: number;
    readonly couponFen: number;
    readonly memberId: string | undefined;
    readonly useVoucher: boolean;
  },
): unpaid is StoredOrder =>
  unpaid !== undefined &&
  unpaid.order.amountFen === sale.amountFen &&
  (unpaid.order.couponFen ?? 0) === sale.couponFen &&
  unpaid.order.memberId === sale.memberId &&
  unpaid.order.voucherFen > 0 === sale.useVoucher &&
  mayTakeOtherTender(unpaid.order);

export function openSale(start: SaleStart): Sale {
  const { unpaid, voucher, fresh } = start;
  if (unpaid)
    return {
      orderId: unpaid.order.orderId,
      amountFen: unpaid.order.amountFen,
      dueFen: subtractFen(unpaid.order.amountFen, unpaid.order.voucherFen),
      lastAttempt: unpaid.order.attempt,
      opening: [],
    };
  const voucherFen = voucher?.voucherFen ?? 0;
  return {
    orderId: fresh.orderId,
    amountFen: fen(start.amountFen),
    dueFen: fen(start.amountFen - voucherFen),
    lastAttempt: 0,
    opening: [
      {
        type: 'order.opened',
        body: {
          ...fresh,
          amountFen: start.amountFen,
          voucherFen,
          ...(start.couponFen > 0 ? { couponFen: start.couponFen } : {}),
          ...(voucher && voucherFen > 0 ? { reservationId: voucher.reservationId } : {}),
          ...(start.memberId === undefined ? {} : { memberId: start.memberId }),
        },
      },
      ...cutLines(fresh.orderId, start.lines).map((body): EntryFact => ({
        type: 'order.lines',
        body,
      })),
    ],
  };
}

export interface ScannedWallet {
  readonly wallet: Wallet;
  readonly codeMask: string;
  readonly codeHash: string;
}

export const submittedFact = (
  order: { readonly orderId: OrderId; readonly attempt: number; readonly amountFen: number },
  scanned: ScannedWallet,
): EntryFact => ({
  type: 'charge.submitted',
  body: { ...order, ...scanned },
});

export const heldFact = (
  orderId: OrderId,
  { wallet, codeMask }: ScannedWallet,
  untilMs: number,
): EntryFact => ({ type: 'charge.held', body: { orderId, wallet, codeMask, untilMs } });

/** `tenderedFen` must reach what is due. */
export const cashRecordedFact = (sale: Sale, tenderedFen: number): EntryFact => ({
  type: 'cash.recorded',
  body: {
    orderId: sale.orderId,
    dueFen: sale.dueFen,
    tenderedFen,
    changeFen: tenderedFen - sale.dueFen,
  },
});
