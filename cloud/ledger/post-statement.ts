import type { Statement } from '#cloud/platform/db.ts';

/** A batch as columns: the first six have one value per journal, the rest one per leg. */
export interface PostArrays {
  readonly operators: readonly string[];
  readonly books: readonly string[];
  readonly keys: readonly string[];
  readonly kinds: readonly string[];
  readonly eventAtMs: readonly number[];
  readonly hashes: readonly string[];
  /** Index of the leg's journal, from 0. */
  readonly legJournals: readonly number[];
  readonly legPositions: readonly number[];
  readonly legAccounts: readonly string[];
  readonly legAmounts: readonly number[];
  /** Number of sub-accounts of the leg's account. */
  readonly legSlots: readonly number[];
  /** 1: balance >= 0, -1: balance <= 0, 0: not guarded. */
  readonly legGuards: readonly number[];
}

/**
 * The one statement that writes the books. It answers one row: `posted` (indexes of the journals that are new),
 * `sum_fen` of the new legs, and `violations` of guarded accounts. A connection keeps to one slot of each hot account,
 * so two connections seldom wait for each other. A DBA changes the number of slots at any time, because a balance is
 * the sum of whatever slots there are: `alter database … set app.ledger_slots = 32`.
 */
export const postStatement: Statement = {
  name: 'post-journals',
  text: `
    WITH input AS (
      SELECT operator_id, book, idem_key, kind, event_at_ms, content_hash, (ordinal - 1)::int AS journal
      FROM unnest(
        $1::text[], $2::text[],
        $3::text[], $4::text[],
        $5::bigint[], $6::text[]
      ) WITH ORDINALITY AS i (operator_id, book, idem_key, kind, event_at_ms, content_hash, ordinal)
    ),
    new_txn AS (
      INSERT INTO ledger_txn (operator_id, book, idem_key, kind, event_at_ms, content_hash)
      SELECT operator_id, book, idem_key, kind, event_at_ms, content_hash FROM input
      ORDER BY operator_id, book, idem_key
      ON CONFLICT DO NOTHING
      RETURNING operator_id, book, idem_key, txn_no
    ),
    new_leg AS (
      SELECT n.operator_id, n.txn_no, n.book, i.journal, l.leg, l.account, l.amount_fen, l.slots, l.guard
      FROM unnest(
        $7::int[], $8::smallint[],
        $9::text[], $10::bigint[],
        $11::int[], $12::int[]
      ) AS l (journal, leg, account, amount_fen, slots, guard)
      JOIN input i USING (journal)
      JOIN new_txn n USING (operator_id, book, idem_key)
    ),
    entries AS (
      INSERT INTO ledger_entry (operator_id, txn_no, leg, book, account, amount_fen)
      SELECT operator_id, txn_no, leg, book, account, amount_fen FROM new_leg
    ),
    delta AS (
      SELECT operator_id, book, account, guard, (pg_backend_pid() % CASE WHEN slots = 1 THEN 1 ELSE
               coalesce(nullif(current_setting('app.ledger_slots', true), '')::int, slots) END)::smallint AS slot,
             sum(amount_fen)::bigint AS amount_fen
      FROM new_leg GROUP BY operator_id, book, account, slots, guard
    ),
    moved AS (
      INSERT INTO ledger_balance (operator_id, book, account, slot, balance_fen)
      SELECT operator_id, book, account, slot, amount_fen FROM delta
      ORDER BY operator_id, book, account, slot
      ON CONFLICT (operator_id, book, account, slot)
      DO UPDATE SET balance_fen = ledger_balance.balance_fen + EXCLUDED.balance_fen
      RETURNING operator_id, book, account, balance_fen
    )
    SELECT
      coalesce((SELECT json_agg(DISTINCT journal) FROM new_leg), '[]') AS posted,
      coalesce((SELECT sum(amount_fen) FROM new_leg), 0)::text AS sum_fen,
      coalesce((
        SELECT json_agg(json_build_object('operatorId', m.operator_id, 'book', m.book,
                                          'account', m.account, 'balanceFen', m.balance_fen))
        FROM moved m JOIN delta d USING (operator_id, book, account)
        WHERE m.balance_fen * d.guard < 0
      ), '[]') AS violations`,
};

/** The columns of a batch, in the order in which {@link postStatement} takes them. */
export const postValues = (batch: PostArrays): readonly unknown[] => [
  batch.operators,
  batch.books,
  batch.keys,
  batch.kinds,
  batch.eventAtMs,
  batch.hashes,
  batch.legJournals,
  batch.legPositions,
  batch.legAccounts,
  batch.legAmounts,
  batch.legSlots,
  batch.legGuards,
];
