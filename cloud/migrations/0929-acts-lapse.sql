-- What another person did not agree to in time ends by itself: nobody ended it, so nobody stands in it.
alter table two_person_act drop constraint two_person_act_state_check;
alter table two_person_act add constraint two_person_act_state_check
  check (state in ('proposed', 'done', 'withdrawn', 'lapsed'));
alter table two_person_act add constraint two_person_act_lapsed_check
  check (state not in ('done', 'withdrawn') or (ended_by is not null and ended_note is not null));
