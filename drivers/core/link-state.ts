import type { DeviceErrorCode } from '#shared/errors/device.ts';

/** Where a kept connection stands. Offline is tried again for ever, with a pause that grows from 0.5 s to 30 s. */
export type LinkState =
  | { readonly type: 'online'; readonly generation: number; readonly sinceMs: number }
  | { readonly type: 'offline'; readonly code: DeviceErrorCode; readonly sinceMs: number };
