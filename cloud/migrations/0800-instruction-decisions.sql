-- What no channel can be told: a subsidy above the channel's limit. People move it, and it stands in the list until they did.
alter table channel_instruction add column by_hand boolean not null default false;

-- People decide about an instruction: one proposes, another one confirms. retry: a failed one again, under a new number.
-- moved: it was carried out, by the channel or by hand, and here is the reference. void: it never was, and never will be.
create table instruction_decision (
  operator_id text not null,
  instruction_no text not null,
  proposal_no integer not null check (proposal_no >= 1),
  how text not null check (how in ('retry', 'moved', 'void')),
  -- What was seen, and where.
  evidence text not null check (length(evidence) between 10 and 500),
  -- moved: the number under which the money went.
  ref text check (length(ref) between 4 and 64),
  -- retry: another receiver, when the old one was what was wrong.
  payee text check (length(payee) between 1 and 64),
  proposed_by text not null,
  proposed_at_ms bigint not null,
  state text not null check (state in ('proposed', 'confirmed', 'withdrawn')),
  ended_by text,
  ended_at_ms bigint,
  ended_note text,
  primary key (operator_id, instruction_no, proposal_no),
  foreign key (operator_id, instruction_no) references channel_instruction,
  foreign key (operator_id, proposed_by) references operator_person (operator_id, person_id),
  foreign key (operator_id, ended_by) references operator_person (operator_id, person_id),
  check ((how = 'moved') = (ref is not null)),
  check (how = 'retry' or payee is null),
  check ((state = 'proposed') = (ended_by is null)),
  check ((ended_by is null) = (ended_at_ms is null)),
  constraint instruction_decision_two_people check (state <> 'confirmed' or ended_by <> proposed_by)
);
create unique index instruction_decision_one_open on instruction_decision (operator_id, instruction_no)
  where state = 'proposed';
-- Retries were agreed on by names in a request; from here on by two people with keys of their own.
drop table instruction_retry;

-- Where an agent is paid is personal: only its ciphertext is kept (commissions/payee-vault.ts), here and in the
-- instruction that pays him. What stood here in plain text has to be entered again.
delete from agent_payee;
alter table agent_payee drop column payee, drop column payee_name,
  add column sealed text not null check (length(sealed) between 40 and 600);
