import type { ConfidenceLevel } from '#drivers/printer/print-outcome.ts';
import type { JobEvent, JobPlan, JobStep, LiveState } from '#drivers/printer/job/job-states.ts';
import {
  abandoned,
  codeOf,
  done,
  go,
  hold,
  notSent,
  stay,
  unknown,
} from '#drivers/printer/job/job-steps.ts';
import { clear, goAway } from '#drivers/printer/job/lost-path.ts';

/** The way of a job while the connection holds: check, prepare, record, write, wait for the word, count the cut. */
export function stepLive(state: LiveState, event: JobEvent, plan: JobPlan): JobStep {
  switch (state.type) {
    case 'checking':
      return onChecking(state, event, plan);
    case 'preparing':
      return onPreparing(state, event, plan);
    case 'recording':
      return onRecording(state, event);
    case 'writing':
      return onWriting(state, event, plan);
    case 'awaiting':
      return onAwaiting(state, event, plan);
    case 'counting-after':
      return onCountingAfter(state, event);
    case 'counting-in-doubt':
      return onCountingInDoubt(state, event);
  }
}

/** The receipt is proved to this level; the cutter's counter may raise it. */
export const proved = (cutBefore: number | null, level: ConfidenceLevel): JobStep =>
  cutBefore === null
    ? done({ type: 'confirmed', level })
    : go({ type: 'counting-after', cutBefore, level }, ['ask-cut-count']);

function onChecking(state: LiveState, event: JobEvent, plan: JobPlan): JobStep {
  if (isGone(event)) return notSent('device-missing');
  if (event.type === 'start') {
    return plan.capabilities.realTimeStatus ? go(state, ['ask-condition']) : prepare(plan);
  }
  if (event.type !== 'condition') return stay(state);
  const code = codeOf(event.condition);
  return code === null ? prepare(plan) : notSent(code);
}

function onPreparing(
  state: Extract<LiveState, { readonly type: 'preparing' }>,
  event: JobEvent,
  plan: JobPlan,
): JobStep {
  if (isGone(event)) return notSent('device-missing');
  if (event.type === 'flushed') {
    return counts(plan)
      ? go({ type: 'preparing', flushed: true }, ['ask-cut-count'])
      : record(null);
  }
  if (event.type !== 'cut-count') return stay(state);
  if (event.count !== null) return record(event.count);
  // A printer that counts does not answer: it still waits for the data of a command that was cut off.
  return state.flushed ? notSent('printer-silent') : go(state, ['flush']);
}

function onRecording(
  state: Extract<LiveState, { readonly type: 'recording' }>,
  event: JobEvent,
): JobStep {
  if (isGone(event)) return notSent('device-missing');
  if (event.type !== 'recorded') return stay(state);
  const { cutBefore } = state;
  return event.kept
    ? go({ type: 'writing', cutBefore, heldBy: null, tailStarted: false }, ['send-job'])
    : notSent('print-not-recorded');
}

function onWriting(
  state: Extract<LiveState, { readonly type: 'writing' }>,
  event: JobEvent,
  plan: JobPlan,
): JobStep {
  const { cutBefore, tailStarted } = state;
  const lost = { cutBefore, complete: tailStarted, recoveryCount: 0 };
  switch (event.type) {
    case 'tail-started':
      return { state: { ...state, tailStarted: true }, effects: [], timer: 'keep' };
    case 'send-refused':
      return notSent('device-missing');
    case 'all-sent':
      return afterSending(cutBefore, event.drained, plan);
    case 'fence':
      return tailStarted && !plan.capabilities.processId ? proved(cutBefore, 2) : stay(state);
    case 'condition':
      return hold(state, event.condition, 'stop');
    case 'link-down':
      return goAway(lost);
    case 'timeout':
      return clear(lost);
    case 'stopped':
      return abandoned(tailStarted);
    case 'start':
    case 'recorded':
    case 'cut-count':
    case 'link-up':
    case 'buffers-cleared':
    case 'flushed':
    case 'process-id':
      return stay(state);
  }
}

function onAwaiting(
  state: Extract<LiveState, { readonly type: 'awaiting' }>,
  event: JobEvent,
  plan: JobPlan,
): JobStep {
  const { cutBefore, heldBy } = state;
  const lost = { cutBefore, complete: true, recoveryCount: 0 };
  switch (event.type) {
    case 'fence':
      return plan.capabilities.processId ? stay(state) : proved(cutBefore, 2);
    case 'condition':
      return hold(state, event.condition, plan.printMsMax);
    case 'link-down':
      return goAway(lost);
    case 'timeout':
      if (heldBy !== null && heldBy !== 'printer-silent') return clear(lost);
      return cutBefore === null || heldBy !== null
        ? unknown('receipt-unconfirmed')
        : go({ type: 'counting-in-doubt', cutBefore }, ['ask-cut-count']);
    case 'stopped':
      return unknown('receipt-unconfirmed');
    case 'start':
    case 'recorded':
    case 'cut-count':
    case 'tail-started':
    case 'all-sent':
    case 'send-refused':
    case 'link-up':
    case 'buffers-cleared':
    case 'flushed':
    case 'process-id':
      return stay(state);
  }
}

function onCountingAfter(
  state: Extract<LiveState, { readonly type: 'counting-after' }>,
  event: JobEvent,
): JobStep {
  const { cutBefore, level } = state;
  if (isGone(event)) return done({ type: 'confirmed', level });
  if (event.type !== 'cut-count') return stay(state);
  return done({ type: 'confirmed', level: event.count === cutBefore + 1 ? 4 : level });
}

function onCountingInDoubt(
  state: Extract<LiveState, { readonly type: 'counting-in-doubt' }>,
  event: JobEvent,
): JobStep {
  if (isGone(event)) return unknown('receipt-unconfirmed');
  if (event.type !== 'cut-count') return stay(state);
  return event.count === state.cutBefore + 1
    ? done({ type: 'confirmed', level: 4 })
    : unknown('receipt-unconfirmed');
}

function afterSending(cutBefore: number | null, drained: boolean, plan: JobPlan): JobStep {
  const { processId, fence } = plan.capabilities;
  if (!processId && !fence) return done({ type: 'confirmed', level: drained ? 1 : 0 });
  const state: LiveState = { type: 'awaiting', cutBefore, heldBy: null };
  return { state, effects: [], timer: plan.printMsMax };
}

function prepare(plan: JobPlan): JobStep {
  if (plan.flushFirst) return go({ type: 'preparing', flushed: true }, ['flush']);
  return counts(plan) ? go({ type: 'preparing', flushed: false }, ['ask-cut-count']) : record(null);
}

const record = (cutBefore: number | null): JobStep =>
  go({ type: 'recording', cutBefore }, ['record-attempt']);

const counts = (plan: JobPlan): boolean => plan.capabilities.cutCounter && plan.cuts;

const isGone = (event: JobEvent): boolean => event.type === 'link-down' || event.type === 'stopped';
