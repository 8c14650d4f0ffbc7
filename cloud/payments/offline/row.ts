import type { LossBearer, OfflineSettlement } from '#cloud/payments/offline/sale.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type {
  CertificateId,
  MemberId,
  MerchantId,
  OperatorId,
  OrderId,
  TerminalId,
} from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';

/** A row of offline_settlement, with its day as text. */
export interface SettlementRow extends Record<string, unknown> {
  operator_id: OperatorId;
  order_id: OrderId;
  merchant_id: MerchantId;
  terminal_id: TerminalId;
  member_id: MemberId;
  certificate_id: CertificateId;
  member_code: string;
  amount_fen: number;
  concession_bp: number;
  business_day: string;
  cashier: string;
  claim_hash: string | null;
  accepted_at_ms: number;
  state: OfflineSettlement['state'];
  voucher_fen: number;
  reservation_id: string | null;
  debit_attempt: number;
  code: ErrorCode | null;
  time_trusted: boolean;
  caps_version: number | null;
  epoch: string | null;
  seq: number | null;
  counter: number;
  received_at_ms: number | null;
  over_caps: ErrorCode | null;
  voucher_refused: ErrorCode | null;
  bearer_party: LossBearer | null;
  covered_fen: number;
  rival_order_id: OrderId | null;
  parked_reason: string | null;
}

/** Throws when a number of the row is none of ours. */
export const toSettlement = (row: SettlementRow): OfflineSettlement => ({
  operatorId: row.operator_id,
  orderId: row.order_id,
  merchantId: row.merchant_id,
  terminalId: row.terminal_id,
  memberId: row.member_id,
  certificateId: row.certificate_id,
  code: row.member_code,
  amountFen: fen(row.amount_fen),
  concessionBp: basisPoints(row.concession_bp),
  businessDate: row.business_day,
  cashier: row.cashier,
  claimHash: row.claim_hash ?? undefined,
  acceptedAtMs: row.accepted_at_ms,
  state: row.state,
  voucherFen: fen(row.voucher_fen),
  reservationId: row.reservation_id ?? undefined,
  debitAttempt: row.debit_attempt,
  reason: row.code ?? undefined,
  isTimeTrusted: row.time_trusted,
  capsVersion: row.caps_version ?? undefined,
  entry: row.epoch === null || row.seq === null ? undefined : { epoch: row.epoch, seq: row.seq },
  counter: row.counter,
  receivedAtMs: row.received_at_ms ?? undefined,
  overCaps: row.over_caps ?? undefined,
  voucherRefused: row.voucher_refused ?? undefined,
  bearer: row.bearer_party ?? undefined,
  coveredFen: fen(row.covered_fen),
  rivalOrderId: row.rival_order_id ?? undefined,
  parkedReason: row.parked_reason ?? undefined,
});

/**
 * A row whose numbers cannot be read is listed without them: what is wrong stands in the reason.
 */
export function listedSettlement(row: SettlementRow): OfflineSettlement {
  try {
    return toSettlement(row);
  } catch (error) {
    const parked_reason = row.parked_reason ?? String(error);
    const none = { amount_fen: 0, voucher_fen: 0, covered_fen: 0, concession_bp: 0 };
    return toSettlement({ ...row, ...none, parked_reason });
  }
}
