import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

/** The owner's PIN and what it guards. */
export const ownerErrors = {
  'owner-approval-missing': entry(
    'This needs the approval of the owner.',
    'Let the owner type the PIN.',
    'owner',
    'yes',
    '这一步要店主输入密码',
    'This needs the PIN of the owner.',
  ),
  'owner-approval-stale': entry(
    'The approval was used already, is older than a minute, or was given for something else.',
    'Let the owner type the PIN again.',
    'owner',
    'yes',
    '店主的同意已经过时，请再输入一次密码',
    'The approval is no longer good. Type the PIN again.',
  ),
  'owner-locked': entry(
    'The settings of the till are closed: the owner opens them with the PIN.',
    'Let the owner type the PIN.',
    'owner',
    'yes',
    '设置已锁上，请店主输入密码',
    'The settings are locked. The owner must type the PIN.',
  ),
  'owner-pin-locked': entry(
    'The PIN was wrong too often: none is taken for a while.',
    'Wait until the time is over; the operator can reset a forgotten PIN.',
    'owner',
    'yes',
    '密码错了太多次，请等一会儿再试；忘了请联系服务商',
    'Too many wrong tries. Wait a while; call support if the PIN is forgotten.',
  ),
  'owner-pin-missing': entry(
    'A PIN is set already: the old one is needed for a new one.',
    'Type the old PIN too; the operator can reset a forgotten one.',
    'owner',
    'yes',
    '已经有店主密码，请先输入旧密码',
    'A PIN is set already. Type the old one first.',
  ),
  'owner-pin-not-set': entry(
    'No PIN of the owner is set on this till, and this is not done without one.',
    'The owner sets a PIN on the devices page.',
    'owner',
    'yes',
    '还没有设店主密码，请店主先到设备页设一个',
    'No PIN is set. The owner must set one on the devices page first.',
  ),
  'owner-pin-weak': entry(
    'The PIN is too easy to guess: one digit, a run, a pattern or a year.',
    'Choose another one.',
    'owner',
    'yes',
    '这个密码太容易猜到，请换一个',
    'That PIN is too easy to guess. Choose another one.',
  ),
  'owner-pin-wrong': entry(
    'That is not the PIN of the owner.',
    'Type it again.',
    'owner',
    'yes',
    '密码不对，请重新输入',
    'That PIN is wrong. Type it again.',
  ),
} as const satisfies Record<string, ErrorEntry>;
