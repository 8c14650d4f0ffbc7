-- Who may speak to the cloud. operator_id is first in every key, so the schema can be distributed by operator.

create table operator (
  operator_id text primary key,
  name text not null,
  created_at_ms bigint not null
);

create table merchant (
  operator_id text not null references operator,
  merchant_id text not null,
  name text not null,
  concession_bp integer not null check (concession_bp between 300 and 2000),
  same_day_bp integer not null check (same_day_bp between 5000 and 8000),
  cut_over_hour integer not null check (cut_over_hour between 0 and 12),
  created_at_ms bigint not null,
  primary key (operator_id, merchant_id)
);

create table store (
  operator_id text not null,
  merchant_id text not null,
  store_id text not null,
  name text not null,
  phone text not null,
  created_at_ms bigint not null,
  primary key (operator_id, merchant_id, store_id),
  foreign key (operator_id, merchant_id) references merchant
);

create table terminal (
  operator_id text not null,
  terminal_id text not null,
  merchant_id text not null,
  store_id text not null,
  -- Raw Ed25519 public key, base64url.
  public_key text not null,
  model text not null,
  app_version text not null,
  config_version integer not null default 1,
  activated_at_ms bigint not null,
  revoked_at_ms bigint,
  primary key (operator_id, terminal_id),
  foreign key (operator_id, merchant_id, store_id) references store
);
-- A signed request names only the terminal: this finds its operator.
create index terminal_by_id on terminal (terminal_id);

create table activation_code (
  operator_id text not null,
  -- SHA-256 of the code, hex: the code itself is shown once and never stored.
  code_hash text not null,
  merchant_id text not null,
  store_id text not null,
  expires_at_ms bigint not null,
  tries_left integer not null,
  used_by_terminal_id text,
  created_at_ms bigint not null,
  primary key (operator_id, code_hash),
  foreign key (operator_id, merchant_id, store_id) references store
);
create index activation_code_by_hash on activation_code (code_hash);

create table request_nonce (
  operator_id text not null,
  terminal_id text not null,
  nonce text not null,
  seen_at_ms bigint not null,
  primary key (operator_id, terminal_id, nonce)
);
create index request_nonce_by_age on request_nonce (seen_at_ms);
