import type { MemberId, MerchantId, OperatorId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';
import type { BasisPoints } from '#shared/money/rate.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import type { NamedMember } from '#shared/wire/v1/common.ts';
import type { Charge } from '#shared/wire/v1/charges.ts';
import { deadlineMsOf, type AttemptProgress } from '#cloud/payments/payment-machine.ts';
import type { PaymentTiming } from '#cloud/payments/payment-timing.ts';
import type { RouteDecision } from '#cloud/payments/routing/route-charge.ts';

/** What names one attempt. */
export interface AttemptKey {
  readonly operatorId: OperatorId;
  readonly orderId: OrderId;
  readonly attempt: number;
}

/** What never changes about an attempt. */
export interface AttemptFacts extends AttemptKey {
  readonly kind: 'charge' | 'withhold';
  readonly merchantId: MerchantId;
  readonly terminalId: TerminalId;
  readonly channel: string;
  readonly channelMerchantNo: string;
  readonly outTradeNo: string;
  /** Undefined for a withholding. */
  readonly wallet: Wallet | undefined;
  /** Gross, before vouchers. */
  readonly amountFen: Fen;
  readonly voucherFen: Fen;
  /** What the channel is asked for. */
  readonly netFen: Fen;
  /** What the channel was told that it is going to subsidise; undefined when nothing. */
  readonly subsidyMarkFen?: Fen | undefined;
  readonly reservationId: string | undefined;
  readonly concessionBp: BasisPoints;
  readonly businessDate: string;
  readonly cashier: string;
  readonly memberId: MemberId | undefined;
  readonly claimHash: string | undefined;
  readonly openedAtMs: number;
  readonly contentHash: string;
  readonly route: RouteDecision;
  readonly quotaDate: string;
  /** Where the till's request came from: the first part of its address. */
  readonly network?: string | undefined;
}

export interface Attempt extends AttemptFacts {
  /**
   * True until the attempt ends for the first time: in flight, with its part of the day quota set
   * aside.
   */
  readonly holdsQuota: boolean;
  readonly progress: AttemptProgress;
}

/** An attempt as the till sees it. */
export function chargeView(attempt: Attempt, timing: PaymentTiming, member?: NamedMember): Charge {
  const { progress } = attempt;
  return {
    orderId: attempt.orderId,
    attempt: attempt.attempt,
    status: progress.status,
    amountFen: attempt.amountFen,
    voucherFen: attempt.voucherFen,
    channel: attempt.channel,
    deadlineMs: deadlineMsOf(progress, timing),
    ...(progress.channelRef === undefined ? {} : { channelRef: progress.channelRef }),
    ...(progress.paidAtMs === undefined ? {} : { paidAtMs: progress.paidAtMs }),
    ...(progress.code === undefined ? {} : { code: progress.code }),
    ...(member === undefined ? {} : { member }),
  };
}
