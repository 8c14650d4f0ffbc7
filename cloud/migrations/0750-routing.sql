-- Routing: more limits per merchant and channel, counted as well as summed, by day and by month (Shanghai).
alter table merchant_channel
  add column per_txn_min_fen bigint not null default 1 check (per_txn_min_fen > 0),
  add column day_count_max integer check (day_count_max > 0),
  add column month_quota_fen bigint check (month_quota_fen > 0),
  add column month_count_max integer check (month_count_max > 0),
  -- Share of the draw among channels of one priority, and what the channel charges.
  add column weight integer not null default 100 check (weight between 1 and 1000),
  add column fee_bp integer not null default 60 check (fee_bp between 0 and 1000),
  -- Minutes of the Shanghai day.
  add column open_from_minute integer not null default 0 check (open_from_minute between 0 and 1440),
  add column open_until_minute integer not null default 1440 check (open_until_minute between 0 and 1440),
  -- Only terminals that are registered at the channel may charge there (table channel_terminal).
  add column needs_registration boolean not null default false;

alter table channel_quota_day
  add column reserved_count integer not null default 0 check (reserved_count >= 0),
  add column used_count integer not null default 0 check (used_count >= 0);
update channel_quota_day q set (reserved_count, used_count) = (
  select count(*) filter (where in_flight), count(*) filter (where status = 'paid')
    from payment_attempt a
   where a.operator_id = q.operator_id and a.merchant_id = q.merchant_id
     and a.channel = q.channel and a.quota_date = q.quota_date);

create table channel_quota_month (
  operator_id text not null,
  merchant_id text not null,
  channel text not null,
  -- The first day of the month.
  quota_month date not null,
  reserved_fen bigint not null check (reserved_fen >= 0),
  used_fen bigint not null check (used_fen >= 0),
  reserved_count integer not null check (reserved_count >= 0),
  used_count integer not null check (used_count >= 0),
  primary key (operator_id, merchant_id, channel, quota_month)
);
insert into channel_quota_month
select operator_id, merchant_id, channel, date_trunc('month', quota_date)::date,
       sum(reserved_fen), sum(used_fen), sum(reserved_count), sum(used_count)
  from channel_quota_day group by 1, 2, 3, 4;

-- A terminal's number at a channel: acquirers ask for every terminal to be registered with its place.
create table channel_terminal (
  operator_id text not null,
  merchant_id text not null,
  terminal_id text not null,
  channel text not null,
  channel_terminal_no text not null,
  registered_at_ms bigint not null,
  -- Null while it may be used.
  ended_at_ms bigint,
  primary key (operator_id, terminal_id, channel)
);

-- A channel refuses a merchant, or our keys for him: no sale of his goes there for a while, and people look.
create table channel_alarm (
  operator_id text not null,
  merchant_id text not null,
  channel text not null,
  -- The channel's word.
  code text not null,
  first_at_ms bigint not null,
  last_at_ms bigint not null,
  seen_count bigint not null default 1,
  -- Who looked, and what he found. The next refusal opens it again.
  cleared_by text,
  cleared_note text,
  cleared_at_ms bigint,
  primary key (operator_id, merchant_id, channel)
);
