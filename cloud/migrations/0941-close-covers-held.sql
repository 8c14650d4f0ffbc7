-- What a close must cover besides unreleased and unclaimed points, of the moment in which it is opened: points that people
-- hold back of sales whose concession is in the fund already, and what claims of points without an owner may add for
-- whoever brought the claimant.
alter table period_closing add column held_points bigint not null default 0;
alter table period_closing add column claim_referral_points bigint not null default 0;

-- While a close stands open in chunks nothing else may close its period: a process of before migration 0920 would advance
-- all accounts once more. Asked at the commit, when the last step has said that it is closed.
create function refuse_close_beside_chunks() returns trigger language plpgsql as $$
begin
  if exists (select from period_closing
              where operator_id = new.operator_id and period = new.period and state <> 'closed') then
    raise exception 'the close of % stands open and is ended chunk by chunk', new.period;
  end if;
  return null;
end $$;
create constraint trigger period_close_by_chunks after insert on period_close
  deferrable initially deferred for each row execute function refuse_close_beside_chunks();
