-- Where a shop is paid what people pay it by hand. A change is a new row, agreed on by two people; the highest number counts. The
-- account's number is kept as ciphertext only (commissions/payee-vault.ts), bound to the shop.
create table shop_payee (
  operator_id text not null,
  merchant_id text not null,
  payee_no integer not null check (payee_no >= 1),
  sealed text not null check (length(sealed) between 40 and 1200),
  -- What lists show: a short name masked, a company's whole.
  name_shown text not null check (length(name_shown) between 1 and 64),
  bank text not null check (length(bank) between 2 and 64),
  last_four text not null check (last_four ~ '^[0-9]{4}$'),
  why text not null check (length(why) between 10 and 500),
  proposed_by text not null,
  agreed_by text not null,
  made_at_ms bigint not null,
  primary key (operator_id, merchant_id, payee_no),
  foreign key (operator_id, merchant_id) references merchant
);
create trigger shop_payee_append_only before update or delete or truncate on shop_payee
  for each statement execute function ledger_refuse_change();

-- To which of them an instruction that people carry out is addressed. Written once: whoever is paid later is told so under
-- another instruction.
create table payout_payee (
  operator_id text not null,
  instruction_no text not null,
  merchant_id text not null,
  payee_no integer not null,
  addressed_at_ms bigint not null,
  primary key (operator_id, instruction_no),
  foreign key (operator_id, instruction_no) references channel_instruction,
  foreign key (operator_id, merchant_id, payee_no) references shop_payee
);
create trigger payout_payee_append_only before update or delete or truncate on payout_payee
  for each statement execute function ledger_refuse_change();

-- Who was told a whole number, for which instruction, and when.
create table payee_look (
  operator_id text not null,
  instruction_no text not null,
  merchant_id text not null,
  payee_no integer not null,
  person_id text not null,
  looked_at_ms bigint not null,
  primary key (operator_id, instruction_no, person_id, looked_at_ms),
  foreign key (operator_id, instruction_no) references payout_payee
);
create trigger payee_look_append_only before update or delete or truncate on payee_look
  for each statement execute function ledger_refuse_change();
