-- Points: a memo ledger without any claim on cash. All points in point-fen, all money in fen, all days Asia/Shanghai.
-- operator_id leads every key, so that the tables distribute by operator unchanged.

-- The rules of an operator, versioned; effective from a period's close on. Two people: who proposes does not approve.
create table points_config_version (
  operator_id text not null,
  version integer not null check (version >= 1),
  effective_period text not null check (effective_period ~ '^\d{4}-(0[1-9]|1[0-2])$'),
  config jsonb not null,
  proposed_by text not null,
  approved_by text not null,
  primary key (operator_id, version),
  check (proposed_by <> approved_by)
);

-- One row per operator: locked shared by whatever moves points, exclusively by a period close or a release.
create table points_book (
  operator_id text primary key,
  last_closed_period text
);

-- What the points rules need to know of a paid order. member_id is null until somebody claims it.
create table points_order (
  operator_id text not null,
  order_id text not null,
  merchant_id text not null,
  member_id text,
  accepted_on date not null,
  net_fen bigint not null check (net_fen > 0),
  concession_fen bigint not null check (concession_fen >= 0),
  merchant_points bigint not null check (merchant_points >= 0),
  final_on date,
  primary key (operator_id, order_id)
);
create index points_order_by_day on points_order (operator_id, accepted_on) include (net_fen);
create index points_order_by_member on points_order (operator_id, member_id, accepted_on)
  include (merchant_id, net_fen) where member_id is not null;

create index points_order_pending on points_order (operator_id, merchant_id) include (merchant_points)
  where final_on is null;

-- One level only: who brought whom. There is no column for the referrer's own referrer to be paid from.
create table points_referral_bond (
  operator_id text not null,
  member_id text not null,
  referrer_id text not null,
  bound_on date not null,
  -- Related accounts (owner, staff, same device) earn nothing from each other.
  related boolean not null default false,
  primary key (operator_id, member_id),
  check (member_id <> referrer_id)
);

-- pending: the hold is not over. unclaimed: final, but nobody's yet. final: it runs for n periods from issued_in to
-- ends_in. lapsed: nobody claimed it in time.
create table points_lot (
  operator_id text not null,
  order_id text not null,
  kind text not null check (kind in ('consumer', 'referral')),
  merchant_id text not null,
  member_id text,
  points bigint not null check (points > 0),
  state text not null check (state in ('pending', 'unclaimed', 'final', 'lapsed')),
  final_on date,
  issued_in text,
  n smallint check (n between 36 and 40),
  ends_in text,
  primary key (operator_id, order_id, kind),
  check ((state = 'final') = (issued_in is not null and n is not null and ends_in is not null)),
  check (state <> 'final' or member_id is not null),
  check (state not in ('unclaimed', 'lapsed') or member_id is null)
);
create index points_lot_by_member on points_lot (operator_id, member_id, state) include (points);
create index points_lot_ending on points_lot (operator_id, ends_in) where state = 'final';
create index points_lot_issued on points_lot (operator_id, issued_in) where state = 'final';
create index points_lot_unclaimed on points_lot (operator_id, final_on) where state = 'unclaimed';

-- The whole schedule of an account in two numbers of 1/3290040 point-fen: what one close adds, and what all added.
create table account_points (
  operator_id text not null,
  member_id text not null,
  state text not null default 'active' check (state in ('active', 'frozen')),
  issued bigint not null default 0 check (issued >= 0),
  released bigint not null default 0 check (released >= 0),
  active_num numeric(40, 0) not null default 0 check (active_num >= 0),
  cum_num numeric(40, 0) not null default 0 check (cum_num >= 0),
  score_bp integer not null default 0 check (score_bp between 0 and 10000),
  primary key (operator_id, member_id)
) with (fillfactor = 80);

-- Every movement of an account's points, once per cause. `fen` is the voucher value of a release.
create table points_entry (
  operator_id text not null,
  member_id text not null,
  kind text not null check (kind in ('pending', 'claimed', 'final', 'released')),
  ref text not null,
  points bigint not null,
  fen bigint not null default 0,
  on_day date not null,
  primary key (operator_id, member_id, kind, ref)
);

-- The merchant's side buys platform services at par; it is never money and never passes to another merchant.
create table promo_credit (
  operator_id text not null,
  merchant_id text not null,
  points bigint not null check (points >= 0),
  primary key (operator_id, merchant_id)
);
create table promo_entry (
  operator_id text not null,
  merchant_id text not null,
  kind text not null check (kind in ('earned', 'burned')),
  ref text not null,
  points bigint not null,
  on_day date not null,
  primary key (operator_id, merchant_id, kind, ref)
);

create function points_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'append only: % on % refused', tg_op, tg_table_name
    using errcode = 'integrity_constraint_violation';
end $$;
create trigger points_entry_append_only before update or delete or truncate on points_entry
  for each statement execute function points_refuse_change();
create trigger promo_entry_append_only before update or delete or truncate on promo_entry
  for each statement execute function points_refuse_change();
create trigger points_config_append_only before update or delete or truncate on points_config_version
  for each statement execute function points_refuse_change();
