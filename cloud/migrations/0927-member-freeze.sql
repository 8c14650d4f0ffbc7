-- An account that is held: nothing of it is lost and nothing of it is given until two people thaw it. Every freeze is kept.
create table member_freeze (
  operator_id text not null,
  member_id text not null,
  frozen_at_ms bigint not null,
  frozen_on date not null,
  frozen_by text not null,
  frozen_why text not null check (length(frozen_why) between 10 and 500),
  thawed_at_ms bigint,
  -- The two people.
  thawed_by text,
  thawed_why text check (length(thawed_why) between 10 and 500),
  primary key (operator_id, member_id, frozen_at_ms),
  foreign key (operator_id, member_id) references member (operator_id, member_id),
  check ((thawed_at_ms is null) = (thawed_by is null and thawed_why is null))
);
create unique index member_freeze_open on member_freeze (operator_id, member_id) where thawed_at_ms is null;

-- Why an offline sale was debited without the member's vouchers: member-frozen or a word of cloud/review/voucher-guard.ts.
alter table offline_settlement add column voucher_refused text;
