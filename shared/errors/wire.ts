import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

export const wireErrors = {
  'signature-invalid': entry(
    'The request is not signed by a key this cloud knows, or was changed on the way.',
    'Activate the terminal again if it happens on every request.',
    'owner',
    'no',
    '终端身份没有通过，请重新激活',
    'This terminal was not recognised. Activate it again.',
  ),
} as const satisfies Record<string, ErrorEntry>;
