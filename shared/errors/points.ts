import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

export const pointsErrors = {
  'voucher-balance': entry(
    'The vouchers that are left and not expired do not cover the amount.',
    'Use less, or none.',
    'cashier',
    'no',
    '券余额不够',
    'Not enough voucher balance.',
  ),
} as const satisfies Record<string, ErrorEntry>;
