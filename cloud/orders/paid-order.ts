import type { BasisPoints } from '#shared/money/rate.ts';
import type { Fen } from '#shared/money/fen.ts';
import type { MemberId, MerchantId, OperatorId, OrderId, TerminalId } from '#shared/ids/ids.ts';

export type SaleSource = 'channel' | 'cash' | 'box' | 'promise';

/** Did the money pass no channel of ours, so that the merchant has all of it and owes the concession? */
export const owesConcession = (source: SaleSource): boolean => source !== 'channel';

/**
 * A sale whose money is certain, however it came: the one input of the books.
 * - `channel`: a channel took `netFen` (charge or withholding); concession comes out of the reserve.
 * - `cash`: the merchant holds `netFen`; the concession is owed by the merchant and collected from later reserves,
 *   so points of cash sales stay pending until it is collected.
 * - `box`: the merchant's own acquirer took `netFen` by a box POS and pays it to the merchant; the concession is owed
 *   as of a cash sale (docs/adr/0009-box-sales-owe-their-concession.md).
 * - `promise`: the goods left in an outage and the merchant says that the money came later; the
 *   concession is owed as of a cash sale (docs/adr/0010-a-promise-is-no-payment.md). `businessDate`
 *   is the day on which it came.
 */
export interface PaidOrder {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly terminalId: TerminalId;
  readonly orderId: OrderId;
  readonly source: SaleSource;
  /** wechat, alipay, unionpay, withholding, cash, box, or promise- and how it was kept. */
  readonly channel: string;
  /** Gross, before vouchers. */
  readonly amountFen: Fen;
  /** Paid by vouchers; subsidised to the merchant in cash the same day. */
  readonly voucherFen: Fen;
  /** amountFen - voucherFen: money actually collected. */
  readonly netFen: Fen;
  readonly concessionBp: BasisPoints;
  readonly memberId: MemberId | undefined;
  /** Hash of the receipt's claim token, hex; undefined when none was printed. */
  readonly claimHash: string | undefined;
  /** When the customer paid, by the terminal's or the channel's clock. */
  readonly paidAtMs: number;
  /** When the cloud accepted it: the ledger date (Asia/Shanghai). */
  readonly acceptedAtMs: number;
  /** When its terms were agreed to; undefined: when the cloud accepted it. */
  readonly agreed?: AgreedTerms | undefined;
  readonly businessDate: string;
}

/**
 * A sale is booked by what was agreed when it was made, whatever rules came since: a charge is paid
 * some moments before it is booked, a withholding days after its goods left. Milliseconds since
 * 1970, by the cloud's clock.
 */
export interface AgreedTerms {
  /** When its concession was judged. */
  readonly rateAtMs: number;
  /** When its vouchers were judged. */
  readonly vouchersAtMs: number;
}
