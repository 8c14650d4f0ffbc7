import { expect, it } from 'vitest';
import { paymentTiming as timing } from '#cloud/payments/payment-timing.ts';
import { beginRefund, learnRefund, type RefundProgress } from '#cloud/refunds/refund-machine.ts';

const nowMs = 1_790_000_000_000;
const begun = beginRefund(nowMs, timing);
const after = (progress: RefundProgress, type: 'refunding' | 'unknown' | 'no-such-refund') =>
  learnRefund(progress, { type, code: 'SOMETHING_NEW' }, { nowMs, timing });

it('silence, doubt and new codes are never an end, however often they come', () => {
  let progress = begun;
  const pauses: number[] = [];
  for (const type of ['unknown', 'refunding', 'no-such-refund'] as const)
    for (let time = 0; time < 6; time += 1) {
      progress = after(progress, type);
      expect(progress).toMatchObject({ status: 'refunding', code: 'refund-unknown' });
      pauses.push(progress.nextAtMs! - nowMs);
    }
  expect(pauses.slice(0, timing.quickReversals)).toEqual(
    Array.from({ length: timing.quickReversals }, () => timing.queryEveryMs),
  );
  expect(pauses.at(-1)).toBe(timing.janitorPausesMs.at(-1));
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
});

it('only refunded means gone, only a whitelisted refusal means kept, and what is definite stays', () => {
  const gone = learnRefund(begun, { type: 'refunded' }, { nowMs, timing });
  expect(gone).toMatchObject({ status: 'booking', nextAtMs: nowMs });
  const refusal = { type: 'refund-failed', code: 'NOT_ENOUGH' } as const;
  const kept = learnRefund(begun, refusal, { nowMs, timing });
  expect(kept).toMatchObject({ status: 'failed', nextAtMs: undefined, code: 'refund-failed' });
  expect(learnRefund(gone, refusal, { nowMs, timing })).toBe(gone);
  expect(learnRefund(kept, { type: 'refunded' }, { nowMs, timing })).toBe(kept);
});
