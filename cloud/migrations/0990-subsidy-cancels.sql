-- What refunds left nothing of is told to the channel, before anybody gets a share: it moves no money, and the books know
-- nothing of it. Behind 0980, which made the list of kinds anew.
alter table channel_instruction drop constraint channel_instruction_kind_check;
alter table channel_instruction add constraint channel_instruction_kind_check check (kind in ('subsidy',
  'subsidy-cancel', 'same-day', 'concession', 'release', 'payout', 'split-return', 'subsidy-return', 'subsidy-payout'));
alter table channel_instruction drop constraint channel_instruction_amount_fen_check;
alter table channel_instruction add constraint channel_instruction_amount_fen_check
  check (amount_fen >= 0 and (amount_fen = 0) = (kind = 'subsidy-cancel'));
