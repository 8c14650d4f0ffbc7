import { sql } from 'drizzle-orm';
import type { Law } from '#cloud/ledger/proofs.ts';

/** What must hold between the settlement lines, the runs, the commissions and the ledger. */
export const settlementLaws: readonly Law[] = [
  {
    name: 'one-journal-per-order',
    says: 'Every paid order has exactly one sale journal, and every sale journal its order.',
    violations: (operatorId) => sql`
      SELECT coalesce(l.order_id, t.idem_key) AS order_id, count(t.idem_key) AS journals FROM
        (SELECT * FROM settlement_line WHERE operator_id = ${operatorId}
           AND (source = 'channel' OR concession_fen > 0)) l
        FULL JOIN (SELECT * FROM ledger_txn WHERE operator_id = ${operatorId}
           AND kind IN ('channel-sale', 'cash-sale', 'box-sale', 'promise-sale')) t
        ON t.book = l.merchant_id AND t.idem_key = 'sale:' || l.order_id
      GROUP BY 1 HAVING count(l.order_id) <> 1 OR count(t.idem_key) <> 1`,
  },
  {
    name: 'one-subsidy-per-voucher-order',
    says: 'Every order with vouchers redeemed them once and paid the merchant their value once, no other did.',
    violations: (operatorId) => sql`
      SELECT order_id, voucher_fen, sum(e.amount_fen) AS paid_fen, sum(r.amount_fen) AS redeemed_fen
      FROM settlement_line l
      LEFT JOIN ledger_txn t ON t.operator_id = l.operator_id AND t.book = l.merchant_id
        AND t.idem_key = 'subsidy:' || l.order_id
      LEFT JOIN ledger_entry e ON e.operator_id = t.operator_id AND e.txn_no = t.txn_no
        AND e.account = 'merchant_payable'
      LEFT JOIN ledger_txn d ON d.operator_id = l.operator_id AND d.book = ''
        AND d.idem_key = 'redeem:' || l.order_id
      LEFT JOIN ledger_entry r ON r.operator_id = d.operator_id AND r.txn_no = d.txn_no
        AND r.account = 'voucher_outstanding'
      WHERE l.operator_id = ${operatorId}
      GROUP BY l.merchant_id, order_id, voucher_fen
      HAVING coalesce(sum(e.amount_fen), 0) <> voucher_fen
          OR coalesce(sum(r.amount_fen), 0) <> -voucher_fen`,
  },
  {
    name: 'hold-equals-ledger',
    says: 'Reserve, pending and owed concession of each merchant are those of his lines under hold.',
    violations: (operatorId) => sql`
      SELECT coalesce(merchant_id, book) AS merchant_id, coalesce(l.account, b.account) AS account, lines_fen, balance_fen FROM (
        SELECT merchant_id, account, sum(part_fen) AS lines_fen FROM settlement_line,
          LATERAL (VALUES
            ('concession_pending', CASE state WHEN 'held' THEN concession_fen - returned_concession_fen ELSE 0 END),
            ('merchant_reserve', CASE WHEN state = 'held' AND source = 'channel'
                                      THEN reserve_fen - concession_fen
                                           - returned_reserve_fen + returned_concession_fen ELSE 0 END),
            ('concession_receivable', CASE WHEN source <> 'channel'
                                      THEN collected_fen - concession_fen + returned_concession_fen ELSE 0 END)
          ) AS part (account, part_fen)
        WHERE operator_id = ${operatorId} GROUP BY merchant_id, account
      ) l
      FULL JOIN (
        SELECT book, account, sum(balance_fen) AS balance_fen FROM ledger_balance
        WHERE operator_id = ${operatorId} AND book <> ''
          AND account IN ('concession_pending', 'merchant_reserve', 'concession_receivable')
        GROUP BY book, account
      ) b ON b.book = l.merchant_id AND b.account = l.account
      WHERE coalesce(lines_fen, 0) <> coalesce(balance_fen, 0)`,
  },
  {
    name: 'what-is-reviewed-is-not-final',
    says: 'No sale that is held for review became final.',
    violations: (operatorId) => sql`
      SELECT l.order_id, l.final_run FROM settlement_line l
      JOIN review_hold h ON h.operator_id = l.operator_id AND h.merchant_id = l.merchant_id
        AND h.order_id = l.order_id AND h.state = 'held'
      WHERE l.operator_id = ${operatorId} AND l.state = 'final'`,
  },
  {
    name: 'runs-equal-lines',
    says: 'Every finality run is the sum of the lines that it made final.',
    violations: (operatorId) => sql`
      SELECT run, r.order_count, l.order_count AS lines FROM
        (SELECT * FROM finality_run WHERE operator_id = ${operatorId}) r
        FULL JOIN (
          SELECT final_run AS run, count(*) AS order_count,
            sum(concession_fen - returned_concession_fen) AS concession_fen,
            sum(agents_fen) AS agents_fen, sum(margin_fen) AS margin_fen,
            sum(contingency_fen) AS contingency_fen, sum(fund_fen) AS fund_fen
          FROM settlement_line WHERE operator_id = ${operatorId} AND state = 'final' GROUP BY 1
        ) l USING (run)
      WHERE (r.concession_fen, r.agents_fen, r.margin_fen, r.contingency_fen, r.fund_fen)
        IS DISTINCT FROM (coalesce(l.concession_fen, 0), coalesce(l.agents_fen, 0),
          coalesce(l.margin_fen, 0), coalesce(l.contingency_fen, 0), coalesce(l.fund_fen, 0))
        OR r.order_count <> coalesce(l.order_count, 0)`,
  },
  {
    name: 'commissions-equal-ledger',
    says: 'What agents earned order by order is what each run put into agent_payable.',
    violations: (operatorId) => sql`
      SELECT run, c.fen AS commissions_fen, e.fen AS ledger_fen FROM
        (SELECT final_run AS run, sum(amount_fen) AS fen FROM agent_commission
         WHERE operator_id = ${operatorId} GROUP BY 1) c
        FULL JOIN (SELECT split_part(t.idem_key, ':', 2)::bigint AS run, sum(e.amount_fen) AS fen
          FROM ledger_txn t JOIN ledger_entry e
            ON e.operator_id = t.operator_id AND e.txn_no = t.txn_no AND e.account = 'agent_payable'
          WHERE t.operator_id = ${operatorId} AND t.kind = 'finality' GROUP BY 1) e USING (run)
      WHERE c.fen IS DISTINCT FROM e.fen`,
  },
];
