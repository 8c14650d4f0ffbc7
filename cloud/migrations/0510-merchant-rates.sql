-- Every rate a merchant ever had. A till says in each order which rate it sold at; the cloud believes only a rate from
-- this list. Written by the database itself, so that no way of changing a merchant can forget it.
create table merchant_rate (
  operator_id text not null,
  merchant_id text not null,
  -- The first rate holds from the beginning: 0.
  from_ms bigint not null,
  concession_bp integer not null,
  primary key (operator_id, merchant_id, from_ms),
  foreign key (operator_id, merchant_id) references merchant
);
insert into merchant_rate (operator_id, merchant_id, from_ms, concession_bp)
  select operator_id, merchant_id, 0, concession_bp from merchant;

create function note_merchant_rate() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into merchant_rate values (new.operator_id, new.merchant_id, 0, new.concession_bp);
  elsif new.concession_bp <> old.concession_bp then
    insert into merchant_rate values (new.operator_id, new.merchant_id,
      (extract(epoch from clock_timestamp()) * 1000)::bigint, new.concession_bp);
    -- The tills of the shop have a newer configuration to pull.
    update terminal set config_version = config_version + 1
     where operator_id = new.operator_id and merchant_id = new.merchant_id;
  end if;
  return null;
end $$;
create trigger merchant_rate_noted after insert or update of concession_bp on merchant
  for each row execute function note_merchant_rate();
