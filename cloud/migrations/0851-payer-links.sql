-- Whose a wallet is, once its holder said so: later payments from it are his without typing anything. Only a keyed hash of
-- the payer's id at one channel is kept. One payer belongs to one member at most; a member may have many.
create table payer_link (
  operator_id text not null,
  payer_hash text not null check (payer_hash ~ '^[0-9a-f]{64}$'),
  channel text not null,
  member_id text not null,
  source text not null check (source in ('claim', 'code')),
  linked_at_ms bigint not null,
  unlinked_at_ms bigint,
  unlinked_by text,
  primary key (operator_id, payer_hash, linked_at_ms),
  foreign key (operator_id, member_id) references member (operator_id, member_id),
  check ((unlinked_at_ms is null) = (unlinked_by is null))
);
create unique index payer_link_holds on payer_link (operator_id, payer_hash) where unlinked_at_ms is null;
create index payer_link_by_member on payer_link (operator_id, member_id) where unlinked_at_ms is null;

-- He wants wallets that he shows his code with to be remembered.
alter table member add column remembers_payers boolean not null default false;
