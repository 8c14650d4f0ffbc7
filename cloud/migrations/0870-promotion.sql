-- What shops buy with their points (docs/points.md 2.15): services of the platform, never money, never for another shop.

-- The price list, versioned and dated; what was sold keeps its prices.
create table promo_price_list (
  operator_id text not null,
  version integer not null check (version >= 1),
  effective_on date not null,
  made_by text not null,
  made_at_ms bigint not null,
  why text not null,
  primary key (operator_id, version)
);
create table promo_price (
  operator_id text not null,
  version integer not null,
  service text not null check (service in ('push-slot', 'map-pin', 'partner-coupon', 'traffic')),
  -- Point-fen for the whole quantity: pushes, days, printed coupons, or exposures.
  price_points bigint not null check (price_points between 100 and 10000000),
  quantity integer not null check (quantity between 1 and 100000),
  primary key (operator_id, version, service),
  foreign key (operator_id, version) references promo_price_list (operator_id, version)
);

-- A service that was bought. Its credit was burned with it; what was not delivered comes back as credit when it ends.
create table promo_order (
  operator_id text not null,
  promo_order_id text not null,
  merchant_id text not null,
  -- Of the till: a purchase whose answer was lost is made once.
  idem_key text not null,
  service text not null check (service in ('push-slot', 'map-pin', 'partner-coupon', 'traffic')),
  price_version integer not null,
  price_points bigint not null check (price_points > 0),
  quantity integer not null check (quantity > 0),
  used integer not null default 0 check (used >= 0),
  details jsonb not null,
  -- Of a partner-coupon: at whose counter it is printed.
  partner_id text,
  -- asked: the partner has not answered yet. ended: delivered, or its time is over. cancelled, declined: it never goes on.
  state text not null check (state in ('asked', 'running', 'ended', 'cancelled', 'declined')),
  begins_on date not null,
  -- The last day on which it is delivered.
  ends_on date not null,
  returned_points bigint not null default 0,
  ordered_at_ms bigint not null,
  ended_by text,
  ended_note text,
  primary key (operator_id, promo_order_id),
  check (used <= quantity),
  check (returned_points between 0 and price_points),
  check ((service = 'partner-coupon') = (partner_id is not null)),
  check (partner_id <> merchant_id)
);
create unique index promo_order_by_key on promo_order (operator_id, merchant_id, idem_key);
create index promo_order_going on promo_order (operator_id, service, ends_on) where state in ('asked', 'running');
create index promo_order_at_partner on promo_order (operator_id, partner_id, state) where partner_id is not null;

-- Shops that print coupons of others at their counter.
create table promo_counter (
  operator_id text not null,
  merchant_id text not null,
  is_open boolean not null,
  changed_at_ms bigint not null,
  primary key (operator_id, merchant_id)
);

-- A coupon on paper: the issuer's own discount. merchant_id is who printed it; the token is on the paper only.
create table promo_coupon (
  operator_id text not null,
  token_hash text not null check (token_hash ~ '^[0-9a-f]{64}$'),
  promo_order_id text not null,
  merchant_id text not null,
  -- The sale after which it was printed: one coupon per sale.
  printed_for text not null,
  issuer_id text not null,
  off_fen bigint not null check (off_fen > 0),
  minimum_fen bigint not null check (minimum_fen > off_fen),
  valid_until date not null,
  printed_at_ms bigint not null,
  redeemed_for text,
  redeemed_at_ms bigint,
  primary key (operator_id, token_hash),
  foreign key (operator_id, promo_order_id) references promo_order (operator_id, promo_order_id),
  check ((redeemed_for is null) = (redeemed_at_ms is null)),
  check (issuer_id <> merchant_id)
);
create unique index promo_coupon_by_sale on promo_coupon (operator_id, merchant_id, printed_for);
-- One coupon per sale at the issuer's counter, too.
create unique index promo_coupon_redeemed on promo_coupon (operator_id, issuer_id, redeemed_for)
  where redeemed_for is not null;

-- One showing of a traffic package to one member on one day.
create table promo_exposure (
  operator_id text not null,
  promo_order_id text not null,
  member_id text not null,
  on_day date not null,
  primary key (operator_id, promo_order_id, member_id, on_day),
  foreign key (operator_id, promo_order_id) references promo_order (operator_id, promo_order_id)
);

alter table promo_entry drop constraint promo_entry_kind_check;
alter table promo_entry add constraint promo_entry_kind_check
  check (kind in ('earned', 'burned', 'clawed', 'returned'));
-- The one way in for what is burned and the one way back: by the order that it was burned for.
alter table promo_entry add constraint promo_entry_sign_check
  check ((kind in ('earned', 'returned')) = (points > 0));

create trigger promo_price_list_append_only before update or delete or truncate on promo_price_list
  for each statement execute function points_refuse_change();
create trigger promo_price_append_only before update or delete or truncate on promo_price
  for each statement execute function points_refuse_change();
create trigger promo_exposure_append_only before update or delete or truncate on promo_exposure
  for each statement execute function points_refuse_change();

-- Pushes go round among the members who want them: where the last one stopped.
create table promo_push_cursor (
  operator_id text primary key,
  after_member text not null
);
