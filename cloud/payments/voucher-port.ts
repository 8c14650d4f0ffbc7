import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { MemberId, MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';
import type { Result } from '#shared/result/result.ts';
import type { Tx } from '#cloud/platform/db.ts';

/** What taking money needs of the vouchers. Everything happens in the caller's transaction. */
export interface VoucherPort {
  /**
   * A charge begins: keeps exactly this set aside for this order and this member until
   * {@link VoucherPort.unpin}, `commit` or `release`, whatever the clock says. False when it is not
   * set aside (any more).
   */
  pin(tx: Tx, part: HeldVouchers): Promise<boolean>;
  /** The charge ended without money: the reservation's time runs again. */
  unpin(tx: Tx, part: ReservationKey): Promise<void>;
  /** The order is paid: what was set aside is spent. Doing it again changes nothing. */
  commit(tx: Tx, part: SpentVouchers): Promise<Result<void, object>>;
  /** The order is over without a sale: what was set aside is the member's again. */
  release(tx: Tx, part: ReservationKey): Promise<void>;
  /**
   * Sets aside what the member has for an order of `amountFen`, up to the share cap; undefined when
   * nothing. `refused`: he may not use it here and now (cloud/review/voucher-guard.ts), and it
   * stays his.
   */
  reserve(
    tx: Tx,
    order: {
      readonly operatorId: OperatorId;
      readonly merchantId: MerchantId;
      readonly orderId: OrderId;
      readonly memberId: MemberId;
      readonly amountFen: Fen;
      readonly nowMs: number;
    },
  ): Promise<ReservedVouchers | { readonly refused: ErrorCode } | undefined>;
}

export interface ReservedVouchers {
  readonly reservationId: string;
  readonly voucherFen: Fen;
}

export interface ReservationKey {
  readonly operatorId: OperatorId;
  readonly orderId: OrderId;
  readonly reservationId: string;
  readonly nowMs: number;
}

export interface SpentVouchers extends ReservationKey {
  readonly voucherFen: Fen;
}

export interface HeldVouchers extends SpentVouchers {
  readonly memberId: MemberId;
}
