import { sql } from 'drizzle-orm';
import type { Law } from '#cloud/ledger/proofs.ts';

/** What must hold between members' wallets and the books. */
export const voucherLaws: readonly Law[] = [
  {
    name: 'wallets-equal-ledger',
    says: 'What members can still spend is what the books hold for vouchers, less what waits with a parked booking.',
    // A charge that is paid but whose booking was refused has spent its vouchers; the books follow when it is booked.
    violations: (operatorId) => sql`
      SELECT * FROM (SELECT
        (SELECT coalesce(sum(left_fen + held_fen), 0) FROM voucher
          WHERE operator_id = ${operatorId}) AS wallets_fen,
        (SELECT coalesce(sum(r.voucher_fen), 0) FROM voucher_reservation r
           JOIN payment_attempt a ON a.operator_id = r.operator_id
            AND a.order_id = r.order_id AND a.reservation_id = r.reservation_id
          WHERE r.operator_id = ${operatorId} AND r.state = 'committed'
            AND a.book_state = 'parked'
            -- Paid beside a sale that spent them: they are in the books.
            AND NOT EXISTS (SELECT FROM settlement_line l
              WHERE l.operator_id = a.operator_id AND l.merchant_id = a.merchant_id
                AND l.order_id = a.order_id AND l.voucher_fen > 0)) AS parked_fen,
        (SELECT coalesce(sum(balance_fen), 0) FROM ledger_balance
          WHERE operator_id = ${operatorId} AND account = 'voucher_outstanding') AS ledger_fen) w
      WHERE wallets_fen + parked_fen <> ledger_fen`,
  },
  {
    name: 'held-vouchers-have-an-order',
    says: 'What is set aside of a voucher is what reservations under way hold of it.',
    violations: (operatorId) => sql`
      SELECT v.voucher_id, v.held_fen, coalesce(sum(l.amount_fen), 0) AS reserved_fen
        FROM voucher v
        LEFT JOIN (voucher_reservation_line l JOIN voucher_reservation r
               ON r.operator_id = l.operator_id AND r.reservation_id = l.reservation_id
              AND r.state = 'held')
          ON l.operator_id = v.operator_id AND l.voucher_id = v.voucher_id
       WHERE v.operator_id = ${operatorId}
       GROUP BY v.operator_id, v.voucher_id, v.held_fen
      HAVING v.held_fen <> coalesce(sum(l.amount_fen), 0)`,
  },
  {
    name: 'spent-vouchers-have-an-order',
    says: 'What is spent of a voucher is what committed reservations took of it and refunds did not give back.',
    violations: (operatorId) => sql`
      SELECT v.voucher_id, v.spent_fen, coalesce(sum(l.amount_fen - l.returned_fen), 0) AS committed_fen
        FROM voucher v
        LEFT JOIN (voucher_reservation_line l JOIN voucher_reservation r
               ON r.operator_id = l.operator_id AND r.reservation_id = l.reservation_id
              AND r.state = 'committed')
          ON l.operator_id = v.operator_id AND l.voucher_id = v.voucher_id
       WHERE v.operator_id = ${operatorId}
       GROUP BY v.operator_id, v.voucher_id, v.spent_fen
      HAVING v.spent_fen <> coalesce(sum(l.amount_fen - l.returned_fen), 0)`,
  },
];
