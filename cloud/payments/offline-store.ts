import { sql } from 'drizzle-orm';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type {
  CertificateId,
  MemberId,
  MerchantId,
  OperatorId,
  OrderId,
  TerminalId,
} from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { basisPoints, type BasisPoints } from '#shared/money/rate.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

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
  /** When the till accepted it, by its trusted time. */
  readonly acceptedAtMs: number;
}

export interface OfflineSettlement extends OfflineSale {
  readonly state: 'queued' | 'debiting' | 'settled' | 'debit-failed' | 'duplicate';
  readonly voucherFen: Fen;
  readonly reservationId: string | undefined;
  /** Debits tried so far. */
  readonly debitAttempt: number;
  readonly reason: ErrorCode | undefined;
}

/** Queues a sale for settlement. The same order again changes nothing. */
export async function enqueueOfflineSettlement(
  tx: Tx,
  sale: OfflineSale & { readonly nowMs: number },
): Promise<{ readonly queued: boolean }> {
  const { rows } = await tx.execute(sql`
    insert into offline_settlement (operator_id, order_id, merchant_id, terminal_id, member_id,
      certificate_id, member_code, amount_fen, concession_bp, business_date, cashier, claim_hash,
      accepted_at_ms, state, next_at_ms)
    values (${sale.operatorId}, ${sale.orderId}, ${sale.merchantId}, ${sale.terminalId},
      ${sale.memberId}, ${sale.certificateId}, ${sale.code}, ${sale.amountFen},
      ${sale.concessionBp}, ${sale.businessDate}, ${sale.cashier}, ${sale.claimHash ?? null},
      ${sale.acceptedAtMs}, 'queued', ${sale.nowMs})
    on conflict do nothing returning 1`);
  return { queued: rows.length === 1 };
}

/** Claims a certificate for an order: true when it is this order's now or was before, false when another used it. */
export async function claimCertificate(
  tx: Tx,
  sale: OfflineSale & { readonly nowMs: number },
): Promise<boolean> {
  await tx.execute(sql`
    insert into member_certificate_use (operator_id, certificate_id, order_id, used_at_ms)
    values (${sale.operatorId}, ${sale.certificateId}, ${sale.orderId}, ${sale.nowMs})
    on conflict do nothing`);
  const { rows } = await tx.execute(sql`
    select 1 from member_certificate_use where operator_id = ${sale.operatorId}
       and certificate_id = ${sale.certificateId} and order_id = ${sale.orderId}`);
  return rows.length === 1;
}

/**
 * Stops a member code: the cloud settles nothing with it any more, and every till of the operator has a newer
 * configuration to pull. False when it was stopped before.
 */
export async function revokeCertificate(
  tx: Tx,
  entry: {
    readonly operatorId: OperatorId;
    readonly certificateId: CertificateId;
    readonly reason: string;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`
    insert into member_certificate_revoked (operator_id, certificate_id, reason, revoked_at_ms)
    values (${entry.operatorId}, ${entry.certificateId}, ${entry.reason}, ${entry.nowMs})
    on conflict do nothing`);
  if (rowCount === 1) await announceRevocation(tx, entry.operatorId);
  return rowCount === 1;
}

/** Stops every code of a member that could still be used, for a lost phone. Answers how many were stopped now. */
export async function revokeMemberCodes(
  tx: Tx,
  entry: {
    readonly operatorId: OperatorId;
    readonly memberId: MemberId;
    readonly reason: string;
    readonly nowMs: number;
  },
): Promise<{ readonly revoked: number }> {
  const { rowCount } = await tx.execute(sql`
    insert into member_certificate_revoked (operator_id, certificate_id, reason, revoked_at_ms)
    select operator_id, certificate_id, ${entry.reason}, ${entry.nowMs}::bigint
      from member_certificate
     where operator_id = ${entry.operatorId} and member_id = ${entry.memberId}
       and not_after_ms >= ${entry.nowMs}
    on conflict do nothing`);
  const revoked = rowCount ?? 0;
  if (revoked > 0) await announceRevocation(tx, entry.operatorId);
  return { revoked };
}

/** Tills compare this number with their own at every heartbeat and pull when it has grown. */
const announceRevocation = (tx: Tx, operatorId: OperatorId) =>
  tx.execute(sql`
    update terminal set config_version = config_version + 1
     where operator_id = ${operatorId} and revoked_at_ms is null`);

export async function isRevoked(
  tx: Db | Tx,
  key: { readonly operatorId: OperatorId; readonly certificateId: string },
): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    select 1 from member_certificate_revoked where operator_id = ${key.operatorId}
       and certificate_id = ${key.certificateId}`);
  return rows.length === 1;
}

/** Takes the next queued sale that is due and holds its row; other workers pass it over. */
export async function lockDueSettlement(
  tx: Tx,
  nowMs: number,
): Promise<OfflineSettlement | undefined> {
  const { rows } = await tx.execute<Row>(sql`
    select *, business_date::text as business_day from offline_settlement
     where state = 'queued' and next_at_ms <= ${nowMs}
     order by next_at_ms limit 1 for update skip locked`);
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

export async function lockSettlement(
  tx: Tx,
  key: { readonly operatorId: OperatorId; readonly orderId: OrderId },
): Promise<OfflineSettlement | undefined> {
  const { rows } = await tx.execute<Row>(sql`
    select *, business_date::text as business_day from offline_settlement
     where operator_id = ${key.operatorId} and order_id = ${key.orderId} for update`);
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

export const offlineExceptionsMax = 500;

/** Offline sales of a merchant that did not turn into money, newest first: for people. */
export async function listOfflineExceptions(
  db: Db,
  merchant: { readonly operatorId: OperatorId; readonly merchantId: MerchantId },
): Promise<readonly OfflineSettlement[]> {
  const { rows } = await db.execute<Row>(sql`
    select *, business_date::text as business_day from offline_settlement
     where operator_id = ${merchant.operatorId} and merchant_id = ${merchant.merchantId}
       and state in ('debit-failed', 'duplicate')
     order by accepted_at_ms desc limit ${offlineExceptionsMax}`);
  return rows.map(fromRow);
}

/** What changes about a settlement. */
export async function saveSettlement(
  tx: Tx,
  sale: OfflineSettlement,
  change: {
    readonly state: OfflineSettlement['state'];
    readonly voucherFen?: Fen;
    readonly debitFen?: Fen;
    readonly reservationId?: string | undefined;
    readonly debitAttempt?: number;
    readonly nextAtMs?: number;
    readonly code?: ErrorCode | undefined;
    readonly settledAtMs?: number;
  },
): Promise<void> {
  await tx.execute(sql`
    update offline_settlement set state = ${change.state},
      voucher_fen = ${change.voucherFen ?? sale.voucherFen}, debit_fen = ${change.debitFen ?? 0},
      reservation_id = ${'reservationId' in change ? (change.reservationId ?? null) : (sale.reservationId ?? null)},
      debit_attempt = ${change.debitAttempt ?? sale.debitAttempt},
      next_at_ms = ${change.nextAtMs ?? null}, code = ${change.code ?? null},
      settled_at_ms = ${change.settledAtMs ?? null}
    where operator_id = ${sale.operatorId} and order_id = ${sale.orderId}`);
}

interface Row extends Record<string, unknown> {
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
}

const fromRow = (row: Row): OfflineSettlement => ({
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
});
