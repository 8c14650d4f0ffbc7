-- What came to the owner's own account goes back from there, by his own hand: a kept promise by transfer or static code.
alter table order_refund drop constraint order_refund_how_check;
alter table order_refund add constraint order_refund_how_check
  check (how in ('channel', 'cash', 'box-slip', 'own-account'));
