-- What a stolen or false till may do with coupons (docs/points.md 2.15).
alter table promo_coupon
  -- The till that asked for it; null: before this was kept.
  add column printed_by text,
  -- The sale that it was printed after never showed: it counts no longer, and is good nowhere.
  add column voided_at_ms bigint;
create index promo_coupon_printed_by on promo_coupon (operator_id, printed_by, printed_at_ms);
create index promo_coupon_redeemed_by on promo_coupon (operator_id, redeemed_by, redeemed_at_ms);
create index promo_coupon_unused on promo_coupon (operator_id, printed_at_ms)
  where redeemed_for is null and voided_at_ms is null;

-- A till that neither prints nor takes coupons until a person looked. Allowed lasts for the day that was looked at.
create table promo_till_hold (
  operator_id text not null,
  terminal_id text not null,
  held_on date not null,
  merchant_id text not null,
  -- What was counted in the hour.
  kind text not null check (kind in ('printed', 'redeemed')),
  seen integer not null check (seen > 0),
  held_at_ms bigint not null,
  state text not null default 'held' check (state in ('held', 'allowed', 'refused')),
  decided_by text,
  decided_note text,
  decided_at_ms bigint,
  primary key (operator_id, terminal_id, held_on),
  check ((state = 'held') = (decided_by is null))
);
create index promo_till_hold_open on promo_till_hold (operator_id, held_at_ms) where state = 'held';

alter table terminal_alarm drop constraint terminal_alarm_kind_check;
alter table terminal_alarm add constraint terminal_alarm_kind_check check
  (kind in ('clone', 'coupon-unproven', 'coupon-velocity', 'epoch-closed', 'epochs-exceeded', 'fork', 'owner-pin-first-set',
            'owner-pin-locked', 'owner-record-old', 'quarantine-full', 'tail-lost'));
