import { dropOn4xx } from './drop-on-4xx.ts';
import { forgetIdempotency } from './forget-idempotency.ts';
import type { Planted } from './planted.ts';
import { resendAfterAck } from './resend-after-ack.ts';
import { skipFsync } from './skip-fsync.ts';

export const plantedBugs: readonly Planted[] = [
  skipFsync,
  forgetIdempotency,
  resendAfterAck,
  dropOn4xx,
];
