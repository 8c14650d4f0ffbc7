import { sql, type SQL } from 'drizzle-orm';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { MemberId, MerchantId, OperatorId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import { fen, subtractFen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import type { ChargeStatus } from '#shared/wire/v1/charges.ts';
import type { Attempt, AttemptKey } from '#cloud/payments/attempt.ts';
import type { NextStep } from '#cloud/payments/payment-machine.ts';
import type { RouteDecision } from '#cloud/payments/routing/route-charge.ts';

/** The condition that a row is of this attempt. */
export const attemptIs = (key: AttemptKey): SQL =>
  sql`operator_id = ${key.operatorId} and order_id = ${key.orderId} and attempt = ${key.attempt}`;

/** Dates are read as text: a date column of `pg` would become midnight of some time zone. */
export const attemptColumns = `operator_id, order_id, attempt, kind, merchant_id, terminal_id, channel,
  channel_merchant_no, out_trade_no, wallet, amount_fen, voucher_fen, subsidy_mark_fen,
  reservation_id, concession_bp,
  business_date::text as business_date, cashier, member_id, claim_hash, opened_at_ms, content_hash,
  route, quota_date::text as quota_date, network, status, submitted_at_ms, cancel_wanted, found_paid,
  fruitless_tries, next_step, next_at_ms, code, channel_ref, paid_at_ms, in_flight`;

/** A row of {@link attemptColumns}. */
export interface AttemptRow extends Record<string, unknown> {
  operator_id: OperatorId;
  order_id: OrderId;
  attempt: number;
  kind: 'charge' | 'withhold';
  merchant_id: MerchantId;
  terminal_id: TerminalId;
  channel: string;
  channel_merchant_no: string;
  out_trade_no: string;
  wallet: Wallet | null;
  amount_fen: number;
  voucher_fen: number;
  subsidy_mark_fen: number | null;
  reservation_id: string | null;
  concession_bp: number;
  business_date: string;
  cashier: string;
  member_id: MemberId | null;
  claim_hash: string | null;
  opened_at_ms: number;
  content_hash: string;
  route: RouteDecision;
  quota_date: string;
  network: string | null;
  status: ChargeStatus;
  submitted_at_ms: number;
  cancel_wanted: boolean;
  found_paid: boolean;
  fruitless_tries: number;
  next_step: NextStep['type'] | null;
  next_at_ms: number | null;
  code: ErrorCode | null;
  channel_ref: string | null;
  paid_at_ms: number | null;
  in_flight: boolean;
}

export function toAttempt(row: AttemptRow): Attempt {
  const amountFen = fen(row.amount_fen);
  const voucherFen = fen(row.voucher_fen);
  return {
    operatorId: row.operator_id,
    orderId: row.order_id,
    attempt: row.attempt,
    kind: row.kind,
    merchantId: row.merchant_id,
    terminalId: row.terminal_id,
    channel: row.channel,
    channelMerchantNo: row.channel_merchant_no,
    outTradeNo: row.out_trade_no,
    wallet: row.wallet ?? undefined,
    amountFen,
    voucherFen,
    netFen: subtractFen(amountFen, voucherFen),
    subsidyMarkFen: row.subsidy_mark_fen === null ? undefined : fen(row.subsidy_mark_fen),
    reservationId: row.reservation_id ?? undefined,
    concessionBp: basisPoints(row.concession_bp),
    businessDate: row.business_date,
    cashier: row.cashier,
    memberId: row.member_id ?? undefined,
    claimHash: row.claim_hash ?? undefined,
    openedAtMs: row.opened_at_ms,
    contentHash: row.content_hash,
    route: row.route,
    quotaDate: row.quota_date,
    network: row.network ?? undefined,
    holdsQuota: row.in_flight,
    progress: {
      status: row.status,
      pace: row.wallet ?? 'withholding',
      submittedAtMs: row.submitted_at_ms,
      cancelWanted: row.cancel_wanted,
      foundPaid: row.found_paid,
      fruitlessTries: row.fruitless_tries,
      next:
        row.next_step === null || row.next_at_ms === null
          ? undefined
          : { type: row.next_step, atMs: row.next_at_ms },
      code: row.code ?? undefined,
      channelRef: row.channel_ref ?? undefined,
      paidAtMs: row.paid_at_ms ?? undefined,
    },
  };
}
