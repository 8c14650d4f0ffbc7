-- Three fixed service roles: the shop's marketer, the district's agent, the province's agent. A contract names a
-- payee and a scope; no column links one agent to another, so a commission on somebody's downline cannot be written.

CREATE TABLE agent (
  operator_id   text   NOT NULL,
  agent_id      text   NOT NULL,
  name          text   NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  created_at_ms bigint NOT NULL,
  PRIMARY KEY (operator_id, agent_id)
);

-- Where a shop lies: the six digits of GB/T 2260; the first two are the province.
CREATE TABLE merchant_territory (
  operator_id   text NOT NULL,
  merchant_id   text NOT NULL,
  district_code text NOT NULL CHECK (district_code ~ '^[0-9]{6}$'),
  PRIMARY KEY (operator_id, merchant_id)
);

CREATE TABLE agent_contract (
  operator_id text NOT NULL,
  contract_id text NOT NULL,
  agent_id    text NOT NULL,
  role        text NOT NULL CHECK (role IN ('marketer', 'region', 'province')),
  -- marketer: merchant id; region: district code; province: its first two digits.
  scope       text NOT NULL,
  valid_from  date NOT NULL,
  -- First day on which it holds no longer; open when null.
  valid_to    date CHECK (valid_to > valid_from),
  PRIMARY KEY (operator_id, contract_id),
  FOREIGN KEY (operator_id, agent_id) REFERENCES agent (operator_id, agent_id),
  CHECK (CASE role WHEN 'region' THEN scope ~ '^[0-9]{6}$'
                   WHEN 'province' THEN scope ~ '^[0-9]{2}$'
                   ELSE scope ~ '^mch_' END)
);
-- Of two contracts that overlap the younger holds; two that begin on one day cannot be told apart.
CREATE UNIQUE INDEX agent_contract_scope ON agent_contract (operator_id, role, scope, valid_from);

-- What a final order paid to whom. The sum equals what the ledger put into agent_payable.
CREATE TABLE agent_commission (
  operator_id text   NOT NULL,
  merchant_id text   NOT NULL,
  order_id    text   NOT NULL,
  role        text   NOT NULL,
  agent_id    text   NOT NULL,
  contract_id text   NOT NULL,
  amount_fen  bigint NOT NULL CHECK (amount_fen > 0),
  final_run   bigint NOT NULL,
  PRIMARY KEY (operator_id, merchant_id, order_id, role)
);
CREATE INDEX agent_commission_by_agent ON agent_commission (operator_id, agent_id, final_run);
