import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

/** People decide about charges, and about sales that are held for review. */
export const resolutionErrors = {
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
