-- Members are known by their phone. It is kept twice and never plain: a keyed hash to find it, and AES-256-GCM to
-- reach the member or to erase him on request. The keys are not in the database.

CREATE TABLE member (
  operator_id   text   NOT NULL,
  member_id     text   NOT NULL,
  -- HMAC-SHA256 of the number, hex.
  phone_hash    text   NOT NULL CHECK (length(phone_hash) = 64),
  -- 138****0001
  phone_mask    text   NOT NULL CHECK (phone_mask ~ '^1[0-9]{2}[*]{4}[0-9]{4}$'),
  -- base64url of nonce (12 bytes), ciphertext, tag (16 bytes); the member's id is authenticated with it.
  phone_cipher  text   NOT NULL,
  created_at_ms bigint NOT NULL,
  PRIMARY KEY (operator_id, member_id)
);
CREATE UNIQUE INDEX member_by_phone ON member (operator_id, phone_hash);
-- A member page names only the member: this finds the operator.
CREATE INDEX member_by_id ON member (member_id);

-- Which order a receipt's claim QR stands for. The token itself is only on the paper and in the till's journal.
CREATE TABLE order_claim (
  operator_id text NOT NULL,
  claim_hash  text NOT NULL CHECK (length(claim_hash) = 64),
  order_id    text NOT NULL,
  merchant_id text NOT NULL,
  PRIMARY KEY (operator_id, claim_hash)
);
-- A claim names only the token: this finds the operator.
CREATE INDEX order_claim_by_hash ON order_claim (claim_hash);

-- Member codes that were issued; their use is recorded where they are settled.
CREATE TABLE member_certificate (
  operator_id    text   NOT NULL,
  certificate_id text   NOT NULL,
  member_id      text   NOT NULL,
  key_id         integer NOT NULL,
  issued_at_ms   bigint NOT NULL,
  not_after_ms   bigint NOT NULL,
  PRIMARY KEY (operator_id, certificate_id),
  FOREIGN KEY (operator_id, member_id) REFERENCES member (operator_id, member_id)
);
CREATE INDEX member_certificate_by_member ON member_certificate (operator_id, member_id, not_after_ms);
