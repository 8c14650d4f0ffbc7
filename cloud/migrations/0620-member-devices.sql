-- Phones that sign member codes: the cloud certifies their keys, a day at a time.
create table member_device (
  operator_id text not null,
  -- Ed25519, 32 raw bytes in base64url.
  device_public_key text not null check (length(device_public_key) = 43),
  member_id text not null,
  created_at_ms bigint not null,
  revoked_at_ms bigint,
  revoke_reason text,
  primary key (operator_id, device_public_key),
  foreign key (operator_id, member_id) references member (operator_id, member_id)
);
create index member_device_by_member on member_device (operator_id, member_id);

-- Null: the bearer form, which no phone signs.
alter table member_certificate add column device_public_key text;
create index member_certificate_by_device on member_certificate (operator_id, device_public_key)
  where device_public_key is not null;

-- One showing of a code is good for one order. The bearer form has one showing, counter 0.
alter table member_certificate_use add column counter integer not null default 0;
alter table member_certificate_use drop constraint member_certificate_use_pkey;
alter table member_certificate_use add primary key (operator_id, certificate_id, counter);
