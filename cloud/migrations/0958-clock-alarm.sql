-- A clock that is wrong is a person's business like what else is wrong with a terminal.
alter table terminal_alarm drop constraint terminal_alarm_kind_check;
alter table terminal_alarm add constraint terminal_alarm_kind_check check
  (kind in ('clock-skewed', 'clone', 'coupon-unproven', 'coupon-velocity', 'epoch-closed', 'epochs-exceeded', 'fork',
            'owner-pin-first-set', 'owner-pin-locked', 'owner-record-old', 'quarantine-full', 'tail-lost'));
