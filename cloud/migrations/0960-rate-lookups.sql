-- Was this the merchant's rate lately? Answered by the last time he had it, however often he changed it since.
create index merchant_rate_by_rate on merchant_rate (operator_id, merchant_id, concession_bp, from_ms);
