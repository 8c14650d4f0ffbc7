import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

export const pointsErrors = {
  'day-in-future': entry(
    'The day has not begun yet by the clock of the cloud.',
    'Name today or an earlier day.',
    'operator',
    'no',
    '这一天还没有到',
    'That day has not come yet.',
  ),
  'day-outside-window': entry(
    'A closed period is released on the days of the following month only.',
    'Run a day of that month.',
    'operator',
    'no',
    '这一天不在这个月的释放日内',
    'That day is not in the release window of the period.',
  ),
  'period-not-closed': entry(
    'A release runs for a closed period only.',
    'Close the period first.',
    'operator',
    'no',
    '这个月还没有结算关闭',
    'That period is not closed yet.',
  ),
  'period-not-over': entry(
    'A period is closed after its last day.',
    'Wait for the first day of the following month.',
    'operator',
    'no',
    '这个月还没有过完',
    'That period is not over yet.',
  ),
  'period-out-of-order': entry(
    'Periods are closed one after the other.',
    'Close the period that the detail names first.',
    'operator',
    'no',
    '要先关闭上一个月',
    'Close the earlier period first.',
  ),
  'voucher-balance': entry(
    'The vouchers that are left and not expired do not cover the amount.',
    'Use less, or none.',
    'cashier',
    'no',
    '券余额不够',
    'Not enough voucher balance.',
  ),
} as const satisfies Record<string, ErrorEntry>;
