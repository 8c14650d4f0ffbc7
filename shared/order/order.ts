import type { Fen } from '#shared/money/fen.ts';
import type { BasisPoints } from '#shared/money/rate.ts';
import type { OrderLines } from '#shared/goods/sale-lines.ts';
import type { MemberId, OrderId } from '#shared/ids/ids.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { NamedMember } from '#shared/wire/v1/common.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';

/**
 * Where an order stands. Unknown is a state of its own and is left only by the answer to a query.
 *
 * | state             | meaning                                                        | counts in the tally as |
 * |-------------------|----------------------------------------------------------------|------------------------|
 * | draft             | amount known, nothing done                                     | -                      |
 * | held              | wallet code scanned while the line is down; code in memory only| -                      |
 * | submitting        | intent is durable, a request may be on its way                 | 待确认                 |
 * | unknown           | a byte may have left and no final answer came                  | 待确认                 |
 * | cancel-wanted     | the cashier asked to cancel; the cloud is reversing            | 待确认                 |
 * | paid              | a channel said so                                              | 已到账                 |
 * | failed            | definitely not charged                                         | -                      |
 * | reversed          | the attempt was reversed, nothing was taken                    | -                      |
 * | paid-then-refunded| cancelled, found paid, refunded automatically                  | -                      |
 * | cash-recorded     | cash in the drawer                                             | 现金                   |
 * | offline-accepted  | a signed member code was accepted, no money yet                | 离线记账               |
 * | settled           | the cloud settled an offline acceptance                        | 已到账                 |
 * | debit-failed      | the withholding failed; an exception for the owner             | 离线记账               |
 * | duplicate         | the member code had been used before; an exception             | 离线记账               |
 * | pos-sent          | a frame went to the box POS                                    | 待确认                 |
 * | pos-paid          | the box POS said paid                                          | 已到账                 |
 * | pos-unknown       | the box POS did not answer                                     | 待确认                 |
 * | promised          | 赊账, or a static code seen by eye: no payment, no turnover    | -                      |
 * | promise-kept      | somebody says that the promised money came                     | - (收回, beside them)  |
 * | promise-broken    | somebody says that the promised money will not come            | -                      |
 * | manual            | two people decide                                              | 待确认                 |
 * | voided            | given up before any charge                                     | -                      |
 */
export type OrderStateName =
  | 'draft'
  | 'held'
  | 'submitting'
  | 'unknown'
  | 'cancel-wanted'
  | 'paid'
  | 'failed'
  | 'reversed'
  | 'paid-then-refunded'
  | 'cash-recorded'
  | 'offline-accepted'
  | 'settled'
  | 'debit-failed'
  | 'duplicate'
  | 'pos-sent'
  | 'pos-paid'
  | 'pos-unknown'
  | 'promised'
  | 'promise-kept'
  | 'promise-broken'
  | 'manual'
  | 'voided';

/** The four sums of the day that add up to turnover. */
export type TallyBucket = 'settled' | 'cash' | 'offline' | 'pending';

/** An order as it follows from the journal: the projection that both sides compute with the same code. */
export interface Order {
  readonly orderId: OrderId;
  readonly state: OrderStateName;
  /** What the goods cost, before vouchers. */
  readonly amountFen: Fen;
  /** Paid by vouchers; 0..amountFen. */
  readonly voucherFen: Fen;
  /** What a partner coupon took off before; absent without one. The price was `amountFen` and this together. */
  readonly couponFen?: Fen | undefined;
  /** What was sold; absent when it is an amount and nothing else. */
  readonly lines?: OrderLines | undefined;
  /** Whose sale it is, as the cloud named him when the money came; absent while nobody is known. */
  readonly namedMember?: NamedMember | undefined;
  /** The coupon of another shop that this sale brought. */
  readonly coupon?: GivenCoupon | undefined;
  readonly concessionBp: BasisPoints;
  /** Shanghai business day, YYYY-MM-DD. */
  readonly businessDate: string;
  readonly openedAtMs: number;
  readonly cashier: string;
  readonly memberId: MemberId | undefined;
  readonly tender: OrderTender | undefined;
  /** The last attempt number, 0 when nothing was attempted. */
  readonly attempt: number;
  /** Why it stands where it stands, when that needs words. */
  readonly reason: ErrorCode | undefined;
  /** Who bears it that the money of an offline sale never came; absent while there is no loss, or nobody has said. */
  readonly loss?: OfflineLoss | undefined;
  /** Refunds that were asked for, by number from 1 on; absent while there are none. */
  readonly refunds?: readonly OrderRefund[] | undefined;
  /** Seq of the last entry about this order: the cloud has all of it when its ack reaches this seq. */
  readonly lastSeq: number;
}

/** What stands on a coupon's paper beside its code. */
export interface GivenCoupon {
  readonly issuerName: string;
  readonly text: string;
  readonly offFen: Fen;
  readonly minimumFen: Fen;
  readonly validUntil: string;
  /** SHA-256 of the token: a code made anew is printed only if it is the one that was given. */
  readonly tokenHash: string;
}

/**
 * To the payer's account by the channel, out of the drawer, at the box POS, which has its own slip,
 * or from the owner's own account by his own hand, which no till can see.
 */
export type RefundHow = 'channel' | 'cash' | 'box-slip' | 'own-account';

/** Money that goes back, in part or in whole; shared/order/refunds.ts has the rules. */
export interface OrderRefund {
  readonly refundNo: number;
  /** Gross part of the order's amount: money and vouchers together. */
  readonly amountFen: Fen;
  readonly cashFen: Fen;
  readonly voucherFen: Fen;
  readonly how: RefundHow;
  /** `unknown` is left by the cloud's answer only. */
  readonly state: 'asked' | 'unknown' | 'done' | 'failed';
  readonly businessDate: string;
  readonly askedAtMs: number;
  readonly cashier: string;
  readonly reason: string;
  /** Why it failed, or what is doubtful. */
  readonly code?: ErrorCode | undefined;
  /** Concession that went back to the merchant, as the cloud booked it. */
  readonly concessionFen?: Fen | undefined;
  /** Point-fen that the member lost again, as the cloud booked it. */
  readonly points?: number | undefined;
}

export interface OfflineLoss {
  readonly bearer: 'member' | 'platform' | 'merchant';
  /** What of it the platform pays the merchant, now or when its books take it. */
  readonly coveredFen: Fen;
}

/** The customer's code was scanned by the box, the box showed a code, a card was used, or it does not say. */
export type BoxMethod = 'scan' | 'show' | 'card' | 'other';

export type OrderTender =
  | { readonly type: 'wallet'; readonly wallet: Wallet; readonly codeMask: string }
  | { readonly type: 'cash'; readonly tenderedFen: Fen; readonly changeFen: Fen }
  | {
      readonly type: 'box-pos';
      /** ecr-hub, transbank or bcd2. */
      readonly protocol: string;
      /** How the customer paid at the box; undefined until the box has said so. */
      readonly method: BoxMethod | undefined;
      /** What the box calls the transaction, as on its own slip; undefined until the box has said so. */
      readonly boxRef: string | undefined;
    }
  | { readonly type: 'member-code'; readonly certificateId: string }
  | {
      readonly type: 'promise';
      readonly kind: PromiseKind;
      /** Who owes it, in the shop's words; '' when nobody was named. */
      readonly who: string;
      readonly approvedBy: string;
      /** How and on which business day the money came, and who says so; null until somebody does. */
      readonly kept: {
        readonly how: PromiseKeptHow;
        readonly businessDate: string;
        readonly by: string;
      } | null;
      /** Who says that it will not come, in his words; null until somebody does. */
      readonly broken: { readonly by: string; readonly note: string } | null;
    };

export type PromiseKind = 'iou' | 'static-code';
export type PromiseKeptHow = 'cash' | 'static-code-seen' | 'transfer';
