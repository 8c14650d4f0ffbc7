import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

export const tillErrors = {
  'input-invalid': entry(
    'The window sent something that does not fit the contract.',
    'Reload the window; report it if it comes back.',
    'operator',
    'no',
    '操作没有执行，请重试',
    'That did not work. Please try again.',
  ),
} as const satisfies Record<string, ErrorEntry>;
