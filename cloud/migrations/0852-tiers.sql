-- The tier of a member: risen at once, fallen only after the score did not reach it for 12 months. Members without a row
-- have tier 0 and never had another.
create table member_tier (
  operator_id text not null,
  member_id text not null,
  tier smallint not null check (tier between 0 and 4),
  score_fen bigint not null check (score_fen >= 0),
  -- The last day on which the score was seen to reach the tier.
  reached_on date not null,
  primary key (operator_id, member_id)
);
create index member_tier_above on member_tier (operator_id, tier) where tier > 0;

create table member_tier_change (
  operator_id text not null,
  member_id text not null,
  change_no bigint generated always as identity,
  tier_before smallint not null,
  tier_after smallint not null,
  score_fen bigint not null,
  own_fen bigint not null,
  -- Of direct friends, before it is weighed and capped.
  referred_fen bigint not null,
  -- The last day of the period whose close changed it, or the day of the purchase that did.
  on_day date not null,
  why text not null check (why in ('purchase', 'close')),
  primary key (operator_id, member_id, change_no),
  check (tier_before <> tier_after)
);
create trigger member_tier_change_append_only before update or delete or truncate on member_tier_change
  for each statement execute function points_refuse_change();
