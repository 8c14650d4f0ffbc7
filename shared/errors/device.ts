import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

export const deviceErrors = {
  'device-missing': entry(
    'The device is not where it was: unplugged or switched off.',
    'Plug it in and switch it on.',
    'cashier',
    'yes',
    '设备没接上，请检查电源和线',
    'The device is not connected. Check its power and cable.',
  ),
} as const satisfies Record<string, ErrorEntry>;
