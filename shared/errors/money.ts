import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

export const moneyErrors = {
  'amount-not-a-number': entry(
    'What was typed is not an amount of money.',
    'Type digits and at most one point.',
    'cashier',
    'no',
    '金额只能输入数字和小数点',
    'Type digits and at most one decimal point.',
  ),
  'amount-not-integer': entry(
    'The amount is not a whole number of fen.',
    'Type the amount again.',
    'cashier',
    'no',
    '金额不对，请重新输入',
    'That is not an amount. Type it again.',
  ),
  'amount-not-positive': entry(
    'The amount is zero or negative.',
    'Type an amount above zero.',
    'cashier',
    'no',
    '请先输入金额',
    'Enter an amount first.',
  ),
  'amount-over-limit': entry(
    'The amount is above the limit for one order.',
    'Split the sale or ask the owner to raise the limit.',
    'cashier',
    'no',
    '超过单笔上限，请分开收或找店主',
    'Over the limit for one sale. Split it or ask the owner.',
  ),
  'amount-too-precise': entry(
    'The amount has more than two decimals.',
    'Type at most two digits after the point.',
    'cashier',
    'no',
    '金额最多两位小数',
    'At most two digits after the point.',
  ),
} as const satisfies Record<string, ErrorEntry>;
