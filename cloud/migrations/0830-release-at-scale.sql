-- A release day in pieces (docs/adr/0016). Accounts are cut into chunks of the member's id. What an account wanted is
-- written once (release_want) and never changed; what it got follows from that row and the run's theta and last odd fen.

-- Every account is written once a day: a page must hold old and new version of its rows, so that no index is touched.
alter table account_points set (fillfactor = 45);
-- Value given in a calendar month (YYYYMM): rule R13 without reading the month's runs.
alter table account_points
  add column given_month integer not null default 0,
  add column given_fen bigint not null default 0 check (given_fen >= 0);

-- Runs of before: as they were written.
alter table release_allocation rename to release_allocation_before;
update account_points a set given_month = g.month, given_fen = g.fen
  from (select distinct on (operator_id, member_id) operator_id, member_id, month, fen
          from (select operator_id, member_id, to_char(day, 'YYYYMM')::integer as month,
                       sum(alloc_fen)::bigint as fen
                  from release_allocation_before group by 1, 2, 3) months
         order by operator_id, member_id, month desc) g
 where g.operator_id = a.operator_id and g.member_id = a.member_id;

do $$
declare
  old text;
begin
  for old in select conname from pg_constraint
    where conrelid = 'release_run'::regclass and contype = 'c'
      and pg_get_constraintdef(oid) like '%state%' loop
    execute format('alter table release_run drop constraint %I', old);
  end loop;
end
$$;
alter table release_run alter column snapshot drop not null;
alter table release_run alter column snapshot_hash drop not null;
alter table release_run alter column limit_fen drop not null;
-- The odd fen: remainders above odd_remainder get one, those equal to it up to odd_tie (md5 of run and member, member).
alter table release_run
  add column odd_remainder numeric(60, 0),
  add column odd_tie text,
  -- The first 20 characters of the ids of the run's vouchers; the rest is the account's ordinal.
  add column voucher_stem text;
-- wanting: the chunks are being read; planned: the day's limit stands; allocated: theta stands, chunks are being posted.
alter table release_run add constraint release_run_state_check
  check (state in ('wanting', 'planned', 'allocated', 'posted'));
alter table release_run add constraint release_run_planned_check
  check ((state = 'wanting') = (snapshot_hash is null) and (state = 'wanting') = (limit_fen is null));
alter table release_run add constraint release_run_allocated_check
  check ((state in ('wanting', 'planned')) = (released_fen is null));
alter table release_run add constraint release_run_posted_check
  check ((state = 'posted') = (explanation_hash is not null));
-- One at a time: the next one reads what this one leaves.
create unique index release_run_open on release_run (operator_id) where state <> 'posted';

-- Where the accounts of an operator are cut into ranges of about the same number: found once, then only where they grow.
create table account_cut (
  operator_id text not null,
  from_member text not null,
  primary key (operator_id, from_member)
);

create table release_chunk (
  operator_id text not null,
  period text not null,
  day date not null,
  chunk_no integer not null check (chunk_no >= 0),
  -- Members from this one on, up to but without the other one; null: to the end.
  from_member text not null,
  to_member text,
  state text not null check (state in ('open', 'wanted', 'posted')),
  -- Of all accounts that want something.
  account_count bigint not null default 0,
  want_fen bigint not null default 0,
  -- Of those whose month cap leaves them something.
  most_fen bigint not null default 0,
  want_fen_max bigint not null default 0,
  -- Posted.
  given_count bigint not null default 0,
  given_fen bigint not null default 0,
  points_used bigint not null default 0,
  withdrawn_fen bigint not null default 0,
  primary key (operator_id, period, day, chunk_no)
);
create index release_chunk_open on release_chunk (operator_id, period, day, state, chunk_no)
  where state <> 'posted';

create table release_want (
  operator_id text not null,
  period text not null,
  day date not null,
  member_id text not null,
  -- Chunk x 2^20 + place in the chunk.
  ordinal bigint not null,
  due_points bigint not null check (due_points > 0),
  want_fen bigint not null check (want_fen >= most_fen),
  -- min(want, own month cap).
  most_fen bigint not null check (most_fen > 0),
  mult_bp integer not null,
  primary key (operator_id, period, day, member_id)
);
create trigger release_want_append_only before update or delete or truncate on release_want
  for each statement execute function points_refuse_change();

-- Accounts that lost points to a refund, or were frozen, between the reading and the posting: they get nothing that day.
create table release_withdrawn (
  operator_id text not null,
  period text not null,
  day date not null,
  member_id text not null,
  primary key (operator_id, period, day, member_id)
);
create trigger release_withdrawn_append_only before update or delete or truncate on release_withdrawn
  for each statement execute function points_refuse_change();

-- An account's value in a run: cloud/release/share-formula.ts has the same for the chunks.
create function release_share(want bigint, most bigint, theta_num numeric, theta_den numeric,
  odd_remainder numeric, odd_tie text, tie_stem text, member text) returns bigint
language sql immutable parallel safe as $$
  select case
    when most * theta_den < want * theta_num then most
    else div(want * theta_num, theta_den)::bigint + case
      when mod(want * theta_num, theta_den) > odd_remainder then 1
      when mod(want * theta_num, theta_den) < odd_remainder then 0
      when (md5(tie_stem || member) || member) collate "C" <= odd_tie collate "C" then 1
      else 0 end
    end
$$;

-- A voucher's id: the run's 20 characters and the ordinal in hexadecimal, whose digits are digits of base 32 too. Ids
-- grow with the ordinals, so an index of vouchers grows at its end.
create function voucher_id_at(stem text, ordinal bigint) returns text
language sql immutable strict parallel safe as $$
  select stem || upper(lpad(to_hex(ordinal), 10, '0'))
$$;
drop function voucher_id_of(bigint, text);

-- What every account got. A row appears in the moment in which its chunk is posted.
create view release_allocation with (security_invoker = true) as
select operator_id, period, day, member_id, due_points, mult_bp, want_fen, most_fen, alloc_fen,
       points_used, voucher_id
  from release_allocation_before
union all
select operator_id, period, day, member_id, due_points, mult_bp, want_fen, most_fen, alloc_fen,
       least(due_points, (alloc_fen * 10000 + mult_bp - 1) / mult_bp), voucher_id
  from (select w.*, voucher_id_at(r.voucher_stem, w.ordinal) as voucher_id,
               release_share(w.want_fen, w.most_fen, r.theta_num, r.theta_den, r.odd_remainder,
                             r.odd_tie, r.run_id || ':', w.member_id) as alloc_fen
          from release_run r
          join release_want w on w.operator_id = r.operator_id and w.period = r.period
                             and w.day = r.day
          join release_chunk c on c.operator_id = w.operator_id and c.period = w.period
                              and c.day = w.day and c.chunk_no = w.ordinal >> 20
                              and c.state = 'posted'
         where r.state in ('allocated', 'posted') and r.voucher_stem is not null
           and not exists (select from release_withdrawn gone
                            where gone.operator_id = w.operator_id and gone.period = w.period
                              and gone.day = w.day and gone.member_id = w.member_id)) shares
 where alloc_fen > 0;
grant select on release_allocation to greentill_app, greentill_worker;

-- Of what is set aside as well: whoever reserves locks both, and must find them by the member.
drop index voucher_wallet;
create index voucher_wallet on voucher (operator_id, member_id, expires_on)
  where left_fen > 0 or held_fen > 0;
