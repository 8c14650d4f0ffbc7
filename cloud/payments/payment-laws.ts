import { sql } from 'drizzle-orm';
import type { Law } from '#cloud/ledger/proofs.ts';

/**
 * A paid charge stands in the books some 50 ms later; so long it may be on its way
 * (payments/booking/booker.ts).
 */
const onItsWayMsMax = 60_000;

/** What must hold between the charges that were paid and the sales in the books. */
export const paymentLaws: readonly Law[] = [
  {
    name: 'paid-charges-are-booked',
    says: 'Every paid charge is in the books with its own sums a minute later, or waits openly with a reason.',
    violations: (operatorId) => sql`
      SELECT a.order_id, a.attempt, a.book_state, a.amount_fen, l.amount_fen AS booked_fen
        FROM payment_attempt a
        LEFT JOIN settlement_line l ON l.operator_id = a.operator_id
         AND l.merchant_id = a.merchant_id AND l.order_id = a.order_id AND l.source = 'channel'
       WHERE a.operator_id = ${operatorId} AND a.status = 'paid'
         AND a.book_state NOT IN ('parked', 'kept')
         AND (a.book_state, a.amount_fen, a.voucher_fen,
              -- After the stop of a winding down no sale carries a concession, whatever its till still asks for.
              CASE WHEN l.concession_bp = 0 AND EXISTS (
                     SELECT FROM wind_down w WHERE w.operator_id = a.operator_id
                        AND w.state IN ('published', 'distributed') AND w.stop_on <= l.ledger_date)
                THEN 0 ELSE a.concession_bp END)
             IS DISTINCT FROM ('booked', l.amount_fen, l.voucher_fen, l.concession_bp)
         AND (a.book_state <> 'none'
              OR abs(extract(epoch FROM now()) * 1000 - a.settled_at_ms) > ${onItsWayMsMax})`,
  },
  {
    name: 'what-went-back-is-not-booked',
    says: 'An order whose every charge failed or went back is not in the books as paid by a channel.',
    violations: (operatorId) => sql`
      SELECT l.order_id, array_agg(a.status) AS charges FROM settlement_line l
        JOIN payment_attempt a ON a.operator_id = l.operator_id AND a.merchant_id = l.merchant_id
         AND a.order_id = l.order_id
       WHERE l.operator_id = ${operatorId} AND l.source = 'channel'
       GROUP BY l.order_id HAVING NOT bool_or(a.status = 'paid')`,
  },
  {
    name: 'paid-twice-is-settled-once',
    says: 'What two people decided about a charge paid beside other money stands in the books once: due to the payer until it went back, or the merchant’s.',
    violations: (operatorId) => sql`
      SELECT coalesce(p.order_id, t.order_id) AS order_id, p.verdict, p.status, p.book_state,
             p.amount_fen, t.due_fen, t.channel_fen, t.merchant_fen
        FROM (SELECT w.*, a.status, a.book_state, a.next_step FROM paid_twice w
                JOIN payment_attempt a USING (operator_id, order_id, attempt)
               WHERE w.operator_id = ${operatorId}) p
        FULL JOIN (SELECT x.book, split_part(x.idem_key, ':', 2) AS order_id,
            sum(e.amount_fen) FILTER (WHERE e.account = 'payer_due') AS due_fen,
            -sum(e.amount_fen) FILTER (WHERE e.account = 'channel_clearing') AS channel_fen,
            sum(e.amount_fen) FILTER (WHERE e.account = 'merchant_payable') AS merchant_fen
            FROM ledger_txn x
            JOIN ledger_entry e ON e.operator_id = x.operator_id AND e.txn_no = x.txn_no
           WHERE x.operator_id = ${operatorId}
             AND x.kind IN ('paid-twice', 'paid-twice-back', 'paid-twice-kept') GROUP BY 1, 2) t
          ON t.book = p.merchant_id AND t.order_id = p.order_id
       WHERE p.order_id IS NULL
          OR coalesce(t.due_fen, 0) <> CASE WHEN p.ended_at_ms IS NULL THEN p.amount_fen ELSE 0 END
          OR coalesce(t.channel_fen, 0)
             <> CASE WHEN coalesce(p.ended_as, 'paid') = 'paid' THEN p.amount_fen ELSE 0 END
          OR coalesce(t.merchant_fen, 0) <> CASE p.ended_as WHEN 'paid' THEN p.amount_fen ELSE 0 END
          OR (p.ended_as IS NOT DISTINCT FROM 'paid')
             <> (p.status = 'paid' AND p.book_state = 'kept')
          OR (p.ended_at_ms IS NULL AND p.next_step IS NULL)`,
  },
  {
    name: 'kept-charges-were-paid-alone',
    says: 'Where a channel’s money was kept because the other money went back at the till, nothing of the other money is left, and none went back where it was never taken.',
    violations: (operatorId) => sql`
      SELECT p.order_id, p.verdict, p.back_fen, l.amount_fen,
             coalesce(r.back_fen, 0) AS refunded_fen
        FROM paid_twice p
        LEFT JOIN settlement_line l USING (operator_id, merchant_id, order_id)
        LEFT JOIN LATERAL (SELECT sum(o.amount_fen) AS back_fen FROM order_refund o
          WHERE o.operator_id = p.operator_id AND o.merchant_id = p.merchant_id
            AND o.order_id = p.order_id AND o.how <> 'channel' AND o.status <> 'failed') r ON true
       WHERE p.operator_id = ${operatorId}
         AND CASE p.verdict
               WHEN 'keep-refunded' THEN l.order_id IS NULL OR p.back_fen IS NULL
                 OR coalesce(r.back_fen, 0) < l.amount_fen OR p.back_fen < l.amount_fen
               WHEN 'keep' THEN coalesce(p.back_fen, 0) > 0
               ELSE p.back_fen > coalesce(r.back_fen, 0) END`,
  },
  {
    name: 'covered-losses-are-paid-once',
    says: 'What the platform answers for of an offline sale it paid the merchant, once and nothing else, or it waits openly with a reason.',
    // What waits is an open item of its own: reconciliation/open-items.ts.
    violations: (operatorId) => sql`
      SELECT * FROM (SELECT coalesce(o.order_id, t.idem_key) AS order_id, o.covered_fen,
          CASE WHEN o.parked_reason IS NULL THEN 0 ELSE o.covered_fen END AS parked_fen,
          coalesce(sum(e.amount_fen), 0) AS paid_fen
          FROM (SELECT * FROM offline_settlement
                 WHERE operator_id = ${operatorId} AND covered_fen > 0) o
          FULL JOIN (SELECT * FROM ledger_txn WHERE operator_id = ${operatorId}
                        AND kind = 'offline-guarantee' AND book <> '') t
            ON t.book = o.merchant_id AND t.idem_key = 'guarantee:' || o.order_id
          LEFT JOIN ledger_entry e ON e.operator_id = t.operator_id AND e.txn_no = t.txn_no
           AND e.account = 'merchant_payable'
         GROUP BY 1, o.covered_fen, o.parked_reason) l
       WHERE paid_fen + parked_fen IS DISTINCT FROM covered_fen`,
  },
  {
    name: 'settled-offline-sales-were-debited',
    says: 'An offline sale is settled exactly when one of its debits was paid, and by those sums.',
    violations: (operatorId) => sql`
      SELECT o.order_id, o.state, o.debit_fen, a.amount_fen - a.voucher_fen AS paid_fen
        FROM offline_settlement o
        LEFT JOIN payment_attempt a ON a.operator_id = o.operator_id AND a.order_id = o.order_id
         AND a.kind = 'withhold' AND a.status = 'paid'
       WHERE o.operator_id = ${operatorId}
         AND ((o.state = 'settled') <> (a.order_id IS NOT NULL)
          OR (o.state = 'settled' AND (o.debit_fen <> a.amount_fen - a.voucher_fen
                                       OR o.voucher_fen <> a.voucher_fen)))`,
  },
];
