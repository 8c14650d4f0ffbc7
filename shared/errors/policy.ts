import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

/** Codes of the rules themselves: versions of the policy, adjustments and the winding down. */
export const policyErrors = {
  'adjustment-refused': entry(
    'The adjustment would break a law of the books or give more than is due.',
    'The detail names the rule. Propose a smaller one.',
    'operator',
    'no',
    '该调整违反账目规则，已拒绝',
    'The adjustment would break a rule of the books.',
  ),
  'period-kind-differs': entry(
    'The periods of this operator are of another length.',
    'Name a period of the kind in the detail.',
    'operator',
    'no',
    '期间类型不符',
    'The periods are of another length.',
  ),
  'period-kind-fixed': entry(
    'Points are final already: the length of a period stands for good.',
    'Keep the kind of period. Another length needs another operator.',
    'operator',
    'no',
    '已有积分生效，期间长度不可再改',
    'Points are final already, so the length of a period stands.',
  ),
  'policy-notice-too-short': entry(
    'A switch of what the gate reads is announced 30 days before, and any change starts with a coming period.',
    'Name a later period; the detail has the first day that is possible.',
    'operator',
    'no',
    '生效期间过早：规则只能从下一期起生效，切换方案须提前30天公示',
    'The change would start too soon.',
  ),
  'policy-out-of-range': entry(
    'A value of the proposed rules lies outside its legal range.',
    'The detail names the key, the value and the range.',
    'operator',
    'no',
    '规则数值超出允许范围',
    'A value lies outside its legal range.',
  ),
  'policy-proposal-ended': entry(
    'The proposal was approved or withdrawn before, or its terms are not what the approver saw.',
    'Read the list of proposals and, if it is still wanted, propose anew.',
    'operator',
    'no',
    '该提案已结束',
    'This proposal has ended.',
  ),
  'policy-same-person': entry(
    'Who proposed it cannot approve it.',
    'Let another person look at it and approve.',
    'operator',
    'no',
    '须由另一人批准',
    'Another person has to approve it.',
  ),
  'wind-down-running': entry(
    'The operator is winding down: nothing of this kind begins any more.',
    'Follow the published plan; vouchers stay good.',
    'operator',
    'no',
    '运营方正在有序退出，不再办理此项',
    'The operator is winding down.',
  ),
} as const satisfies Record<string, ErrorEntry>;
