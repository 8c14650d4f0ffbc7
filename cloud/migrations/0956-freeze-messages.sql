-- A member is told that his account is held, and that it goes on; never why.
alter table member_message drop constraint member_message_kind_check;
alter table member_message add constraint member_message_kind_check
  check (kind in ('next-visit', 'expiry', 'shop', 'frozen', 'thawed'));
