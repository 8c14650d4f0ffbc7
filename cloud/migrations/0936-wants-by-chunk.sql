-- What the accounts of a chunk wanted is one row with a column of each figure, not a row and an entry of an index for each
-- account: a release day writes a fifth of the bytes for it, and what reads the figures of a whole run reads only those.

create table release_chunk_want (
  operator_id text not null,
  period text not null,
  day date not null,
  chunk_no integer not null check (chunk_no >= 0),
  -- In the order of their ids. An account's place is its ordinal in the chunk.
  members text[] not null,
  due_points bigint[] not null,
  want_fen bigint[] not null,
  -- min(want, own month cap).
  most_fen bigint[] not null,
  mult_bp integer[] not null,
  primary key (operator_id, period, day, chunk_no),
  check (cardinality(members) between 1 and 1048576),
  check (cardinality(due_points) = cardinality(members)
     and cardinality(want_fen) = cardinality(members)
     and cardinality(most_fen) = cardinality(members)
     and cardinality(mult_bp) = cardinality(members))
);
-- Ids hardly shrink, and trying costs more than writing them.
alter table release_chunk_want
  alter column members set storage external,
  alter column due_points set storage external,
  alter column want_fen set storage external,
  alter column most_fen set storage external,
  alter column mult_bp set storage external;

insert into release_chunk_want
select operator_id, period, day, (ordinal >> 20)::integer,
       array_agg(member_id order by ordinal), array_agg(due_points order by ordinal),
       array_agg(want_fen order by ordinal), array_agg(most_fen order by ordinal),
       array_agg(mult_bp order by ordinal)
  from release_want
 group by operator_id, period, day, ordinal >> 20;

create trigger release_chunk_want_append_only before update or delete or truncate on release_chunk_want
  for each statement execute function points_refuse_change();

drop view release_allocation;
drop table release_want;

-- The same by account. Whoever looks for some members names the chunks that may hold them (from_member, to_member) too:
-- the others are then not unpacked.
create view release_want with (security_invoker = true) as
select w.operator_id, w.period, w.day, c.from_member, c.to_member, w.chunk_no,
       (w.chunk_no::bigint << 20) + generate_series(0, cardinality(w.members) - 1) as ordinal,
       unnest(w.members) as member_id, unnest(w.due_points) as due_points,
       unnest(w.want_fen) as want_fen, unnest(w.most_fen) as most_fen, unnest(w.mult_bp) as mult_bp
  from release_chunk_want w
  join release_chunk c on c.operator_id = w.operator_id and c.period = w.period
                      and c.day = w.day and c.chunk_no = w.chunk_no;
grant select on release_want to greentill_app, greentill_worker;

-- What every account got. A row appears in the moment in which its chunk is posted.
create view release_allocation with (security_invoker = true) as
select operator_id, period, day, member_id, due_points, mult_bp, want_fen, most_fen, alloc_fen,
       points_used, voucher_id, '' as from_member, null::text as to_member
  from release_allocation_before
union all
select operator_id, period, day, member_id, due_points, mult_bp, want_fen, most_fen, alloc_fen,
       least(due_points, (alloc_fen * 10000 + mult_bp - 1) / mult_bp), voucher_id,
       from_member, to_member
  from (select w.*, voucher_id_at(r.voucher_stem, w.ordinal) as voucher_id,
               release_share(w.want_fen, w.most_fen, r.theta_num, r.theta_den, r.odd_remainder,
                             r.odd_tie, r.run_id || ':', w.member_id) as alloc_fen
          from release_run r
          join release_want w on w.operator_id = r.operator_id and w.period = r.period
                             and w.day = r.day
          join release_chunk c on c.operator_id = w.operator_id and c.period = w.period
                              and c.day = w.day and c.chunk_no = w.chunk_no
                              and c.state = 'posted'
         where r.state in ('allocated', 'posted') and r.voucher_stem is not null
           and not exists (select from release_withdrawn gone
                            where gone.operator_id = w.operator_id and gone.period = w.period
                              and gone.day = w.day and gone.member_id = w.member_id)) shares
 where alloc_fen > 0;
grant select on release_allocation to greentill_app, greentill_worker;
