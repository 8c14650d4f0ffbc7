import type { DeviceErrorCode } from '#shared/errors/device.ts';

/**
 * What is known about a job. Never more is claimed than was proved:
 * `not-sent` means that no byte left, so sending again is safe;
 * `unknown` means that paper may have moved, so a second print must carry the mark of a reprint.
 * `unknown` with `receipt-interrupted` is the one case where the receipt is proved unfinished.
 */
export type PrintOutcome =
  | { readonly type: 'confirmed'; readonly level: ConfidenceLevel }
  | { readonly type: 'not-sent'; readonly code: DeviceErrorCode }
  | { readonly type: 'unknown'; readonly code: DeviceErrorCode };

/**
 * 0: the operating system took the bytes. 1: they left its queue. 2: the printer's parser reached the end.
 * 3: the printer says that printing is finished (process id). 4: and its cutter counter moved by one.
 * Show 0..2 as 已送出, 3 and 4 as 已打印.
 */
export type ConfidenceLevel = 0 | 1 | 2 | 3 | 4;
