-- 抵用券: value that a member spends at a shop, backed one to one by voucher_outstanding. No column leads to cash
-- for a member. face = left + held + spent + expired at every moment.

create table voucher (
  operator_id text not null,
  voucher_id text not null,
  member_id text not null,
  period text not null,
  day date not null,
  face_fen bigint not null check (face_fen > 0),
  -- Free to be spent.
  left_fen bigint not null check (left_fen >= 0),
  -- Set aside for orders under way.
  held_fen bigint not null default 0 check (held_fen >= 0),
  spent_fen bigint not null default 0 check (spent_fen >= 0),
  expired_fen bigint not null default 0 check (expired_fen >= 0),
  -- Last day of use.
  expires_on date not null,
  primary key (operator_id, voucher_id),
  check (face_fen = left_fen + held_fen + spent_fen + expired_fen)
) with (fillfactor = 80);
create index voucher_wallet on voucher (operator_id, member_id, expires_on, voucher_id) where left_fen > 0;
create index voucher_expiry on voucher (operator_id, expires_on) where left_fen > 0;

-- held -> committed (the order is paid) or released (given back, also when its time ran out).
create table voucher_reservation (
  operator_id text not null,
  reservation_id text not null,
  order_id text not null,
  member_id text not null,
  voucher_fen bigint not null check (voucher_fen > 0),
  state text not null check (state in ('held', 'committed', 'released')),
  expires_at_ms bigint not null,
  primary key (operator_id, reservation_id)
);
-- One order holds or has spent vouchers once.
create unique index voucher_reservation_by_order on voucher_reservation (operator_id, order_id)
  where state <> 'released';
create index voucher_reservation_lapsing on voucher_reservation (operator_id, expires_at_ms) where state = 'held';
create index voucher_reservation_by_member on voucher_reservation (operator_id, member_id) where state = 'held';

create table voucher_reservation_line (
  operator_id text not null,
  reservation_id text not null,
  voucher_id text not null,
  amount_fen bigint not null check (amount_fen > 0),
  primary key (operator_id, reservation_id, voucher_id),
  foreign key (operator_id, reservation_id) references voucher_reservation (operator_id, reservation_id),
  foreign key (operator_id, voucher_id) references voucher (operator_id, voucher_id)
);

create table voucher_entry (
  operator_id text not null,
  voucher_id text not null,
  kind text not null check (kind in ('issued', 'spent', 'expired')),
  -- The release run, the reservation, or the day of expiry.
  ref text not null,
  -- What it adds to the voucher's value: issued above 0, the others below.
  amount_fen bigint not null check ((kind = 'issued') = (amount_fen > 0) and amount_fen <> 0),
  primary key (operator_id, voucher_id, kind, ref)
);
create trigger voucher_entry_append_only before update or delete or truncate on voucher_entry
  for each statement execute function points_refuse_change();

-- A voucher's id: vch_ and a ULID of the day's first millisecond and 80 bits of md5(seed), so that a replay of the
-- same run makes the same ids.
create function voucher_id_of(day_start_ms bigint, seed text) returns text
language sql immutable strict parallel safe as $$
  select 'vch_' || string_agg(
    substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ',
           substring(bits from position * 5 + 1 for 5)::bit(5)::integer + 1, 1),
    '' order by position)
  from (select B'00' || day_start_ms::bit(48) || ('x' || substr(md5(seed), 1, 20))::bit(80) as bits) b,
       generate_series(0, 25) as position
$$;
