-- The period in which a lot's points entered the pools: when its order became final, claimed or not. A late claim gives
-- a lot an owner and a schedule (issued_in), but is no growth (docs/adr/0008).
alter table points_lot add column entered_in text;
update points_lot set entered_in = coalesce(issued_in, to_char(final_on, 'YYYY-MM')) where state <> 'pending';
alter table points_lot add check (state = 'pending' or entered_in is not null);
create index points_lot_entered on points_lot (operator_id, entered_in) where state <> 'pending';
-- Only the gate read this one, by the month of the claim.
drop index points_lot_issued;
