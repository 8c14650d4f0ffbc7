import { sql, type SQL } from 'drizzle-orm';
import type { Law } from '#cloud/ledger/proofs.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** Rows of `table` whose order's channel was told to pay its vouchers are left out. */
const untold = (table: 'l' | 'r'): SQL => sql`
  NOT EXISTS (SELECT FROM channel_instruction i WHERE i.operator_id = ${sql.raw(table)}.operator_id
    AND i.order_id = ${sql.raw(table)}.order_id AND i.kind = 'subsidy')`;

/** Vouchers of sales (above 0) and of refunds (below 0) that no channel pays, as lines and refunds have them. */
const vouchersOf = (operatorId: OperatorId): SQL => sql`
  SELECT l.merchant_id, l.order_id, 0 AS refund_no, l.voucher_fen AS fen FROM settlement_line l
   WHERE l.operator_id = ${operatorId} AND l.voucher_fen > 0 AND ${untold('l')}
  UNION ALL
  SELECT r.merchant_id, r.order_id, r.refund_no, -r.voucher_fen FROM order_refund r
   WHERE r.operator_id = ${operatorId} AND r.voucher_fen > 0 AND r.status = 'done' AND ${untold('r')}`;

/** What must hold between vouchers, what channels are told of them, and what is paid by hand. */
export const subsidyLaws: readonly Law[] = [
  {
    name: 'vouchers-go-one-way',
    says: 'The vouchers of every sale and refund are told to its channel or are part of its shop’s payouts: never both, never neither.',
    nightly: true,
    violations: (operatorId) => sql`
      SELECT coalesce(v.order_id, p.order_id) AS order_id, coalesce(v.refund_no, p.refund_no) AS refund_no,
             v.fen AS vouchers_fen, p.amount_fen AS part_fen
        FROM (${vouchersOf(operatorId)}) v
        FULL JOIN (SELECT * FROM subsidy_part WHERE operator_id = ${operatorId}) p
          ON p.merchant_id = v.merchant_id AND p.order_id = v.order_id AND p.refund_no = v.refund_no
       WHERE v.fen IS DISTINCT FROM p.amount_fen`,
  },
  {
    name: 'payouts-equal-vouchers',
    says: 'Of each shop the vouchers that no channel pays, less what refunds gave back, are what people are told to pay, what is carried, and what is not instructed yet.',
    nightly: true,
    violations: (operatorId) => sql`
      SELECT merchant_id, sum(vouchers_fen) AS vouchers_fen, sum(instructed_fen) AS instructed_fen,
             sum(carried_fen) AS carried_fen, sum(open_fen) AS open_fen
        FROM (
          SELECT v.merchant_id, v.fen AS vouchers_fen, 0 AS instructed_fen, 0 AS carried_fen,
                 0 AS open_fen
            FROM (${vouchersOf(operatorId)}) v
           WHERE NOT EXISTS (SELECT FROM subsidy_part b WHERE b.operator_id = ${operatorId}
             AND b.merchant_id = v.merchant_id AND b.order_id = v.order_id AND b.is_before)
          UNION ALL
          SELECT merchant_id, 0, amount_fen, 0, 0 FROM channel_instruction
           WHERE operator_id = ${operatorId} AND kind = 'subsidy-payout' AND replaced_by IS NULL
          UNION ALL
          (SELECT DISTINCT ON (merchant_id) merchant_id, 0, 0,
                  carried_fen + spent_fen - returned_fen - payout_fen, 0
             FROM subsidy_payout WHERE operator_id = ${operatorId} ORDER BY merchant_id, day DESC)
          UNION ALL
          SELECT merchant_id, 0, 0, 0, amount_fen FROM subsidy_part
           WHERE operator_id = ${operatorId} AND day IS NULL AND NOT is_before
        ) s
       GROUP BY merchant_id
      HAVING sum(vouchers_fen) <> sum(instructed_fen) + sum(carried_fen) + sum(open_fen)`,
  },
  {
    name: 'payouts-go-to-their-shop',
    says: 'What people pay a shop is addressed to an account of that shop, and none was called paid that was addressed to nobody while there was one.',
    violations: (operatorId) => sql`
      SELECT i.instruction_no, i.merchant_id, a.merchant_id AS payee_of, a.payee_no, i.state
        FROM payout_payee a
        JOIN channel_instruction i USING (operator_id, instruction_no)
       WHERE a.operator_id = ${operatorId}
         AND (a.merchant_id IS DISTINCT FROM i.merchant_id OR NOT i.by_hand)
      UNION ALL
      SELECT i.instruction_no, i.merchant_id, NULL, NULL, i.state FROM channel_instruction i
       WHERE i.operator_id = ${operatorId} AND i.kind = 'subsidy-payout' AND i.state = 'done'
         AND NOT EXISTS (SELECT FROM payout_payee a WHERE a.operator_id = i.operator_id
           AND a.instruction_no = i.instruction_no)
         AND EXISTS (SELECT FROM shop_payee p WHERE p.operator_id = i.operator_id
           AND p.merchant_id = i.merchant_id AND p.made_at_ms < i.ended_at_ms)`,
  },
  {
    name: 'payouts-equal-their-days',
    says: 'Every payout has in its sum what is said to be part of it, begins with what the one before left, and is told to people once.',
    nightly: true,
    violations: (operatorId) => sql`
      SELECT coalesce(d.merchant_id, p.merchant_id, i.merchant_id) AS merchant_id,
             coalesce(d.day, p.day, i.day)::text AS day, d.payout_fen, i.instructed_fen,
             d.spent_fen - d.returned_fen AS net_fen, p.parts_fen, d.carried_fen, d.left_before_fen
        FROM (SELECT *, coalesce(lag(carried_fen + spent_fen - returned_fen - payout_fen)
                OVER (PARTITION BY merchant_id ORDER BY day), 0) AS left_before_fen
                FROM subsidy_payout WHERE operator_id = ${operatorId}) d
        FULL JOIN (SELECT merchant_id, day, sum(amount_fen) AS parts_fen FROM subsidy_part
                    WHERE operator_id = ${operatorId} AND day IS NOT NULL GROUP BY 1, 2) p
          USING (merchant_id, day)
        FULL JOIN (SELECT merchant_id, to_date(right(out_trade_no, 8), 'YYYYMMDD') AS day,
                     sum(amount_fen) AS instructed_fen FROM channel_instruction
                    WHERE operator_id = ${operatorId} AND kind = 'subsidy-payout'
                      AND replaced_by IS NULL GROUP BY 1, 2) i
          USING (merchant_id, day)
       WHERE coalesce(d.payout_fen, -1) <> coalesce(i.instructed_fen, 0)
          OR d.spent_fen - d.returned_fen IS DISTINCT FROM p.parts_fen
          OR d.carried_fen <> d.left_before_fen`,
  },
];
