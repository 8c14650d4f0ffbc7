import { setTimeout as sleep } from 'node:timers/promises';
import { bookingsTogetherMax, bookWaitingOnce } from '#cloud/payments/booking/booking-desk.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { startWorkerLoop } from '#cloud/platform/worker-loop.ts';

/**
 * So long the booker lets paid charges gather: what a batch costs is shared by all that are in it.
 */
export const gatherMs = 50;
/** So often it looks by itself: for what another process left behind. */
const idleMs = 1_000;

/**
 * Books what waits at the desk. While it is there, a charge is answered as soon as its payment is
 * committed, and its sale is in the books some {@link gatherMs} later. Killed in between, it or
 * another one finds the sale in the database.
 */
export function startBooker(
  deps: Pick<PaymentDeps, 'db' | 'clock' | 'logger' | 'vouchers' | 'bookings'>,
): { stop(): Promise<void> } {
  let isTold = false;
  const loop = startWorkerLoop({
    name: 'bookings',
    idleMs,
    logger: deps.logger,
    scope: { type: 'across', work: 'payments' },
    step: async () => {
      if (isTold) await sleep(gatherMs);
      isTold = false;
      const taken = await bookWaitingOnce(deps);
      // A full batch has left others behind; from a smaller one on, they gather again.
      return taken === bookingsTogetherMax ? taken : 0;
    },
  });
  const leave = deps.bookings.attend({
    wake: () => {
      isTold = true;
      loop.wake();
    },
  });
  return {
    async stop() {
      leave();
      await loop.stop();
    },
  };
}
