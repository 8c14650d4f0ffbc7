-- Vouchers spent on sales that no channel subsidises (cash, box, promises, channels without that ability): the shop gets their
-- worth from the backing account, one payout for each of its days, paid by two people. Which way a sale's vouchers go is decided
-- with its booking and never changes: it has a `subsidy` instruction or a row here.
create table subsidy_part (
  operator_id text not null,
  merchant_id text not null,
  order_id text not null,
  -- 0: the sale. Above: a refund of it, which takes its part back.
  refund_no integer not null check (refund_no between 0 and 50),
  amount_fen bigint not null check (amount_fen <> 0 and (amount_fen > 0) = (refund_no = 0)),
  -- The Shanghai day on which the cloud accepted the sale or booked the refund.
  ledger_date date not null,
  -- The payout that has it in its sum: of that day, or of a later one when it was booked after that had been made.
  day date check (day >= ledger_date),
  -- Sold before there were payouts: paid by other means, and in no payout, whatever is refunded of it.
  is_before boolean not null,
  primary key (operator_id, merchant_id, order_id, refund_no),
  check (not is_before or day is null)
);
create index subsidy_part_open on subsidy_part (operator_id, merchant_id, ledger_date)
  where day is null and not is_before;

-- One row for each shop and day: what its payout is the sum of. Written once.
create table subsidy_payout (
  operator_id text not null,
  merchant_id text not null,
  day date not null,
  spent_fen bigint not null check (spent_fen >= 0),
  returned_fen bigint not null check (returned_fen >= 0),
  -- What refunds took above what earlier payouts had: never above 0.
  carried_fen bigint not null check (carried_fen <= 0),
  payout_fen bigint not null check (payout_fen = greatest(0, carried_fen + spent_fen - returned_fen)),
  made_at_ms bigint not null,
  primary key (operator_id, merchant_id, day)
);
create trigger subsidy_payout_append_only before update or delete or truncate on subsidy_payout
  for each statement execute function ledger_refuse_change();

alter table channel_instruction drop constraint channel_instruction_kind_check;
alter table channel_instruction add constraint channel_instruction_kind_check check (kind in ('subsidy',
  'same-day', 'concession', 'release', 'payout', 'split-return', 'subsidy-return', 'subsidy-payout'));
do $$
declare
  old text;
begin
  select conname into strict old from pg_constraint
    where conrelid = 'channel_instruction'::regclass and contype = 'c'
      and pg_get_constraintdef(oid) like '%order_id IS NOT NULL%';
  execute format('alter table channel_instruction drop constraint %I', old);
end $$;
-- An agent's payout is in the operator's own book and names no order; a shop's is in the shop's book and is people's to make.
alter table channel_instruction add constraint channel_instruction_subject_check check (case kind
  when 'payout' then true
  when 'subsidy-payout' then merchant_id is not null and order_id is null and by_hand
  else merchant_id is not null and order_id is not null end);
create index channel_instruction_subsidy_payout on channel_instruction (operator_id, merchant_id, ended_at_ms)
  where kind = 'subsidy-payout';

-- What was sold before is not paid out here. Until now the figure subsidyUntoldFen told the operator to pay it by other means,
-- and only he knows which of it he did: to instruct it would pay that twice. The figure stays for those days.
insert into subsidy_part
select operator_id, merchant_id, order_id, 0, voucher_fen, ledger_date, null, true
  from settlement_line l
 where voucher_fen > 0 and not exists (select from channel_instruction i
   where i.operator_id = l.operator_id and i.order_id = l.order_id and i.kind = 'subsidy');
insert into subsidy_part
select r.operator_id, r.merchant_id, r.order_id, r.refund_no, -r.voucher_fen, r.ledger_date, null, true
  from order_refund r join subsidy_part p using (operator_id, merchant_id, order_id)
 where r.status = 'done' and r.voucher_fen > 0;
