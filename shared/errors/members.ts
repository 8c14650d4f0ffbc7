import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

/** Registering members and claiming the points of a receipt. */
export const memberErrors = {
  'claim-lapsed': entry(
    'The time to claim the points of this receipt is over.',
    'Nothing; show a member code or tell the phone number at the next purchase.',
    'customer',
    'no',
    '这张小票的积分已过领取期限',
    'The time to claim the points of this receipt is over.',
  ),
  'claim-not-ready': entry(
    'The receipt is known, but its sale has not reached the books yet.',
    'Try again later: the till may be offline.',
    'customer',
    'yes',
    '这笔交易还在同步，请过一会儿再领',
    'This sale is still being synced. Please try again later.',
  ),
  'claim-taken': entry(
    'The points of this receipt belong to another member.',
    'Ask at the shop if you think this is wrong.',
    'customer',
    'no',
    '这张小票的积分已被领取',
    'The points of this receipt were claimed already.',
  ),
  'claim-unknown': entry(
    'No receipt carries this claim code, or its sale has not been synced yet.',
    'Check the code; try again when the till was online.',
    'customer',
    'yes',
    '没有找到这张小票，请过一会儿再试',
    'This receipt was not found. Please try again later.',
  ),
  'member-consent-missing': entry(
    'Nobody is registered with this phone number, and the customer has not agreed to be.',
    'Ask the customer, then register with his consent.',
    'cashier',
    'no',
    '新顾客：请先征得同意再登记',
    'A new customer: ask for consent first.',
  ),
  'member-frozen': entry(
    'The account is held: its points wait, its vouchers cannot be used, and it gets no new code.',
    'Sell without vouchers. The member asks the operator, who lets the account go on by two people.',
    'customer',
    'no',
    '会员已冻结，请联系客服',
    'This member account is on hold. Please contact customer service.',
  ),
  'member-unknown': entry(
    'Nobody is registered with this phone number or code.',
    'Register the member first.',
    'cashier',
    'no',
    '还不是会员，请先登记手机号',
    'Not a member yet. Register the phone number first.',
  ),
} as const satisfies Record<string, ErrorEntry>;
