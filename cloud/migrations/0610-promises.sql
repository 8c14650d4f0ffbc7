-- Promised tenders: goods that left in an outage on somebody's word (docs/adr/0010-a-promise-is-no-payment.md).

-- A promise that was kept is a sale of its own source: the shop has the money and owes the concession, as of cash.
ALTER TABLE settlement_line DROP CONSTRAINT settlement_line_source_check;
ALTER TABLE settlement_line ADD CONSTRAINT settlement_line_source_check
  CHECK (source IN ('channel', 'cash', 'box', 'promise'));

-- What each shop's owner allows, by version; without a row the platform's own, which are version 1. Rows stay: a promise
-- is judged by the limits that its till had.
CREATE TABLE promise_limit (
  operator_id     text    NOT NULL,
  merchant_id     text    NOT NULL,
  version         integer NOT NULL CHECK (version >= 2),
  per_promise_fen bigint  NOT NULL CHECK (per_promise_fen >= 0),
  open_fen        bigint  NOT NULL CHECK (open_fen >= 0),
  open_count      integer NOT NULL CHECK (open_count BETWEEN 0 AND 1000),
  window_ms       bigint  NOT NULL CHECK (window_ms BETWEEN 0 AND 604800000),
  set_by          text    NOT NULL,
  set_at_ms       bigint  NOT NULL,
  PRIMARY KEY (operator_id, merchant_id, version),
  FOREIGN KEY (operator_id, merchant_id) REFERENCES merchant
);

-- Promises that the cloud, judging again with all tills of the shop, found above the limits. The order stays what it is.
CREATE TABLE promise_flag (
  operator_id   text   NOT NULL,
  merchant_id   text   NOT NULL,
  order_id      text   NOT NULL,
  code          text   NOT NULL,
  flagged_at_ms bigint NOT NULL,
  PRIMARY KEY (operator_id, merchant_id, order_id)
);

CREATE INDEX customer_order_promised ON customer_order (operator_id, merchant_id, order_id)
  WHERE state IN ('promised', 'promise-kept', 'promise-broken');
