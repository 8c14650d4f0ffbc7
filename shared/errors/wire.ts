import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

export const wireErrors = {
  'cloud-answer-invalid': entry(
    'The cloud answered something that does not fit the contract.',
    'The till asks again; report it if it stays.',
    'operator',
    'query',
    '云端回复看不懂，系统会再查询',
    'The cloud gave a strange answer. The till asks again.',
  ),
  'cloud-busy': entry(
    'The cloud asks to slow down.',
    'Nothing to do: the till waits and goes on.',
    'nobody',
    'yes',
    '云端繁忙，系统稍后自动重试',
    'The cloud is busy. The till goes on by itself.',
  ),
  'cloud-error': entry(
    'The cloud failed inside.',
    'Nothing to do at the till; report it if it stays.',
    'operator',
    'query',
    '云端出错，系统会再查询',
    'The cloud had an error. The till asks again.',
  ),
  'cloud-timeout': entry(
    'The cloud did not answer in time.',
    'Wait: the till asks again.',
    'nobody',
    'query',
    '云端没有及时回复，系统会再查询',
    'The cloud did not answer in time. The till asks again.',
  ),
  'cloud-unreachable': entry(
    'The line is down: not a byte was sent.',
    'Take cash, or try again when the line is back.',
    'cashier',
    'yes',
    '网络不通，没有扣款。请收现金，或等网络恢复',
    'The line is down. Nothing was charged. Take cash or wait for the line.',
  ),
  'signature-invalid': entry(
    'The request is not signed by a key this cloud knows, or was changed on the way.',
    'Activate the terminal again if it happens on every request.',
    'owner',
    'no',
    '终端身份没有通过，请重新激活',
    'This terminal was not recognised. Activate it again.',
  ),
} as const satisfies Record<string, ErrorEntry>;
