import { sql } from 'drizzle-orm';
import type { Law } from '#cloud/ledger/proofs.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';

const lcm = sql.raw(String(scheduleLcm));

/** What must hold within the points, which have no books of their own (docs/points.md 2.2, 2.5, 2.9). */
export const pointsLaws: readonly Law[] = [
  {
    name: 'accounts-equal-lots',
    says: 'What an account was issued is the sum of its lots that are final.',
    nightly: true,
    violations: (operatorId) => sql`
      SELECT member_id, coalesce(a.issued, 0) AS issued, coalesce(l.points, 0) AS lots FROM
        (SELECT member_id, issued FROM account_points WHERE operator_id = ${operatorId}) a
        FULL JOIN (SELECT member_id, sum(points) AS points FROM points_lot
                    WHERE operator_id = ${operatorId} AND state = 'final' GROUP BY member_id) l
        USING (member_id)
      WHERE coalesce(a.issued, 0) <> coalesce(l.points, 0)`,
  },
  {
    name: 'schedules-equal-lots',
    says: 'What an account gives per close, and gave so far, is what its lots give by their age.',
    nightly: true,
    // While a period is being closed some accounts have seen it and some have not: the next proof looks at them.
    violations: (operatorId) => sql`
      WITH closed AS (SELECT period FROM period_close WHERE operator_id = ${operatorId}),
      ages AS (SELECT i.issued_in, (SELECT count(*) FROM closed c WHERE c.period >= i.issued_in) AS closes
                 FROM (SELECT DISTINCT issued_in FROM points_lot
                        WHERE operator_id = ${operatorId} AND state = 'final') i)
      SELECT member_id, a.active_num, l.active AS lots_active, a.cum_num, l.given AS lots_given FROM
        (SELECT member_id, active_num, cum_num FROM account_points
          WHERE operator_id = ${operatorId}) a
        FULL JOIN (SELECT member_id,
            sum(points::numeric * (${lcm} / n)) FILTER (WHERE closes < n) AS active,
            sum(points::numeric * (${lcm} / n) * least(closes, n)) AS given
          FROM points_lot JOIN ages USING (issued_in)
          WHERE operator_id = ${operatorId} AND state = 'final' GROUP BY member_id) l
        USING (member_id)
      WHERE (coalesce(a.active_num, 0) <> coalesce(l.active, 0)
          OR coalesce(a.cum_num, 0) <> coalesce(l.given, 0))
        AND NOT EXISTS (SELECT FROM period_closing
                         WHERE operator_id = ${operatorId} AND state <> 'closed')`,
  },
  {
    name: 'released-value-is-vouchers',
    says: 'The value an account was released is the face of its vouchers, less what claw-backs and corrections cancelled.',
    nightly: true,
    violations: (operatorId) => sql`
      SELECT member_id, coalesce(a.released_fen, 0) AS released_fen, coalesce(v.fen, 0) AS vouchers_fen FROM
        (SELECT member_id, released_fen FROM account_points WHERE operator_id = ${operatorId}) a
        FULL JOIN (SELECT member_id, sum(face_fen - clawed_fen) AS fen FROM voucher
                    WHERE operator_id = ${operatorId} GROUP BY member_id) v
        USING (member_id)
      WHERE coalesce(a.released_fen, 0) <> coalesce(v.fen, 0)`,
  },
  {
    name: 'vouchers-are-whole',
    says: 'The face of a voucher is what is left, set aside, spent, expired and cancelled of it.',
    nightly: true,
    violations: (operatorId) => sql`
      SELECT voucher_id, face_fen, left_fen, held_fen, spent_fen, expired_fen, clawed_fen FROM voucher
      WHERE operator_id = ${operatorId}
        AND face_fen <> left_fen + held_fen + spent_fen + expired_fen + clawed_fen`,
  },
  {
    name: 'released-points-have-a-cause',
    says: 'The points that accounts have used up are those of runs, corrections and the end, less what claw-backs restored.',
    violations: (operatorId) => sql`
      SELECT * FROM (SELECT
        (SELECT coalesce(sum(released), 0) FROM account_points
          WHERE operator_id = ${operatorId}) AS accounts_points,
        (SELECT coalesce(sum(points_used), 0) FROM release_run
          WHERE operator_id = ${operatorId} AND state = 'posted')
        + (SELECT coalesce(sum(c.points_used), 0) FROM release_chunk c
             JOIN release_run r USING (operator_id, period, day)
            WHERE c.operator_id = ${operatorId} AND c.state = 'posted' AND r.state <> 'posted') AS runs_points,
        (SELECT coalesce(sum(CASE kind WHEN 'give' THEN points ELSE -points END), 0)
           FROM release_adjustment
          WHERE operator_id = ${operatorId} AND state = 'posted') AS corrections_points,
        (SELECT coalesce(sum(points), 0) FROM wind_down_share
          WHERE operator_id = ${operatorId}) AS end_points,
        (SELECT coalesce(sum(points), 0) FROM points_entry
          WHERE operator_id = ${operatorId} AND kind = 'restored') AS restored_points) p
      WHERE accounts_points <> runs_points + corrections_points + end_points - restored_points`,
  },
  {
    name: 'lots-follow-their-orders',
    says: 'A consumer lot has a point for each fen of concession that its order still gives up.',
    nightly: true,
    violations: (operatorId) => sql`
      SELECT l.order_id, l.points, o.concession_fen FROM points_lot l
        JOIN points_order o ON o.operator_id = l.operator_id AND o.order_id = l.order_id
      WHERE l.operator_id = ${operatorId} AND l.kind = 'consumer' AND l.state <> 'refused'
        AND l.points <> o.concession_fen`,
  },
  {
    name: 'credit-equals-entries',
    says: 'The promotion credit of a shop is the sum of its entries.',
    nightly: true,
    violations: (operatorId) => sql`
      SELECT merchant_id, coalesce(c.points, 0) AS credit, coalesce(e.points, 0) AS entries FROM
        (SELECT merchant_id, points FROM promo_credit WHERE operator_id = ${operatorId}) c
        FULL JOIN (SELECT merchant_id, sum(points) AS points FROM promo_entry
                    WHERE operator_id = ${operatorId} GROUP BY merchant_id) e USING (merchant_id)
      WHERE coalesce(c.points, 0) <> coalesce(e.points, 0)`,
  },
];
