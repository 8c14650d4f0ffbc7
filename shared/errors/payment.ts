import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

export const paymentErrors = {
  'attempt-in-flight': entry(
    'An earlier attempt of this order has no definite result yet.',
    'Query that attempt; a new one starts only when it is definite.',
    'cashier',
    'query',
    '上一次收款还没有结果，请先查询',
    'The last attempt has no result yet. Query it first.',
  ),
} as const satisfies Record<string, ErrorEntry>;
