import type {
  JobEvent,
  JobPlan,
  JobState,
  JobStep,
  Lost,
  LostState,
} from '#drivers/printer/job/job-states.ts';
import { abandoned, done, go, hold, stay, unknown } from '#drivers/printer/job/job-steps.ts';

export const awayMsMax = 60_000;
export const listenMsMin = 500;
export const clearAnswerMsMax = 500;
export const recoveriesMax = 5;

/**
 * The way of a job after its connection broke: wait for the printer, listen before anything is said
 * (what was whole in its buffer is still being printed, and its word for it may come late), then
 * empty the buffers, which gives the receipt up, and let the cutter's counter say whether it had
 * been finished.
 */
export function stepLost(state: LostState, event: JobEvent, plan: JobPlan): JobStep {
  const { cutBefore, complete, recoveryCount } = state;
  const lost: Lost = { cutBefore, complete, recoveryCount };
  if (event.type === 'link-down' && state.type !== 'away') return goAway(lost);
  if (event.type === 'stopped') return abandoned(complete);
  switch (state.type) {
    case 'away':
      if (event.type === 'link-up') return listen(lost, plan);
      return event.type === 'timeout' ? abandoned(complete) : stay(state);
    case 'listening':
      if (event.type === 'timeout') return clear(lost);
      // Only a receipt that arrived whole can still come out when paper is put in.
      return event.type === 'condition' && complete && event.condition !== 'silent'
        ? hold(state, event.condition, plan.printMsMax)
        : stay(state);
    case 'clearing':
      if (event.type === 'buffers-cleared') return countAbandoned(lost);
      return event.type === 'timeout' ? go({ ...lost, type: 'flushing' }, ['flush']) : stay(state);
    case 'flushing':
      return event.type === 'flushed' ? countAbandoned(lost) : stay(state);
    case 'counting-abandoned':
      return event.type === 'cut-count' ? judge(lost, event.count) : stay(state);
  }
}

export const goAway = (lost: Lost): JobStep =>
  lost.recoveryCount >= recoveriesMax
    ? abandoned(lost.complete)
    : {
        state: { ...lost, type: 'away', recoveryCount: lost.recoveryCount + 1 },
        effects: [],
        timer: awayMsMax,
      };

export const clear = (lost: Lost): JobStep => ({
  state: { ...lost, type: 'clearing' },
  effects: ['clear-buffers'],
  timer: clearAnswerMsMax,
});

function listen(lost: Lost, plan: JobPlan): JobStep {
  const timer = lost.complete ? Math.max(listenMsMin, plan.printMsMax) : listenMsMin;
  const state: JobState = { ...lost, type: 'listening', heldBy: null };
  return { state, effects: [], timer };
}

const countAbandoned = (lost: Lost): JobStep =>
  lost.cutBefore === null
    ? abandoned(lost.complete)
    : go({ ...lost, type: 'counting-abandoned' }, ['ask-cut-count']);

/** The buffers are empty: what the counter says now stays so. */
function judge({ cutBefore, complete }: Lost, count: number | null): JobStep {
  if (count === null || cutBefore === null) return abandoned(complete);
  if (count === cutBefore) return unknown('receipt-interrupted', ['void-torn-piece']);
  return complete && count === cutBefore + 1
    ? done({ type: 'confirmed', level: 4 })
    : unknown('receipt-unconfirmed');
}
