-- Agents who were not paid for an order because they belong to its shop or its member, with the way between them; who was
-- not paid because the member belongs to the shop stands in order_relation.
create table agent_pay_refused (
  operator_id text not null,
  merchant_id text not null,
  order_id text not null,
  role text not null,
  agent_id text not null,
  path text[] not null,
  final_on date not null,
  primary key (operator_id, merchant_id, order_id, role)
);
create trigger agent_pay_refused_append_only before update or delete or truncate on agent_pay_refused
  for each statement execute function points_refuse_change();

-- What an agent's live figures read.
create index merchant_territory_by_district on merchant_territory (operator_id, district_code);
create index finality_run_by_time on finality_run (operator_id, as_of_ms);
create index agent_commission_back_by_agent on agent_commission_back (operator_id, agent_id, ledger_date);
