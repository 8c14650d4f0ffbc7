-- Who belongs together: owner, staff, device, payout account, payer. A node is `kind:reference`; devices, payout accounts
-- and payers are hashes, never what they stand for. Every edge is written in both directions, so that one index finds it
-- from either end. An edge is never deleted: who ended it, when and why is kept.
create table party_edge (
  operator_id text not null,
  from_node text not null check (from_node ~ '^(member|merchant|agent|device|payout|payer):[0-9A-Za-z_]{1,64}$'),
  to_node text not null check (to_node ~ '^(member|merchant|agent|device|payout|payer):[0-9A-Za-z_]{1,64}$'),
  relation text not null check (relation in ('owner', 'staff', 'device', 'payout', 'payer')),
  -- What said so: the operator (and which person), a payment, a claim, the account an agent is paid to.
  source text not null check (source in ('operator', 'charge', 'claim', 'payee')),
  noted_by text,
  note text,
  noted_at_ms bigint not null,
  ended_at_ms bigint,
  ended_by text,
  ended_note text,
  primary key (operator_id, from_node, to_node, relation, noted_at_ms),
  check (from_node <> to_node),
  check (source <> 'operator' or (noted_by is not null and note is not null)),
  check ((ended_at_ms is null) = (ended_by is null and ended_note is null))
);
create unique index party_edge_holds on party_edge (operator_id, from_node, to_node, relation)
  where ended_at_ms is null;

-- A purchase by somebody who belongs to the shop: no referral, no agent's pay, no part of the bonus score.
alter table points_order add column is_related boolean not null default false;
create table order_relation (
  operator_id text not null,
  order_id text not null,
  merchant_id text not null,
  -- The relations on the way from the member to the shop, nearest first; or the one word too-wide.
  path text[] not null check (cardinality(path) between 1 and 8),
  found_on date not null,
  primary key (operator_id, order_id)
);
create trigger order_relation_append_only before update or delete or truncate on order_relation
  for each statement execute function points_refuse_change();

-- Why a bond between friends earns nothing; `given` was said when it was bound and is never lifted.
alter table points_referral_bond add column related_path text[];
update points_referral_bond set related_path = '{given}' where related;
alter table points_referral_bond add check (related = (related_path is not null));

-- refused: people, or a relation found during the hold, said that these points do not come to be.
alter table points_lot drop constraint points_lot_state_check;
alter table points_lot add constraint points_lot_state_check
  check (state in ('pending', 'unclaimed', 'final', 'lapsed', 'refused'));
do $$
declare
  old text;
begin
  select conname into strict old from pg_constraint
    where conrelid = 'points_lot'::regclass and contype = 'c'
      and pg_get_constraintdef(oid) like '%entered_in%';
  execute format('alter table points_lot drop constraint %I', old);
end $$;
alter table points_lot add constraint points_lot_entered_check
  check (state in ('pending', 'refused') or entered_in is not null);
alter table points_entry drop constraint points_entry_kind_check;
alter table points_entry add constraint points_entry_kind_check check
  (kind in ('pending', 'claimed', 'final', 'released', 'clawed', 'restored', 'refused'));
