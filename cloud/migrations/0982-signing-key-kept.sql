-- The key that signs the tills' configuration: a start that brings another one, without a change that leads to it, ends.
-- Null: not known yet, or given up by hand because the key was lost or stolen.
alter table config_basis
  add column signing_key text;
