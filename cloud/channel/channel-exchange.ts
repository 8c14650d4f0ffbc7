import type { Fen } from '#shared/money/fen.ts';
import type { MemberId, TerminalId } from '#shared/ids/ids.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';

/** What names an order at a channel, and what every answer about it is checked against. */
export interface ChannelOrder {
  /** The merchant's number at the channel. */
  readonly channelMerchantNo: string;
  readonly outTradeNo: string;
  /** What the channel is asked for: gross less vouchers, 1..5,000,000 fen. */
  readonly netFen: Fen;
  /** When the attempt was opened; never changes. UnionPay names an order by its number and this time. */
  readonly openedAtMs?: number;
}

export interface ChargeOrder extends ChannelOrder {
  readonly wallet: Wallet;
  /** A bearer credential for about a minute: in memory only, never stored, never logged. */
  readonly authCode: string;
  readonly terminalId: TerminalId;
  /** What is to be subsidised of it behind the payment, where the channel wants to know before; above 0. */
  readonly subsidyFen?: Fen;
}

export interface WithholdOrder extends ChannelOrder {
  readonly memberId: MemberId;
}

export interface RefundOrder extends ChannelOrder {
  /** The idempotency key of this refund. */
  readonly outRefundNo: string;
  /** 1..netFen; `netFen` is the order's total, which channels want to hear again. */
  readonly refundFen: Fen;
  /** When this refund was first asked for; never changes. Without it the order's own time names it. */
  readonly askedAtMs?: number;
}

/** The money is there: the answer's signature, merchant, order number and amount have been checked. */
export interface Paid {
  readonly type: 'paid';
  readonly channelRef: string;
  readonly paidAtMs: number;
  /** The payer's id in our app at the channel, where it tells. Only a keyed hash of it is kept. */
  readonly payerId?: string;
}

/** No conclusion can be drawn. `code` is the channel's word, or one of ours in lower case. */
export interface Unknown {
  readonly type: 'unknown';
  readonly code: string;
}

/** Definitely not charged, and never will be under this number. */
export interface FailedFinal {
  readonly type: 'failed';
  readonly code: string;
}

/** `paying`: the payer is at it. `broken-off`: the channel itself asks for a reversal before anything new. */
export type ChargeOutcome =
  | Paid
  | Unknown
  | FailedFinal
  | { readonly type: 'paying'; readonly code: string }
  | { readonly type: 'broken-off'; readonly code: string };

/** `unpaid`: known or not known to the channel, not paid so far, and nobody is paying. It may still be paid later. */
export type QueryOutcome =
  | Paid
  | Unknown
  | { readonly type: 'paying'; readonly code: string }
  | { readonly type: 'broken-off'; readonly code: string }
  | { readonly type: 'unpaid'; readonly code: string }
  | { readonly type: 'closed' }
  | { readonly type: 'refunded' };

/**
 * `no-such-order`: the channel took the request and found nothing under this number; only a query
 * tells what that means.
 */
export type ReverseOutcome =
  | { readonly type: 'closed' }
  | { readonly type: 'no-such-order'; readonly code: string }
  | { readonly type: 'refunded' }
  | { readonly type: 'too-early' }
  | { readonly type: 'window-over' }
  | Unknown;

/**
 * `refunded`: this refund went through. `refunding`: the channel took it and is at it. `refund-failed`: whitelisted,
 * nothing moved under this number and nothing will; people look, or a new number is tried. `no-such-refund`: only a
 * query says so; the request may still be on its way.
 */
export type RefundOutcome =
  | { readonly type: 'refunded' }
  | { readonly type: 'refunding'; readonly code: string }
  | { readonly type: 'refund-failed'; readonly code: string }
  | { readonly type: 'no-such-refund'; readonly code: string }
  | Unknown;

/** `refused`: the channel answered and does not accept our keys or account. */
export type ProbeOutcome =
  { readonly type: 'healthy' } | { readonly type: 'refused'; readonly code: string } | Unknown;

export type SignatureVerdict = 'valid' | 'invalid' | 'missing' | 'no-answer';

/** What is kept of one call, for the auditor. Holds no payment code: the request is digested with the code masked. */
export interface CallEvidence {
  /** SHA-256 of the request body with the payment code masked, hex. */
  readonly requestDigest: string;
  /** 0 when no answer came. */
  readonly httpStatus: number;
  /** The raw answer, cut at {@link rawAnswerCharsMax}, payment codes masked. */
  readonly rawAnswer: string;
  readonly signature: SignatureVerdict;
}

export interface Answered<O> {
  readonly outcome: O;
  readonly evidence: CallEvidence;
}

export const rawAnswerCharsMax = 2_048;

/** Payment codes have 16..24 digits; any such run in a channel's text is masked before it is stored. */
export const maskCodes = (text: string): string =>
  text.replaceAll(/(?<![0-9])[0-9]{16,24}(?![0-9])/g, (code) => `****${code.slice(-4)}`);
