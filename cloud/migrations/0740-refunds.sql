-- Refunds: money of a sale that goes back. One row per number that the till gave; the same number again is the same refund.
create table order_refund (
  operator_id text not null,
  merchant_id text not null,
  order_id text not null,
  refund_no integer not null check (refund_no between 1 and 50),
  terminal_id text not null,
  how text not null check (how in ('channel', 'cash', 'box-slip')),
  -- Gross; cash is what goes to the payer, voucher what goes back to the member's wallet.
  amount_fen bigint not null check (amount_fen > 0),
  cash_fen bigint not null check (cash_fen >= 0),
  voucher_fen bigint not null check (voucher_fen >= 0),
  cashier text not null,
  reason text not null,
  -- The shop's day of the refund.
  business_date date not null,
  asked_at_ms bigint not null,
  -- refunding: the channel has not said; booking: the money went back for certain, the books follow.
  status text not null check (status in ('refunding', 'booking', 'done', 'failed')),
  code text,
  -- Of a refund by a channel: the charge that it gives back.
  attempt integer,
  out_refund_no text,
  fruitless_tries integer not null default 0,
  next_at_ms bigint,
  lease_until_ms bigint not null default 0,
  book_error text,
  -- What the books did, when they did it.
  in_hold boolean,
  concession_fen bigint,
  same_day_fen bigint,
  reserve_fen bigint,
  collected_fen bigint,
  commission_fen bigint,
  points bigint,
  cancelled_fen bigint,
  debt_points bigint,
  -- The Shanghai day on which the cloud booked it, and that of the sale.
  ledger_date date,
  sale_date date,
  done_at_ms bigint,
  primary key (operator_id, merchant_id, order_id, refund_no),
  check (amount_fen = cash_fen + voucher_fen),
  check ((how = 'channel') = (attempt is not null and out_refund_no is not null)),
  check ((next_at_ms is not null) = (status in ('refunding', 'booking'))),
  check ((status = 'done') = (done_at_ms is not null and ledger_date is not null))
);
create unique index order_refund_open on order_refund (operator_id, merchant_id, order_id)
  where status = 'refunding';
create index order_refund_due on order_refund (next_at_ms) where next_at_ms is not null;
create index order_refund_by_day on order_refund (operator_id, merchant_id, business_date);
create index order_refund_by_ledger_date on order_refund (operator_id, ledger_date) where status = 'done';

alter table payment_call drop constraint payment_call_kind_check;
alter table payment_call add constraint payment_call_kind_check
  check (kind in ('charge', 'withhold', 'query', 'reverse', 'refund', 'query-refund'));

-- A line stays what it was on its day; what refunds took back inside the hold stands beside it.
alter table settlement_line
  add column refunded_fen bigint not null default 0,
  add column refunded_net_fen bigint not null default 0,
  add column returned_concession_fen bigint not null default 0,
  add column returned_same_day_fen bigint not null default 0,
  add column returned_reserve_fen bigint not null default 0;
alter table settlement_line
  add constraint settlement_line_refunds_check check (
    refunded_fen between 0 and amount_fen and refunded_net_fen between 0 and net_fen
    and returned_concession_fen between 0 and concession_fen
    and returned_same_day_fen between 0 and same_day_fen
    and returned_reserve_fen between 0 and reserve_fen
    and (source <> 'channel'
      or concession_fen - returned_concession_fen <= reserve_fen - returned_reserve_fen)
    and collected_fen <= concession_fen - returned_concession_fen);
do $$
declare
  old text;
begin
  select conname into strict old from pg_constraint
    where conrelid = 'settlement_line'::regclass and contype = 'c'
      and pg_get_constraintdef(oid) like '%agents_fen + margin_fen%';
  execute format('alter table settlement_line drop constraint %I', old);
  select conname into strict old from pg_constraint
    where conrelid = 'voucher'::regclass and contype = 'c'
      and pg_get_constraintdef(oid) like '%left_fen + held_fen%';
  execute format('alter table voucher drop constraint %I', old);
  for old in select conname from pg_constraint
    where conrelid = 'voucher_entry'::regclass and contype = 'c' loop
    execute format('alter table voucher_entry drop constraint %I', old);
  end loop;
end
$$;
alter table settlement_line add constraint settlement_line_waterfall_check check (
  state <> 'final'
  or agents_fen + margin_fen + contingency_fen + fund_fen = concession_fen - returned_concession_fen);

-- A commission on a sale that went back after finality: carried on the next statement, per refund and role.
create table agent_commission_back (
  operator_id text not null,
  merchant_id text not null,
  order_id text not null,
  refund_no integer not null,
  role text not null,
  agent_id text not null,
  amount_fen bigint not null check (amount_fen > 0),
  ledger_date date not null,
  primary key (operator_id, merchant_id, order_id, refund_no, role)
);

-- The wallet: what a refund gave back, and what a claw-back of points took.
alter table voucher add column clawed_fen bigint not null default 0 check (clawed_fen >= 0);
alter table voucher add constraint voucher_parts_check
  check (face_fen = left_fen + held_fen + spent_fen + expired_fen + clawed_fen);
alter table voucher_entry add constraint voucher_entry_kind_check
  check (kind in ('issued', 'spent', 'expired', 'returned', 'clawed'));
alter table voucher_entry add constraint voucher_entry_sign_check
  check ((kind in ('issued', 'returned')) = (amount_fen > 0) and amount_fen <> 0);
alter table voucher_reservation_line add column returned_fen bigint not null default 0;
alter table voucher_reservation_line add constraint voucher_reservation_line_returned_check
  check (returned_fen between 0 and amount_fen);

-- Points: a lot may shrink to nothing, a member may owe points, and a shop's credit may be carried below zero.
alter table points_order add column refunded_fen bigint not null default 0;
alter table points_order add constraint points_order_refunded_check
  check (refunded_fen between 0 and net_fen);
alter table points_lot drop constraint points_lot_points_check;
alter table points_lot add constraint points_lot_points_check check (points >= 0);
alter table promo_credit drop constraint promo_credit_points_check;
alter table points_entry drop constraint points_entry_kind_check;
alter table points_entry add constraint points_entry_kind_check
  check (kind in ('pending', 'claimed', 'final', 'released', 'clawed', 'restored'));
alter table promo_entry drop constraint promo_entry_kind_check;
alter table promo_entry add constraint promo_entry_kind_check
  check (kind in ('earned', 'burned', 'clawed'));
-- Scores, tiers and month caps go by what was not refunded.
drop index points_order_by_member;
create index points_order_by_member on points_order (operator_id, member_id, accepted_on)
  include (merchant_id, net_fen, refunded_fen) where member_id is not null;
