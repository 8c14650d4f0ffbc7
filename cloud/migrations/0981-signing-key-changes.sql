-- How the key that signs the tills' configuration came to be the one it is: each change is signed by the key before it, so a till
-- that slept through any of them can follow. Public keys and signatures only.
create table signing_key_change (
  operator_id text not null references operator,
  change_no integer not null check (change_no > 0),
  -- 32 bytes, base64url.
  from_key text not null,
  to_key text not null check (to_key <> from_key),
  -- From then on the cloud signs with to_key.
  not_before_ms bigint not null,
  -- Of shared/wire/v1/signing.ts signingKeyChangeText, by from_key.
  signature text not null,
  announced_at_ms bigint not null,
  -- Given up before its time, or by hand when the key in force was lost: it counts no more.
  withdrawn_at_ms bigint,
  primary key (operator_id, change_no)
);
