import { sql } from 'drizzle-orm';
import type { Law } from '#cloud/ledger/proofs.ts';
import { subsidyLaws } from '#cloud/settlement/instructions/subsidy-laws.ts';

/** What must hold between what channels were told and the books. */
export const instructionLaws: readonly Law[] = [
  {
    name: 'instructions-equal-ledger',
    says: 'Every instruction stands in the books once with its amount: pending while it is open, posted when it was done, given back when it failed or was never sent.',
    violations: (operatorId) => sql`
      SELECT coalesce(c.instruction_no, i.instruction_key) AS instruction_no, c.state, e.outcome,
             c.amount_fen, i.amount_fen AS ledger_fen
        FROM (SELECT * FROM channel_instruction WHERE operator_id = ${operatorId}
                 AND kind <> 'subsidy-cancel') c
        FULL JOIN (SELECT * FROM ledger_instruction WHERE operator_id = ${operatorId}) i
          ON i.instruction_key = c.instruction_no AND i.book = coalesce(c.merchant_id, '')
        LEFT JOIN ledger_instruction_end e ON e.operator_id = i.operator_id
          AND e.book = i.book AND e.instruction_key = i.instruction_key
       WHERE c.amount_fen IS DISTINCT FROM i.amount_fen
          OR coalesce(e.outcome, 'pending') IS DISTINCT FROM (CASE c.state
               WHEN 'ready' THEN 'pending' WHEN 'open' THEN 'pending'
               WHEN 'done' THEN 'posted' ELSE 'voided' END)`,
  },
  {
    name: 'splits-within-order',
    says: 'What was split of an order, done or on its way, less what came back, is never more than the order, or than the charge that was kept beside other money of it.',
    violations: (operatorId) => sql`
      SELECT s.* FROM (
        SELECT c.order_id, sum(CASE c.kind WHEN 'split-return' THEN -c.amount_fen
               ELSE c.amount_fen END) AS split_fen, l.net_fen, l.source
          FROM channel_instruction c
          JOIN settlement_line l ON l.operator_id = c.operator_id AND l.merchant_id = c.merchant_id
           AND l.order_id = c.order_id
         WHERE c.operator_id = ${operatorId}
           AND (c.kind IN ('same-day', 'concession', 'release')
             AND c.state IN ('ready', 'open', 'done')
             OR c.kind = 'split-return' AND c.state = 'done')
         GROUP BY c.order_id, l.net_fen, l.source) s
       WHERE s.split_fen > CASE s.source WHEN 'channel' THEN s.net_fen ELSE coalesce((
         SELECT sum(a.amount_fen - a.voucher_fen) FROM payment_attempt a
          WHERE a.operator_id = ${operatorId} AND a.order_id = s.order_id
            AND a.book_state = 'kept'), 0) END`,
  },
  {
    name: 'marks-end-one-way',
    says: 'A charge that was marked for a subsidy is subsidised or its mark is cancelled, never both, and never above the mark.',
    nightly: true,
    violations: (operatorId) => sql`
      SELECT c.order_id, sum(c.amount_fen) AS told_fen, a.subsidy_mark_fen,
             count(*) FILTER (WHERE c.kind = 'subsidy-cancel') AS cancels
        FROM channel_instruction c
        JOIN payment_attempt a ON a.operator_id = c.operator_id AND a.order_id = c.order_id
         AND a.out_trade_no = c.out_trade_no AND a.subsidy_mark_fen IS NOT NULL
       WHERE c.operator_id = ${operatorId} AND c.kind IN ('subsidy', 'subsidy-cancel')
         AND c.state IN ('ready', 'open', 'done')
       GROUP BY c.order_id, a.subsidy_mark_fen
      HAVING count(DISTINCT c.kind) > 1 OR sum(c.amount_fen) > a.subsidy_mark_fen`,
  },
  ...subsidyLaws,
];
