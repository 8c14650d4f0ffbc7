-- A reservation whose time ran out is `lapsed`, not `released`: a sale that was made in time and told late (the line
-- was down) may still spend the same vouchers, if nobody else took them. `released` is final.
alter table voucher_reservation drop constraint voucher_reservation_state_check;
alter table voucher_reservation add constraint voucher_reservation_state_check
  check (state in ('held', 'committed', 'released', 'lapsed'));
drop index voucher_reservation_by_order;
create unique index voucher_reservation_by_order on voucher_reservation (operator_id, order_id)
  where state in ('held', 'committed');
