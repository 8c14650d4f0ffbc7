-- What a member agreed to, and what is told to him on his page.

-- Each consent as it was given or taken back, and where; the newest of a kind counts.
create table member_consent (
  operator_id text not null,
  member_id text not null,
  consent_no bigint generated always as identity,
  -- register: kept as a member. vouchers: told about his own vouchers. shops: told what shops of the platform say.
  kind text not null check (kind in ('register', 'vouchers', 'shops')),
  given boolean not null,
  -- The edition of the words that he saw.
  words text not null,
  source text not null check (source in ('counter', 'claim', 'page')),
  at_terminal text,
  at_ms bigint not null,
  primary key (operator_id, member_id, consent_no)
);
create trigger member_consent_append_only before update or delete or truncate on member_consent
  for each statement execute function points_refuse_change();

-- Where the consents stand. About his own vouchers he is told unless he says no; for shops he must have said yes.
alter table member add column hears_vouchers boolean not null default true;
alter table member add column hears_shops boolean not null default false;
create index member_hears_shops on member (operator_id, member_id) where hears_shops;

-- Messages to members, each once per cause. The words are made when it is read, out of what is here.
create table member_message (
  operator_id text not null,
  member_id text not null,
  kind text not null check (kind in ('next-visit', 'expiry', 'shop')),
  -- The order, the last day with the number of days before it, or the push slot.
  ref text not null,
  on_day date not null,
  at_ms bigint not null,
  -- Of a voucher: what it was worth when this was written.
  voucher_id text,
  amount_fen bigint,
  expires_on date,
  -- Of a shop.
  shop_name text,
  shop_text text,
  primary key (operator_id, member_id, kind, ref)
);
create index member_message_latest on member_message (operator_id, member_id, at_ms desc);
create index member_message_of_shops on member_message (operator_id, member_id, on_day) where kind = 'shop';
