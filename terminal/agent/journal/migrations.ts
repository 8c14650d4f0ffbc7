/**
 * The schema of the till's file, as numbered steps. Forward only: a shipped step is never edited, a
 * change is a new step. `user_version` says how many have run. Steps only add
 * (store/schema-version.ts): the version before must be able to go on with the file.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE epoch (
    epoch_no INTEGER PRIMARY KEY,
    epoch TEXT NOT NULL UNIQUE,
    reason TEXT NOT NULL CHECK (reason IN ('created', 'restored', 'salvaged')),
    first_position INTEGER NOT NULL UNIQUE
  ) STRICT;

  -- The journal. position grows by one over all epochs; seq by one within an epoch.
  CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    epoch_no INTEGER NOT NULL REFERENCES epoch (epoch_no),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    hlc TEXT NOT NULL,
    wall_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64)
  ) STRICT;

  -- Below: projections. They follow from entry alone and can be rebuilt from it.
  CREATE TABLE orders (
    order_id TEXT PRIMARY KEY,
    business_date TEXT NOT NULL,
    state TEXT NOT NULL,
    bucket TEXT,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    voucher_fen INTEGER NOT NULL CHECK (voucher_fen >= 0),
    opened_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    claim_token TEXT NOT NULL,
    reservation_id TEXT,
    detail TEXT NOT NULL,
    last_position INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  -- No index by date: order ids begin with their time, so a day is a range of ids (one page less in every commit).
  CREATE INDEX orders_open ON orders (state, order_id)
    WHERE state IN ('held', 'submitting', 'unknown', 'cancel-wanted', 'debit-failed', 'duplicate', 'manual');

  CREATE TABLE print_jobs (
    job_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('receipt', 'drawer', 'day-slip', 'test')),
    order_id TEXT,
    copy INTEGER NOT NULL CHECK (copy BETWEEN 1 AND 99),
    reason TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'writing', 'sent', 'printed', 'unknown', 'abandoned')),
    attempt INTEGER NOT NULL,
    process_id TEXT,
    level INTEGER,
    code TEXT,
    queued_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX print_jobs_of_order ON print_jobs (order_id, copy) WHERE order_id IS NOT NULL;
  CREATE INDEX print_jobs_open ON print_jobs (state, job_id) WHERE state IN ('queued', 'writing', 'unknown');

  CREATE TABLE offline_usage (
    order_id TEXT PRIMARY KEY,
    member_id TEXT NOT NULL,
    certificate_id TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    accepted_at_ms INTEGER NOT NULL,
    settled INTEGER NOT NULL CHECK (settled IN (0, 1)),
    position INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX offline_usage_by_certificate ON offline_usage (certificate_id);
  `,
  `
  -- Orders of which the cloud refused to take entries. The acknowledged position has moved past them, so that the
  -- next epoch can go up; they are not sent all the same, and this says so for good. No projection.
  CREATE TABLE refused_orders (
    order_id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    since_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Sales at the box POS are open too until the box has said what became of them.
  DROP INDEX orders_open;
  CREATE INDEX orders_open ON orders (state, order_id)
    WHERE state IN ('held', 'submitting', 'unknown', 'cancel-wanted', 'debit-failed', 'duplicate', 'manual',
      'pos-sent', 'pos-unknown');
  `,
  `
  -- Strokes of the printer's cutter before the first byte of the latest attempt: a witness after a crash.
  ALTER TABLE print_jobs ADD COLUMN cut_before INTEGER;
  `,
  `
  -- Old entries that the cloud has are pruned. The cut is the last one that is gone: the chain goes on from its hash.
  CREATE TABLE chain_cut (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64)
  ) STRICT;
  -- Rows of the projections as they stood at the cut, where later entries or people still need them.
  CREATE TABLE carried (
    projection TEXT NOT NULL,
    row_key TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (projection, row_key)
  ) STRICT, WITHOUT ROWID;
  -- What pruned orders added to their days.
  CREATE TABLE pruned_sums (
    business_date TEXT NOT NULL,
    bucket TEXT NOT NULL,
    tender TEXT NOT NULL,
    hour_start_ms INTEGER NOT NULL,
    order_count INTEGER NOT NULL,
    sum_fen INTEGER NOT NULL,
    voucher_fen INTEGER NOT NULL,
    PRIMARY KEY (business_date, bucket, tender, hour_start_ms)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Rows of the exceptions that a person has dealt with. A projection.
  CREATE TABLE resolved (
    row_key TEXT PRIMARY KEY,
    order_id TEXT,
    code TEXT NOT NULL,
    action TEXT NOT NULL,
    cashier TEXT NOT NULL,
    note TEXT NOT NULL,
    paper TEXT,
    since_ms INTEGER NOT NULL,
    resolved_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX resolved_by_time ON resolved (resolved_at_ms);
  -- Money that came late and went back is told until somebody has taken note of it.
  CREATE INDEX orders_refunded ON orders (order_id) WHERE state = 'paid-then-refunded';
  `,
  `
  -- The owner's PIN, as scrypt of it, and the tries at it. One row; no projection. Nothing of it is ever an entry.
  CREATE TABLE owner (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- JSON of PinHash (owner/pin-hash.ts); null: no PIN is set.
    pin TEXT,
    wrong_count INTEGER NOT NULL,
    checking INTEGER NOT NULL CHECK (checking IN (0, 1)),
    lock_count INTEGER NOT NULL,
    locked_for_ms INTEGER NOT NULL,
    locked_ever INTEGER NOT NULL,
    guards_drawer INTEGER NOT NULL CHECK (guards_drawer IN (0, 1)),
    -- Number of the last reset by the cloud that was followed.
    reset_no INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- Promises (赊账, static codes seen by eye) are few and looked at often: what is open, and what each day brought back.
  CREATE INDEX orders_promised ON orders (state, order_id) WHERE state IN ('promised', 'promise-kept');
  -- What pruned promises brought on the day on which they were kept.
  CREATE TABLE pruned_promises (
    business_date TEXT NOT NULL,
    how TEXT NOT NULL,
    order_count INTEGER NOT NULL,
    sum_fen INTEGER NOT NULL,
    PRIMARY KEY (business_date, how)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What a member's phone counts: a code of two layers is taken once, and never after a later one.
  ALTER TABLE offline_usage ADD COLUMN counter INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- Orders of which money went back, or may have: few, and looked at for the day's refunds and for those that are open.
  CREATE INDEX orders_given_back ON orders (order_id) WHERE instr(detail, '"refunds":') > 0;
  -- What pruned orders gave back on the day of the refund.
  CREATE TABLE pruned_refunds (
    business_date TEXT NOT NULL,
    how TEXT NOT NULL,
    refund_count INTEGER NOT NULL,
    cash_fen INTEGER NOT NULL,
    voucher_fen INTEGER NOT NULL,
    PRIMARY KEY (business_date, how)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- A refund has a slip of its own. A check of a column cannot be changed, so the table is made anew around its rows.
  CREATE TABLE print_jobs_anew (
    job_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('receipt', 'drawer', 'day-slip', 'test', 'refund-slip')),
    order_id TEXT,
    copy INTEGER NOT NULL CHECK (copy BETWEEN 1 AND 99),
    reason TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'writing', 'sent', 'printed', 'unknown', 'abandoned')),
    attempt INTEGER NOT NULL,
    process_id TEXT,
    level INTEGER,
    code TEXT,
    queued_at_ms INTEGER NOT NULL,
    cut_before INTEGER
  ) STRICT, WITHOUT ROWID;
  INSERT INTO print_jobs_anew
    SELECT job_id, kind, order_id, copy, reason, state, attempt, process_id, level, code, queued_at_ms, cut_before
      FROM print_jobs;
  DROP TABLE print_jobs;
  ALTER TABLE print_jobs_anew RENAME TO print_jobs;
  CREATE INDEX print_jobs_of_order ON print_jobs (order_id, copy) WHERE order_id IS NOT NULL;
  CREATE INDEX print_jobs_open ON print_jobs (state, job_id) WHERE state IN ('queued', 'writing', 'unknown');
  `,
  `
  -- Counts what the owner changed: the witness beside the journal tells an older record by it.
  ALTER TABLE owner ADD COLUMN change_no INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- Since when the PIN that is set is the one, by the till's clock; null: none is set, or nobody wrote it down.
  ALTER TABLE owner ADD COLUMN pin_set_at_ms INTEGER;
  -- When a PIN was set last where there was none: the cloud and the shop hear of it.
  ALTER TABLE owner ADD COLUMN first_pin_at_ms INTEGER;
  `,
  `
  -- A sale may bring a coupon of another shop on a paper of its own, and what coupons of one's own took off is told of a day.
  CREATE TABLE print_jobs_anew (
    job_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL
      CHECK (kind IN ('receipt', 'drawer', 'day-slip', 'test', 'refund-slip', 'coupon')),
    order_id TEXT,
    copy INTEGER NOT NULL CHECK (copy BETWEEN 1 AND 99),
    reason TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'writing', 'sent', 'printed', 'unknown', 'abandoned')),
    attempt INTEGER NOT NULL,
    process_id TEXT,
    level INTEGER,
    code TEXT,
    queued_at_ms INTEGER NOT NULL,
    cut_before INTEGER
  ) STRICT, WITHOUT ROWID;
  INSERT INTO print_jobs_anew
    SELECT job_id, kind, order_id, copy, reason, state, attempt, process_id, level, code, queued_at_ms, cut_before
      FROM print_jobs;
  DROP TABLE print_jobs;
  ALTER TABLE print_jobs_anew RENAME TO print_jobs;
  CREATE INDEX print_jobs_of_order ON print_jobs (order_id, copy) WHERE order_id IS NOT NULL;
  CREATE INDEX print_jobs_open ON print_jobs (state, job_id) WHERE state IN ('queued', 'writing', 'unknown');
  ALTER TABLE pruned_sums ADD COLUMN coupon_fen INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE pruned_sums ADD COLUMN coupon_count INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- The drawer opened without a sale: by whom and why, for the slip of the day. Kept for good: there are few.
  CREATE TABLE no_sales (
    job_id TEXT PRIMARY KEY,
    business_date TEXT NOT NULL,
    cashier TEXT NOT NULL,
    reason TEXT NOT NULL,
    approved_by TEXT,
    at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX no_sales_of_day ON no_sales (business_date, at_ms);
  `,
  `
  -- The goods of the shop (商品目录), pulled from the cloud by version. Delisted ones stay, so that the pull goes on after
  -- them. The till may have been another shop's before, so each row says whose it is.
  CREATE TABLE goods (
    merchant_id TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    price_fen INTEGER NOT NULL CHECK (price_fen > 0),
    unit TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    version INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, code)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX goods_by_version ON goods (merchant_id, version);
  `,
];
