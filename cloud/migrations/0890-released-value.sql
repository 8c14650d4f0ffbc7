-- What an account was given for its released points, as voucher value, less what claw-backs and corrections cancelled: the
-- other half of the average at which a claw-back cancels (docs/points.md 2.9). It is kept beside the points, because a
-- refund must not add up all vouchers of a member's life, and because runs are not all that gives: corrections and the
-- division of the fund at the end give too.
alter table account_points
  add column released_fen bigint not null default 0 check (released_fen >= 0);
update account_points a set released_fen = v.fen
  from (select operator_id, member_id, sum(face_fen - clawed_fen)::bigint as fen
          from voucher group by 1, 2) v
 where v.operator_id = a.operator_id and v.member_id = a.member_id and v.fen > 0;

-- How many shops of an operator earned points, counted up to a limit. A till may know that there are other shops and
-- nothing of them: their rows are closed to it.
create function shops_that_earned(operator text, most integer) returns bigint
language sql stable security definer set search_path from current as $$
  select count(*) from (
    select from promo_credit
     where operator_id = operator
       -- Whoever works for one operator asks about that one.
       and coalesce(nullif(current_setting('app.operator_id', true), ''), operator) = operator
     limit most) shops
$$;
revoke all on function shops_that_earned(text, integer) from public;
grant execute on function shops_that_earned(text, integer) to greentill_app, greentill_worker;
