-- The last day of use of a run's vouchers, fixed with its allocation: a run that was held up for weeks gives vouchers that
-- are good for as long as those of a run in time. Null: a run of before, whose vouchers end with their window.
alter table release_run add column expires_on date;
