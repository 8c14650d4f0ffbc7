import { sql } from 'drizzle-orm';
import type { Law } from '#cloud/ledger/proofs.ts';

/** What must hold between refunds, the lines they shrank, the wallets and the books. */
export const refundLaws: readonly Law[] = [
  {
    name: 'refunds-equal-lines',
    says: 'What went back of a sale is the sum of its booked refunds, and never above the sale.',
    violations: (operatorId) => sql`
      SELECT coalesce(l.order_id, r.order_id) AS order_id, l.refunded_fen, r.amount_fen
        FROM (SELECT * FROM settlement_line
               WHERE operator_id = ${operatorId} AND refunded_fen > 0) l
        FULL JOIN (SELECT merchant_id, order_id, sum(amount_fen) AS amount_fen,
            sum(cash_fen) AS cash_fen, sum(concession_fen) AS concession_fen,
            sum(same_day_fen) AS same_day_fen, sum(reserve_fen) AS reserve_fen
            FROM order_refund WHERE operator_id = ${operatorId} AND status = 'done' GROUP BY 1, 2) r
          ON r.merchant_id = l.merchant_id AND r.order_id = l.order_id
       WHERE (l.refunded_fen, l.refunded_net_fen, l.returned_concession_fen, l.returned_same_day_fen,
              l.returned_reserve_fen)
         IS DISTINCT FROM (r.amount_fen, r.cash_fen, r.concession_fen, r.same_day_fen, r.reserve_fen)
          OR l.refunded_fen > l.amount_fen`,
  },
  {
    name: 'refunds-equal-ledger',
    says: 'Every booked refund took its money and its vouchers out of the books, once; nothing else did.',
    violations: (operatorId) => sql`
      SELECT coalesce(r.key, t.key) AS refund, r.channel_fen, t.channel_fen AS ledger_fen
        FROM (SELECT o.merchant_id || ':' || o.order_id || ':' || o.refund_no AS key,
                CASE WHEN o.how = 'channel' THEN o.cash_fen ELSE 0 END + o.voucher_fen AS channel_fen,
                o.voucher_fen, coalesce(o.cancelled_fen, 0) AS cancelled_fen
                FROM order_refund o WHERE o.operator_id = ${operatorId} AND o.status = 'done') r
        FULL JOIN (SELECT coalesce(nullif(t.book, ''), x.merchant_id) || ':' || x.order_id || ':' || x.refund_no AS key,
            coalesce(sum(e.amount_fen) FILTER (WHERE e.account = 'channel_clearing'), 0) AS channel_fen,
            coalesce(sum(e.amount_fen) FILTER (WHERE e.account = 'voucher_outstanding'
                                               AND t.kind = 'voucher-return'), 0) AS voucher_fen,
            -coalesce(sum(e.amount_fen) FILTER (WHERE e.account = 'voucher_outstanding'
                                                AND t.kind = 'voucher-clawback'), 0) AS cancelled_fen
            FROM ledger_txn t
            JOIN ledger_entry e ON e.operator_id = t.operator_id AND e.txn_no = t.txn_no
            LEFT JOIN order_refund x ON x.operator_id = t.operator_id
             AND t.idem_key = t.kind || ':' || x.order_id || ':' || x.refund_no
            WHERE t.operator_id = ${operatorId}
              AND t.kind IN ('refund', 'voucher-return', 'voucher-clawback') GROUP BY 1) t
          ON t.key = r.key
       WHERE r.key IS NULL OR coalesce(t.channel_fen, 0) <> r.channel_fen
          OR coalesce(t.voucher_fen, 0) <> r.voucher_fen
          OR coalesce(t.cancelled_fen, 0) <> r.cancelled_fen`,
  },
  {
    name: 'carried-commissions-equal-ledger',
    says: 'What agents carry for refunds after finality and for refused sales left agent_payable, and never exceeds what they earned.',
    violations: (operatorId) => sql`
      SELECT b.fen AS carried_fen, e.fen AS ledger_fen FROM
        (SELECT coalesce(sum(amount_fen), 0) AS fen FROM agent_commission_back
          WHERE operator_id = ${operatorId}) b,
        (SELECT -coalesce(sum(e.amount_fen), 0) AS fen FROM ledger_txn t JOIN ledger_entry e
            ON e.operator_id = t.operator_id AND e.txn_no = t.txn_no AND e.account = 'agent_payable'
          WHERE t.operator_id = ${operatorId} AND t.kind IN ('refund-commission', 'review-commission')) e
       WHERE b.fen <> e.fen
      UNION ALL
      SELECT sum(b.amount_fen), min(c.amount_fen) FROM agent_commission_back b
        LEFT JOIN agent_commission c USING (operator_id, merchant_id, order_id, role)
       WHERE b.operator_id = ${operatorId} GROUP BY b.merchant_id, b.order_id, b.role
      HAVING sum(b.amount_fen) > coalesce(min(c.amount_fen), 0)`,
  },
];
