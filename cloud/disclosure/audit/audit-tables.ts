import { sql, type SQL } from 'drizzle-orm';
import type { OperatorId } from '#shared/ids/ids.ts';
import { dayStartMs, addDays } from '#shared/time/calendar-day.ts';

/** What is exported: whose books, and the days of it, both included, YYYY-MM-DD. */
export interface AuditSpan {
  readonly operatorId: OperatorId;
  readonly from: string;
  readonly to: string;
}

/** One table of the export: a CSV and a JSON file of the same rows. */
export interface AuditTable {
  readonly name: string;
  /** In the order of the files. A name that ends in _json holds a whole record. */
  readonly columns: readonly string[];
  /** Answers exactly the columns, in an order that no two runs differ in. */
  readonly query: (span: AuditSpan) => SQL;
}

const ofDays = (column: SQL, { from, to }: AuditSpan): SQL =>
  sql`${column} between ${from}::date and ${to}::date`;

/** A person by his number; a version that was set up by hand may name somebody, and nobody is named here. */
const person = (column: SQL): SQL => sql`
  case when ${column} is null or ${column} like 'prs\\_%' then ${column}
       else 'sha256:' || encode(sha256(convert_to(${column}, 'UTF8')), 'hex') end`;

/**
 * Accounts are numbers: no name, no phone, no free text of people. Closes, versions and balances are there from the
 * beginning, because every close is decided on what went before it.
 */
export const auditTables: readonly AuditTable[] = [
  {
    name: 'policy-versions',
    columns: [
      'version',
      'effective_period',
      'effective_from',
      'proposed_by',
      'approved_by',
      'config_json',
    ],
    query: ({ operatorId }) => sql`
      select version, effective_period, effective_from::text as effective_from,
             ${person(sql`proposed_by`)} as proposed_by, ${person(sql`approved_by`)} as approved_by,
             config as config_json
        from points_config_version where operator_id = ${operatorId} order by version`,
  },
  {
    name: 'closes',
    columns: [
      'period',
      'config_version',
      'gate_open',
      'gate_reason',
      'mult_bp',
      'budget_fen',
      'n_base',
      'unreleased_points',
      'inflow_points',
      'history_points',
      'explanation_hash',
      'explanation_json',
    ],
    // The same figure of old closes as readInflowHistory has it.
    query: ({ operatorId }) => sql`
      select period, config_version, gate_open, gate_reason, mult_bp, budget_fen, n_base,
             unreleased_points, inflow_points,
             coalesce(concession_points, inflow_points * 20 / 21) as history_points,
             explanation_hash, explanation as explanation_json
        from period_close where operator_id = ${operatorId} order by period collate "C"`,
  },
  {
    name: 'runs',
    columns: [
      'period',
      'day',
      'run_id',
      'limit_fen',
      'released_fen',
      'points_used',
      'account_count',
      'snapshot_hash',
      'explanation_hash',
      'snapshot_json',
      'explanation_json',
    ],
    query: (span) => sql`
      select period, day::text as day, run_id, limit_fen, released_fen, points_used, account_count,
             snapshot_hash, explanation_hash, snapshot as snapshot_json,
             explanation as explanation_json
        from release_run
       where operator_id = ${span.operatorId} and state = 'posted' and ${ofDays(sql`release_run.day`, span)}
       order by release_run.day, period collate "C"`,
  },
  {
    name: 'allocations',
    columns: [
      'period',
      'day',
      'member_id',
      'due_points',
      'mult_bp',
      'want_fen',
      'most_fen',
      'alloc_fen',
      'points_used',
      'voucher_id',
    ],
    query: (span) => sql`
      select a.period, a.day::text as day, a.member_id, a.due_points, a.mult_bp, a.want_fen,
             a.most_fen, a.alloc_fen, a.points_used, a.voucher_id
        from release_allocation a
        join release_run r on r.operator_id = a.operator_id and r.period = a.period
                          and r.day = a.day and r.state = 'posted'
       where a.operator_id = ${span.operatorId} and ${ofDays(sql`a.day`, span)}
       order by a.day, a.period collate "C", a.member_id collate "C"`,
  },
  {
    name: 'adjustments',
    columns: [
      'adjustment_no',
      'period',
      'day',
      'member_id',
      'kind',
      'value_fen',
      'points',
      'state',
      'proposed_by',
      'proposed_at_ms',
      'ended_by',
      'ended_at_ms',
      'explanation_hash',
      'explanation_json',
    ],
    query: (span) => sql`
      select adjustment_no, period, day::text as day, member_id, kind, value_fen, points, state,
             ${person(sql`proposed_by`)} as proposed_by, proposed_at_ms,
             ${person(sql`ended_by`)} as ended_by, ended_at_ms, explanation_hash,
             explanation as explanation_json
        from release_adjustment
       where operator_id = ${span.operatorId} and ${ofDays(sql`release_adjustment.day`, span)}
       order by adjustment_no`,
  },
  {
    name: 'vouchers',
    columns: [
      'voucher_id',
      'member_id',
      'period',
      'day',
      'expires_on',
      'face_fen',
      'left_fen',
      'held_fen',
      'spent_fen',
      'expired_fen',
      'clawed_fen',
    ],
    query: (span) => sql`
      select voucher_id, member_id, period, day::text as day, expires_on::text as expires_on,
             face_fen, left_fen, held_fen, spent_fen, expired_fen, clawed_fen
        from voucher
       where operator_id = ${span.operatorId} and ${ofDays(sql`voucher.day`, span)}
       order by voucher_id collate "C"`,
  },
  {
    name: 'wind-down-shares',
    columns: ['plan_no', 'member_id', 'points', 'value_fen', 'plan_fen'],
    // There are no more than one division in a life; it is told whole.
    query: ({ operatorId }) => sql`
      select s.plan_no, s.member_id, s.points, s.value_fen, w.distributed_fen as plan_fen
        from wind_down_share s
        join wind_down w on w.operator_id = s.operator_id and w.plan_no = s.plan_no
       where s.operator_id = ${operatorId}
       order by s.plan_no, s.member_id collate "C"`,
  },
  {
    name: 'ledger-entries',
    columns: [
      'txn_no',
      'leg',
      'book',
      'idem_key',
      'kind',
      'event_at_ms',
      'account',
      'amount_fen',
      'content_hash',
    ],
    query: ({ operatorId, from, to }) => sql`
      select t.txn_no, e.leg, t.book, t.idem_key, t.kind, t.event_at_ms, e.account, e.amount_fen,
             t.content_hash
        from ledger_txn t
        join ledger_entry e on e.operator_id = t.operator_id and e.txn_no = t.txn_no
                           and e.book = t.book
       where t.operator_id = ${operatorId} and t.event_at_ms >= ${dayStartMs(from)}
         and t.event_at_ms < ${dayStartMs(addDays(to, 1))}
       order by t.txn_no, e.leg`,
  },
  {
    name: 'balances',
    columns: ['book', 'account', 'balance_fen'],
    query: ({ operatorId }) => sql`
      select book, account, sum(balance_fen)::bigint as balance_fen from ledger_balance
       where operator_id = ${operatorId} group by book, account
       order by book collate "C", account collate "C"`,
  },
  {
    name: 'seals',
    columns: [
      'run_no',
      'after_no',
      'through_no',
      'books_count',
      'rows_count',
      'prev_hash',
      'hash',
      'sealed_at_ms',
      'key_id',
      'signature',
    ],
    query: ({ operatorId, from, to }) => sql`
      select run_no, after_no, through_no, books_count, rows_count, prev_hash, hash, sealed_at_ms,
             key_id, signature
        from ledger_seal_run
       where operator_id = ${operatorId} and sealed_at_ms >= ${dayStartMs(from)}
         and sealed_at_ms < ${dayStartMs(addDays(to, 1))}
       order by run_no`,
  },
];

export const auditTableOf = (name: string): AuditTable | undefined =>
  auditTables.find((table) => table.name === name);
