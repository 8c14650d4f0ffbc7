-- That a wallet is remembered is a consent of its own, given by an act (PIPL art. 14), and kept like the others.
alter table member_consent drop constraint member_consent_kind_check;
alter table member_consent add constraint member_consent_kind_check
  check (kind in ('register', 'vouchers', 'shops', 'payer'));
