-- The goods of a shop (商品目录): what its tills show for a code, and at what price. Tills pull it by version.

-- One row for each shop that ever had goods. Locked by whoever changes its goods, so that versions are committed in their order.
create table goods_catalogue (
  operator_id text not null,
  merchant_id text not null,
  -- Grows by one with every row that changes.
  version bigint not null default 0 check (version >= 0),
  -- Rows in all, delisted ones too: a till keeps them all.
  goods_count integer not null default 0 check (goods_count between 0 and 20000),
  primary key (operator_id, merchant_id)
);

create table goods (
  operator_id text not null,
  merchant_id text not null,
  goods_id text not null,
  -- A GTIN as 14 digits, or the shop's own shorter code.
  code text not null check (code ~ '^([0-9]{14}|[0-9A-Z-]{1,11})$'),
  name text not null check (char_length(name) between 1 and 40),
  price_fen bigint not null check (price_fen between 1 and 5000000),
  unit text not null check (char_length(unit) <= 8),
  -- Delisted goods stay, so that tills hear of it.
  active boolean not null,
  -- Of the catalogue, when this row changed last.
  version bigint not null check (version >= 1),
  -- The person who named himself; null: the operator's token alone.
  changed_by text,
  changed_at_ms bigint not null,
  primary key (operator_id, merchant_id, goods_id),
  foreign key (operator_id, merchant_id) references goods_catalogue (operator_id, merchant_id)
);
create unique index goods_by_code on goods (operator_id, merchant_id, code);
create unique index goods_by_version on goods (operator_id, merchant_id, version);
