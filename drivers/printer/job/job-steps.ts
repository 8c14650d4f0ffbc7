import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { JobEffect, JobState, JobStep } from '#drivers/printer/job/job-states.ts';
import type { PrintOutcome } from '#drivers/printer/print-outcome.ts';
import type { Condition } from '#drivers/printer/status/printer-condition.ts';

/** Paper or cover need a hand for longer than this: the receipt is given up. */
export const heldMsMax = 1_800_000;
export const silentMsMax = 10_000;

/** The few kinds of step that both paths of the machine are made of. */
export const go = (state: JobState, effects: readonly JobEffect[]): JobStep => ({
  state,
  effects,
  timer: 'stop',
});

export const stay = (state: JobState): JobStep => ({ state, effects: [], timer: 'keep' });

export const done = (outcome: PrintOutcome, effects: readonly JobEffect[] = []): JobStep =>
  go({ type: 'done', outcome }, effects);

export const notSent = (code: DeviceErrorCode): JobStep => done({ type: 'not-sent', code });

export const unknown = (code: DeviceErrorCode, effects: readonly JobEffect[] = []): JobStep =>
  done({ type: 'unknown', code }, effects);

/** A receipt whose end never left is proved unfinished; of one that left whole nothing is known. */
export const abandoned = (complete: boolean): JobStep =>
  unknown(complete ? 'receipt-unconfirmed' : 'receipt-interrupted');

/** Stops the clock while paper or cover need a hand: the printer goes on by itself, nothing is sent again. */
export function hold(
  state: Extract<JobState, { readonly heldBy: DeviceErrorCode | null }>,
  condition: Condition,
  timerWhenReady: number | 'stop',
): JobStep {
  const heldBy = codeOf(condition);
  if (heldBy === state.heldBy) return stay(state);
  const heldTimer = heldBy === 'printer-silent' ? silentMsMax : heldMsMax;
  const timer = heldBy === null ? timerWhenReady : heldTimer;
  return { state: { ...state, heldBy }, effects: [], timer };
}

export function codeOf(condition: Condition): DeviceErrorCode | null {
  switch (condition) {
    case 'ready':
      return null;
    case 'paper-out':
      return 'printer-paper-out';
    case 'cover-open':
      return 'printer-cover-open';
    case 'error':
      return 'printer-error';
    case 'silent':
      return 'printer-silent';
  }
}
