-- A period close in pieces (docs/adr/0016): opened, then chunk by chunk of accounts, then decided and stored.

-- The period that is being closed. For whoever moves points it is closed already: what comes now belongs to the next one.
alter table points_book add column closing_period text;

-- advancing: accounts are being advanced; scored: all are, and the tiers too; summed: all sums stand, the rest is arithmetic.
create table period_closing (
  operator_id text not null,
  period text not null,
  state text not null check (state in ('advancing', 'scored', 'summed', 'closed')),
  config_version integer not null,
  -- Read when it was opened, in one moment with the books: nobody moves points while the book is held for it.
  fund_fen bigint not null,
  unclaimed_points bigint not null,
  -- Of the unclaimed ones, those that entered after the period: no part of its stock.
  unclaimed_later bigint not null,
  -- Later periods in which lots began before this close came: they give nothing at it.
  later_periods text[] not null,
  -- The sums that it decides on.
  pools jsonb,
  primary key (operator_id, period),
  check (state not in ('summed', 'closed') or pools is not null)
);
-- One at a time: the next one goes on from what this one leaves.
create unique index period_closing_open on period_closing (operator_id) where state <> 'closed';

create table close_chunk (
  operator_id text not null,
  period text not null,
  -- Members from this one on, up to but without the other one; null: to the end.
  from_member text not null,
  to_member text,
  chunk_no integer not null check (chunk_no >= 0),
  state text not null check (state in ('open', 'done')),
  -- Of its accounts behind the close; without those of close_ahead.
  outstanding_points bigint not null default 0,
  later_points bigint not null default 0,
  owned_points bigint not null default 0,
  due_points bigint not null default 0,
  active_num numeric(40, 0) not null default 0,
  primary key (operator_id, period, from_member)
);
create index close_chunk_open on close_chunk (operator_id, period, chunk_no) where state <> 'done';

-- Accounts that had to move before their chunk was reached: they were advanced first, by themselves. So the sums are those
-- of the moment in which the close was opened, whatever moves meanwhile.
create table close_ahead (
  operator_id text not null,
  period text not null,
  member_id text not null,
  outstanding_points bigint not null default 0,
  later_points bigint not null default 0,
  owned_points bigint not null default 0,
  due_points bigint not null default 0,
  active_num numeric(40, 0) not null default 0,
  primary key (operator_id, period, member_id)
);

-- A chunk reads the lots of its members that end with the period, and those that began after it, by a range of their ids.
drop index points_lot_ending;
create index points_lot_ending on points_lot (operator_id, ends_in, member_id) include (points, n)
  where state = 'final';
create index points_lot_begun on points_lot (operator_id, issued_in, member_id) where state = 'final';
