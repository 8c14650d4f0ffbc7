-- A member's friends, for his tier: read once per owner whenever lots become final.
create index points_referral_bond_by_referrer on points_referral_bond (operator_id, referrer_id)
  where not related;
