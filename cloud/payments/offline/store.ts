import { sql } from 'drizzle-orm';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { CertificateId, MemberId, MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import { decodeTwoLayerCode } from '#shared/member/two-layer-code.ts';
import type { Fen } from '#shared/money/fen.ts';
import { listedSettlement, toSettlement, type SettlementRow } from '#cloud/payments/offline/row.ts';
import type { LossBearer, OfflineSale, OfflineSettlement } from '#cloud/payments/offline/sale.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

/** Queues a sale for settlement. The same order again changes nothing. */
export async function enqueueOfflineSettlement(
  tx: Tx,
  sale: OfflineSale & { readonly nowMs: number },
): Promise<{ readonly queued: boolean }> {
  const { epoch, seq } = sale.entry ?? { epoch: null, seq: null };
  const { rows } = await tx.execute(sql`
    insert into offline_settlement (operator_id, order_id, merchant_id, terminal_id, member_id,
      certificate_id, member_code, amount_fen, concession_bp, business_date, cashier, claim_hash,
      accepted_at_ms, state, next_at_ms, caps_version, epoch, seq, time_trusted, counter, received_at_ms)
    values (${sale.operatorId}, ${sale.orderId}, ${sale.merchantId}, ${sale.terminalId},
      ${sale.memberId}, ${sale.certificateId}, ${sale.code}, ${sale.amountFen},
      ${sale.concessionBp}, ${sale.businessDate}, ${sale.cashier}, ${sale.claimHash ?? null},
      ${sale.acceptedAtMs}, 'queued', ${sale.nowMs}, ${sale.capsVersion ?? null}, ${epoch},
      ${seq}::bigint, ${sale.isTimeTrusted ?? false}, ${counterOf(sale.code)},
      coalesce((select received_at_ms from journal_batch where operator_id = ${sale.operatorId}
          and terminal_id = ${sale.terminalId} and epoch = ${epoch}
          and ${seq}::bigint between first_seq and last_seq limit 1), ${sale.nowMs}))
    on conflict do nothing returning 1`);
  return { queued: rows.length === 1 };
}

/** Of a code of two layers what the phone counted; else 0. */
function counterOf(code: string): number {
  const read = decodeTwoLayerCode(code);
  return read.ok ? read.value.moment.counter : 0;
}

/**
 * Claims one showing of a code (certificate and counter) for an order. The first sale that the
 * cloud judges has it, for good: docs/adr/0011-who-bears-an-offline-loss.md says why. Answers the
 * order that has it when that is another one.
 */
export async function claimShowing(
  tx: Tx,
  sale: OfflineSettlement & { readonly nowMs: number },
): Promise<OrderId | undefined> {
  await tx.execute(sql`
    insert into member_certificate_use (operator_id, certificate_id, counter, order_id, used_at_ms)
    values (${sale.operatorId}, ${sale.certificateId}, ${sale.counter}, ${sale.orderId}, ${sale.nowMs})
    on conflict do nothing`);
  const { rows } = await tx.execute<{ order_id: OrderId }>(sql`
    select order_id from member_certificate_use where operator_id = ${sale.operatorId}
       and certificate_id = ${sale.certificateId} and counter = ${sale.counter}`);
  return rows[0]?.order_id === sale.orderId ? undefined : rows[0]?.order_id;
}

/**
 * Stops a member code: the cloud settles nothing with it any more, and every till of the operator
 * has a newer configuration to pull. False when it was stopped before.
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

/**
 * Stops every code of a member that could still be used, for a lost phone. Answers how many were
 * stopped now.
 */
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
  await tx.execute(sql`
    update member_device set revoked_at_ms = ${entry.nowMs}, revoke_reason = ${entry.reason}
     where operator_id = ${entry.operatorId} and member_id = ${entry.memberId}
       and revoked_at_ms is null`);
  const revoked = rowCount ?? 0;
  if (revoked > 0) await announceRevocation(tx, entry.operatorId);
  return { revoked };
}

/** Tills compare this number with their own at every heartbeat and pull when it has grown. */
export const announceRevocation = (tx: Tx, operatorId: OperatorId) =>
  tx.execute(sql`
    update terminal set config_version = config_version + 1
     where operator_id = ${operatorId} and revoked_at_ms is null`);

/**
 * Since when a certificate is stopped, unless its owner was why, by a cloned phone or a freeze:
 * what it signed, he owes.
 */
export async function stoppedSince(
  tx: Db | Tx,
  key: { readonly operatorId: OperatorId; readonly certificateId: string },
): Promise<number | undefined> {
  const { rows } = await tx.execute<{ at: number }>(sql`
    select revoked_at_ms as at from member_certificate_revoked
     where operator_id = ${key.operatorId} and certificate_id = ${key.certificateId}
       and reason not in (${clonedReason}, ${frozenReason})`);
  return rows[0]?.at;
}

/**
 * Stops a phone that signed one showing for two shops: its key, and every code it could still show.
 */
export async function stopClonedDevice(
  tx: Tx,
  cloned: {
    readonly operatorId: OperatorId;
    readonly certificateId: CertificateId;
    readonly devicePublicKey: string;
    readonly nowMs: number;
  },
): Promise<void> {
  const { operatorId, devicePublicKey, nowMs } = cloned;
  await tx.execute(sql`
    update member_device set revoked_at_ms = ${nowMs}, revoke_reason = ${clonedReason}
     where operator_id = ${operatorId} and device_public_key = ${devicePublicKey}
       and revoked_at_ms is null`);
  const { rowCount } = await tx.execute(sql`
    insert into member_certificate_revoked (operator_id, certificate_id, reason, revoked_at_ms)
    select operator_id, certificate_id, ${clonedReason}, ${nowMs}::bigint from member_certificate
     where operator_id = ${operatorId} and device_public_key = ${devicePublicKey}
       and not_after_ms >= ${nowMs}
    union select ${operatorId}, ${cloned.certificateId}, ${clonedReason}, ${nowMs}::bigint
    order by 2 on conflict do nothing`);
  if ((rowCount ?? 0) > 0) await announceRevocation(tx, operatorId);
}

const clonedReason = 'cloned';
/** A held member's codes (stop-frozen-codes.ts). */
export const frozenReason = 'frozen';

/**
 * Takes the next queued sale that is due and holds its row; other workers pass it over. Only its
 * name: whoever reads the rest (lockSettlement) and fails knows whom it was about.
 */
export async function lockDueSettlement(
  tx: Tx,
  nowMs: number,
): Promise<Pick<OfflineSettlement, 'operatorId' | 'orderId'> | undefined> {
  const { rows } = await tx.execute<{ operator_id: OperatorId; order_id: OrderId }>(sql`
    select operator_id, order_id from offline_settlement
     where state = 'queued' and next_at_ms <= ${nowMs}
     order by next_at_ms, accepted_at_ms, order_id limit 1 for update skip locked`);
  const [row] = rows;
  return row && { operatorId: row.operator_id, orderId: row.order_id };
}

export async function lockSettlement(
  tx: Tx,
  key: { readonly operatorId: OperatorId; readonly orderId: OrderId },
): Promise<OfflineSettlement | undefined> {
  const { rows } = await tx.execute<SettlementRow>(sql`
    select *, business_date::text as business_day from offline_settlement
     where operator_id = ${key.operatorId} and order_id = ${key.orderId} for update`);
  return rows[0] === undefined ? undefined : toSettlement(rows[0]);
}

export const offlineExceptionsMax = 500;

/**
 * Offline sales of a merchant that did not turn into money, or are parked, newest first: for
 * people.
 */
export async function listOfflineExceptions(
  db: Db,
  merchant: { readonly operatorId: OperatorId; readonly merchantId: MerchantId },
): Promise<readonly OfflineSettlement[]> {
  const { rows } = await db.execute<SettlementRow>(sql`
    select *, business_date::text as business_day from offline_settlement
     where operator_id = ${merchant.operatorId} and merchant_id = ${merchant.merchantId}
       and (state in ('debit-failed', 'duplicate') or parked_reason is not null)
     order by accepted_at_ms desc limit ${offlineExceptionsMax}`);
  return rows.map(listedSettlement);
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
      settled_at_ms = ${change.settledAtMs ?? null}, parked_reason = null
    where operator_id = ${sale.operatorId} and order_id = ${sale.orderId}`);
}

export const saveOverCaps = (
  tx: Tx,
  sale: OfflineSettlement,
  overCaps: ErrorCode | undefined,
): Promise<unknown> =>
  tx.execute(sql`
    update offline_settlement set over_caps = ${overCaps ?? null}
     where operator_id = ${sale.operatorId} and order_id = ${sale.orderId}`);

/** Why the sale is debited without the member's vouchers. */
export const saveVoucherRefusal = (
  tx: Tx,
  sale: OfflineSettlement,
  refused: ErrorCode,
): Promise<unknown> =>
  tx.execute(sql`
    update offline_settlement set voucher_refused = ${refused}
     where operator_id = ${sale.operatorId} and order_id = ${sale.orderId}`);

const parkedReasonCharsMax = 500;

/** Why it does not go on; undefined: it does again. A queued sale is tried again at `nextAtMs`. */
export const saveParked = (
  tx: Tx,
  sale: Pick<OfflineSettlement, 'operatorId' | 'orderId'>,
  reason: string | undefined,
  nextAtMs?: number,
): Promise<unknown> =>
  tx.execute(sql`
    update offline_settlement set parked_reason = ${reason?.slice(0, parkedReasonCharsMax) ?? null},
           next_at_ms = coalesce(${nextAtMs ?? null}::bigint, next_at_ms)
     where operator_id = ${sale.operatorId} and order_id = ${sale.orderId}`);

/** Who bears what a failed sale lost, and the sale that proves it. */
export const saveLoss = (
  tx: Tx,
  sale: OfflineSettlement,
  loss: {
    readonly bearer: LossBearer;
    readonly coveredFen: Fen;
    readonly rivalOrderId: OrderId | undefined;
  },
): Promise<unknown> =>
  tx.execute(sql`
    update offline_settlement set bearer_party = ${loss.bearer}, covered_fen = ${loss.coveredFen},
           rival_order_id = ${loss.rivalOrderId ?? null}
     where operator_id = ${sale.operatorId} and order_id = ${sale.orderId}`);
