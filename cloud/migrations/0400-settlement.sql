-- What the merchant gets of every paid order, and when. A line is written once with the order's journal; only its
-- way through the hold changes (state and what follows it). All money in fen, all times in ms since 1970.

CREATE TABLE settlement_line (
  operator_id     text    NOT NULL,
  merchant_id     text    NOT NULL,
  order_id        text    NOT NULL,
  terminal_id     text    NOT NULL,
  -- channel: the channel took the money; cash: the merchant has it and owes the concession.
  source          text    NOT NULL CHECK (source IN ('channel', 'cash')),
  channel         text    NOT NULL,
  -- The shop's day of the sale, and the Shanghai day on which the cloud accepted it; statements go by the latter.
  business_date   date    NOT NULL,
  ledger_date     date    NOT NULL,
  paid_at_ms      bigint  NOT NULL,
  accepted_at_ms  bigint  NOT NULL,
  amount_fen      bigint  NOT NULL CHECK (amount_fen > 0),
  voucher_fen     bigint  NOT NULL CHECK (voucher_fen >= 0),
  net_fen         bigint  NOT NULL CHECK (net_fen = amount_fen - voucher_fen AND net_fen > 0),
  concession_bp   integer NOT NULL CHECK (concession_bp BETWEEN 300 AND 2000),
  concession_fen  bigint  NOT NULL CHECK (concession_fen >= 0),
  -- Of a cash sale both are 0: nothing passes a channel.
  same_day_fen    bigint  NOT NULL CHECK (same_day_fen >= 0),
  reserve_fen     bigint  NOT NULL CHECK (reserve_fen >= 0),
  subsidy_fen     bigint  NOT NULL CHECK (subsidy_fen = voucher_fen),
  -- The hold ends here.
  due_at_ms       bigint  NOT NULL,
  state           text    NOT NULL CHECK (state IN ('held', 'final')),
  -- Concession of a cash sale that was collected from returned reserves so far.
  collected_fen   bigint  NOT NULL DEFAULT 0 CHECK (collected_fen BETWEEN 0 AND concession_fen),
  final_run       bigint,
  final_at_ms     bigint,
  agents_fen      bigint,
  margin_fen      bigint,
  contingency_fen bigint,
  fund_fen        bigint,
  PRIMARY KEY (operator_id, merchant_id, order_id),
  CHECK (source = 'cash' OR (same_day_fen + reserve_fen = net_fen AND concession_fen <= reserve_fen)),
  CHECK ((state = 'final') = (final_run IS NOT NULL AND final_at_ms IS NOT NULL)),
  CHECK (state <> 'final' OR agents_fen + margin_fen + contingency_fen + fund_fen = concession_fen)
);
CREATE INDEX settlement_line_by_day ON settlement_line (operator_id, merchant_id, business_date);
CREATE INDEX settlement_line_by_ledger_date ON settlement_line (operator_id, ledger_date, merchant_id);
CREATE INDEX settlement_line_held ON settlement_line (operator_id, due_at_ms) WHERE state = 'held';

-- One row per operator, locked by a finality run: runs of one operator follow each other.
CREATE TABLE finality_cursor (
  operator_id text   PRIMARY KEY,
  last_run    bigint NOT NULL
);

CREATE TABLE finality_run (
  operator_id     text    NOT NULL,
  run             bigint  NOT NULL,
  as_of_ms        bigint  NOT NULL,
  order_count     integer NOT NULL,
  concession_fen  bigint  NOT NULL,
  returned_fen    bigint  NOT NULL,
  collected_fen   bigint  NOT NULL,
  agents_fen      bigint  NOT NULL,
  margin_fen      bigint  NOT NULL,
  contingency_fen bigint  NOT NULL,
  fund_fen        bigint  NOT NULL,
  PRIMARY KEY (operator_id, run)
);
