import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type {
  CertificateId,
  MemberId,
  MerchantId,
  OperatorId,
  OrderId,
  TerminalId,
} from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';
import type { BasisPoints } from '#shared/money/rate.ts';

/** A sale that a till accepted offline against a signed member code. */
export interface OfflineSale {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly terminalId: TerminalId;
  readonly orderId: OrderId;
  readonly memberId: MemberId;
  readonly certificateId: CertificateId;
  /** The digits the till scanned: the evidence. */
  readonly code: string;
  /** Gross. An offline sale reserves no vouchers: the cloud uses what the member has. */
  readonly amountFen: Fen;
  readonly concessionBp: BasisPoints;
  readonly businessDate: string;
  readonly cashier: string;
  readonly claimHash: string | undefined;
  /** When the till accepted it, by its trusted time; never later than when it came. */
  readonly acceptedAtMs: number;
  /** False or absent: the till wrote only its own clock's time. */
  readonly isTimeTrusted?: boolean | undefined;
  /** By which caps the till took it; absent: from before they were kept, and not judged by them. */
  readonly capsVersion?: number | undefined;
  /** Its entry in the terminal's journal: the evidence. */
  readonly entry?: { readonly epoch: string; readonly seq: number } | undefined;
}

/** Who bears a loss, see loss.ts. */
export type LossBearer = 'member' | 'platform' | 'merchant';

export interface OfflineSettlement extends OfflineSale {
  readonly state: 'queued' | 'debiting' | 'settled' | 'debit-failed' | 'duplicate';
  readonly voucherFen: Fen;
  readonly reservationId: string | undefined;
  /** Debits tried so far. */
  readonly debitAttempt: number;
  readonly reason: ErrorCode | undefined;
  /** What the phone counted when it showed the code; 0: the bearer form, or no code at all. */
  readonly counter: number;
  /** When the batch came that brought it. */
  readonly receivedAtMs: number | undefined;
  /** The first cap it went over: the platform does not answer for it. */
  readonly overCaps: ErrorCode | undefined;
  /**
   * Why it was debited without the member's vouchers; undefined: they were used, or there were
   * none.
   */
  readonly voucherRefused: ErrorCode | undefined;
  readonly bearer: LossBearer | undefined;
  /** What of a loss the platform pays the merchant; with a `parkedReason` it has not yet. */
  readonly coveredFen: Fen;
  /** The other sale that was paid with the same showing of the code. */
  readonly rivalOrderId: OrderId | undefined;
  /**
   * Why it does not go on: of a queued sale its settlement, of a failed one the booking of what the
   * platform covers.
   */
  readonly parkedReason: string | undefined;
}
