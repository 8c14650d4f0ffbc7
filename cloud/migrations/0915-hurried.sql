-- When a channel told us of something while a question of ours was under way: the answer to that question is older than
-- the news, so the next question is due at once, whatever pause that answer asks for. Null once a question left after it.
alter table payment_attempt add column hurried_at_ms bigint;
alter table order_refund add column hurried_at_ms bigint;
alter table channel_instruction add column hurried_at_ms bigint;
