-- What became of orders after the till let go of them. The cursor counts per terminal, gap-free and in commit order:
-- a reader that has seen cursor n can never miss a smaller one.
create table order_result_cursor (
  operator_id text not null,
  terminal_id text not null,
  last_cursor bigint not null,
  primary key (operator_id, terminal_id)
);

create table order_result (
  operator_id text not null,
  terminal_id text not null,
  cursor bigint not null,
  order_id text not null,
  -- The writer's own key: the same result is appended once.
  result_key text not null,
  result jsonb not null,
  primary key (operator_id, terminal_id, cursor),
  unique (operator_id, terminal_id, result_key)
);
