-- Ends a transaction whose statements were sent together with its COMMIT when one of them did not do what it had to: the
-- COMMIT behind it then commits nothing. The reason stands in the error's detail.
create function refuse_unless(holds boolean, reason text) returns boolean
language plpgsql as $$
begin
  if holds is not true then
    raise exception 'refused: %', reason using errcode = 'GT001', detail = reason;
  end if;
  return true;
end $$;

-- Paid charges that wait for the books: the booker takes the oldest of them.
create index payment_attempt_unbooked on payment_attempt (settled_at_ms)
  where status = 'paid' and book_state = 'none';
