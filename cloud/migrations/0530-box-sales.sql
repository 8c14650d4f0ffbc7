-- A sale at the shop's own box POS: the merchant's acquirer has the money, the merchant owes the concession as of a cash
-- sale (docs/adr/0009-box-sales-owe-their-concession.md).
ALTER TABLE settlement_line DROP CONSTRAINT settlement_line_source_check;
ALTER TABLE settlement_line ADD CONSTRAINT settlement_line_source_check
  CHECK (source IN ('channel', 'cash', 'box'));
-- The unnamed table check of 0400 said "cash, or the parts make the net": say it of whatever passes a channel.
DO $$
DECLARE
  old text;
BEGIN
  SELECT conname INTO STRICT old FROM pg_constraint
    WHERE conrelid = 'settlement_line'::regclass AND contype = 'c'
      AND pg_get_constraintdef(oid) LIKE '%same_day_fen + reserve_fen%';
  EXECUTE format('ALTER TABLE settlement_line DROP CONSTRAINT %I', old);
END
$$;
ALTER TABLE settlement_line ADD CONSTRAINT settlement_line_parts_check CHECK (
  CASE WHEN source = 'channel' THEN same_day_fen + reserve_fen = net_fen AND concession_fen <= reserve_fen
       ELSE same_day_fen = 0 AND reserve_fen = 0 END
);
