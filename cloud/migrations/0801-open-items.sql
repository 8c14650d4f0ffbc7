-- Who looks after a thing that waits for people, where the thing itself has no place for a name (breaks have their own).
create table open_item_owner (
  operator_id text not null,
  source text not null check (source in ('booking', 'charge', 'instruction', 'no-bill', 'refund', 'resolution', 'review')),
  ref text not null check (length(ref) between 1 and 128),
  owner text not null,
  note text not null check (length(note) between 3 and 300),
  taken_at_ms bigint not null,
  primary key (operator_id, source, ref),
  foreign key (operator_id, owner) references operator_person (operator_id, person_id)
);
