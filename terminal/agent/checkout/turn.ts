import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, type Result } from '#shared/result/result.ts';

/** One sale is prepared at a time (vouchers, member): a scan or a key meanwhile is refused, not queued. */
export interface Turn {
  readonly isTaken: () => boolean;
  /** Runs `work` alone. Errors: `scan-during-charge` when something else is running, and the work's. */
  readonly take: (work: () => Promise<Result<void, ErrorCode>>) => Promise<Result<void, ErrorCode>>;
}

export function createTurn(): Turn {
  let taken = false;
  return {
    isTaken: () => taken,
    take: async (work) => {
      if (taken) return err('scan-during-charge');
      taken = true;
      try {
        return await work();
      } finally {
        taken = false;
      }
    },
  };
}
