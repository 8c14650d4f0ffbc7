import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

/** People decide about charges, and about sales that are held for review. */
export const resolutionErrors = {
  'paid-twice-not-found': entry(
    'No charge waits here that was paid although its order had other money: it was booked, decided about, or never taken.',
    'Read the list of exceptions again.',
    'operator',
    'no',
    '这笔收款不是待处理的重复收款，请刷新后再看',
    'This charge does not wait as paid twice. Look again.',
  ),
  'paid-twice-not-keepable': entry(
    'The other money cannot have been missing: a box POS took it, its sums differ, or some of it was refunded.',
    'Give the channel’s money back to the customer.',
    'operator',
    'no',
    '另一笔钱不能当作没有收到，请把渠道这笔退还顾客',
    'The other money was taken. Give the channel’s money back.',
  ),
  'person-act-lapsed': entry(
    'Nobody agreed to it within 72 hours, so it ended by itself.',
    'Look again whether it is still wanted, and propose it anew.',
    'operator',
    'no',
    '提出后 72 小时内没有另一人同意，已失效，需要时请重新提出',
    'Nobody agreed within 72 hours. Propose it again if it is still wanted.',
  ),
  'person-key-invalid': entry(
    'The personal key is missing, unknown, ended, or not a day old yet.',
    'Use your own key; the operator makes one.',
    'operator',
    'no',
    '个人密钥无效',
    'The personal key is not valid.',
  ),
  'resolution-impossible': entry(
    'The charge is definite, too young, unknown, or its proposal is not there.',
    'Read the list of exceptions again.',
    'operator',
    'no',
    '这笔收款不能人工处理，请刷新后再看',
    'This charge cannot be resolved by hand. Look again.',
  ),
  'resolution-same-person': entry(
    'Whoever proposed a resolution may not confirm it.',
    'Let somebody else confirm it.',
    'operator',
    'no',
    '须由另一个人确认',
    'Another person must confirm.',
  ),
  'resolved-not-paid': entry(
    'Two people looked at the channel and found that nothing was taken.',
    'Nothing to do; charge again under a new attempt.',
    'nobody',
    'no',
    '已人工核实：没有收到钱',
    'Checked by two people: nothing was taken.',
  ),
  'sale-stopped-by-rule': entry(
    'A rule of the operator stops sales like this one; nothing was sent to any channel.',
    'Take cash, or ask the operator.',
    'operator',
    'no',
    '这笔收款被风控规则拦下，没有扣款，请联系运营方',
    'A rule stopped this sale. Nothing was charged. Ask the operator.',
  ),
} as const satisfies Record<string, ErrorEntry>;
