import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { ConfidenceLevel, PrintOutcome } from '#drivers/printer/job/print-outcome.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { Condition } from '#drivers/printer/status/printer-condition.ts';

/**
 * What one receipt goes through, as a pure machine; job-runner.ts carries out its effects. The law: a receipt is sent
 * at most once, and the outcome never says more than was proved. After a lost connection the printer is first only
 * listened to (a late answer proves the receipt), then its buffers are emptied, which gives the receipt up, and the
 * cutter's counter says whether it had been finished.
 */
export interface JobPlan {
  readonly processId: number;
  /** Time the paper may take, without pauses for paper or cover. */
  readonly printMsMax: number;
  readonly cuts: boolean;
  /** The job before ended in doubt: the printer may still wait for the data of a command that was cut off. */
  readonly flushFirst: boolean;
  readonly capabilities: PrinterCapabilities;
}

export type JobState =
  | { readonly type: 'checking' }
  /** Flushing if needed, then reading the cutter's counter if there is one. */
  | { readonly type: 'preparing'; readonly flushed: boolean }
  /** `tailStarted`: the last segment (end of receipt, cut, confirmation request) was handed over. */
  | (Live & { readonly type: 'writing'; readonly tailStarted: boolean })
  | (Live & { readonly type: 'awaiting' })
  | { readonly type: 'counting-after'; readonly cutBefore: number; readonly level: ConfidenceLevel }
  | { readonly type: 'counting-in-doubt'; readonly cutBefore: number }
  | (Lost & { readonly type: 'away' })
  | (Lost & { readonly type: 'listening'; readonly heldBy: DeviceErrorCode | null })
  | (Lost & { readonly type: 'clearing' })
  | (Lost & { readonly type: 'flushing' })
  | (Lost & { readonly type: 'counting-abandoned' })
  | { readonly type: 'done'; readonly outcome: PrintOutcome };

interface Live {
  readonly cutBefore: number | null;
  readonly heldBy: DeviceErrorCode | null;
}

interface Lost {
  readonly cutBefore: number | null;
  /** Every byte may have reached the printer. */
  readonly complete: boolean;
  readonly recoveryCount: number;
}

export type JobEvent =
  | { readonly type: 'start' }
  | { readonly type: 'condition'; readonly condition: Condition }
  /** null: not answered in time. */
  | { readonly type: 'cut-count'; readonly count: number | null }
  | { readonly type: 'tail-started' }
  | { readonly type: 'all-sent'; readonly drained: boolean }
  /** The connection was closed before the first byte. */
  | { readonly type: 'send-refused' }
  | { readonly type: 'link-down' }
  | { readonly type: 'link-up' }
  | { readonly type: 'process-id'; readonly processId: number }
  | { readonly type: 'fence' }
  | { readonly type: 'buffers-cleared' }
  | { readonly type: 'flushed' }
  | { readonly type: 'timeout' }
  /** The program ends: say what is known. */
  | { readonly type: 'stopped' };

export type JobEffect =
  | 'ask-condition'
  | 'ask-cut-count'
  | 'send-job'
  | 'clear-buffers'
  | 'flush'
  /** Print that what stands above was not finished, and cut it off. */
  | 'void-torn-piece';

export interface JobStep {
  readonly state: JobState;
  readonly effects: readonly JobEffect[];
  /** The one timer of the machine: restart it, stop it, or let it run. */
  readonly timer: number | 'stop' | 'keep';
}

export const heldMsMax = 1_800_000;
export const silentMsMax = 10_000;
export const awayMsMax = 60_000;
export const listenMsMin = 500;
export const clearAnswerMsMax = 500;
export const recoveriesMax = 5;

export const jobStart: JobState = { type: 'checking' };

export function stepJob(state: JobState, event: JobEvent, plan: JobPlan): JobStep {
  // The printer's own word that the receipt is printed counts whenever it comes.
  if (event.type === 'process-id') return onProcessId(state, event.processId, plan);
  switch (state.type) {
    case 'checking':
      return onChecking(state, event, plan);
    case 'preparing':
      return onPreparing(state, event, plan);
    case 'writing':
      return onWriting(state, event, plan);
    case 'awaiting':
      return onAwaiting(state, event, plan);
    case 'counting-after':
      if (event.type === 'cut-count') {
        const cut = event.count === state.cutBefore + 1;
        return done({ type: 'confirmed', level: cut ? 4 : state.level });
      }
      return event.type === 'link-down' || event.type === 'stopped'
        ? done({ type: 'confirmed', level: state.level })
        : stay(state);
    case 'counting-in-doubt':
      if (event.type === 'cut-count') {
        return event.count === state.cutBefore + 1
          ? done({ type: 'confirmed', level: 4 })
          : unknown('receipt-unconfirmed');
      }
      return event.type === 'link-down' || event.type === 'stopped'
        ? unknown('receipt-unconfirmed')
        : stay(state);
    case 'away':
    case 'listening':
    case 'clearing':
    case 'flushing':
    case 'counting-abandoned':
      return onLost(state, event, plan);
    case 'done':
      return stay(state);
  }
}

/** Whether the printer's condition matters now, so that the shell keeps asking for it. */
export function wantsCondition(state: JobState): boolean {
  return state.type === 'awaiting' || state.type === 'listening';
}

function onChecking(state: JobState, event: JobEvent, plan: JobPlan): JobStep {
  if (event.type === 'link-down' || event.type === 'stopped') return notSent('device-missing');
  if (event.type === 'start') {
    return plan.capabilities.realTimeStatus ? go(state, ['ask-condition']) : prepare(plan);
  }
  if (event.type !== 'condition') return stay(state);
  const code = codeOf(event.condition);
  return code === null ? prepare(plan) : notSent(code);
}

function onPreparing(
  state: Extract<JobState, { readonly type: 'preparing' }>,
  event: JobEvent,
  plan: JobPlan,
): JobStep {
  if (event.type === 'link-down' || event.type === 'stopped') return notSent('device-missing');
  if (event.type === 'flushed') {
    return counts(plan)
      ? go({ type: 'preparing', flushed: true }, ['ask-cut-count'])
      : startWriting(null);
  }
  if (event.type !== 'cut-count') return stay(state);
  if (event.count !== null) return startWriting(event.count);
  // A printer that counts does not answer: it still waits for the data of a command that was cut off.
  return state.flushed ? notSent('printer-silent') : go(state, ['flush']);
}

function onWriting(
  state: Extract<JobState, { readonly type: 'writing' }>,
  event: JobEvent,
  plan: JobPlan,
): JobStep {
  const { cutBefore, tailStarted } = state;
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
      return goAway({ cutBefore, complete: tailStarted, recoveryCount: 0 });
    case 'timeout':
      return clear({ cutBefore, complete: tailStarted, recoveryCount: 0 });
    case 'stopped':
      return abandoned(tailStarted);
    case 'start':
    case 'cut-count':
    case 'link-up':
    case 'buffers-cleared':
    case 'flushed':
    case 'process-id':
      return stay(state);
  }
}

function onAwaiting(
  state: Extract<JobState, { readonly type: 'awaiting' }>,
  event: JobEvent,
  plan: JobPlan,
): JobStep {
  const { cutBefore, heldBy } = state;
  const lost: Lost = { cutBefore, complete: true, recoveryCount: 0 };
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

function onLost(state: Extract<JobState, Lost>, event: JobEvent, plan: JobPlan): JobStep {
  const { cutBefore, complete, recoveryCount } = state;
  const lost: Lost = { cutBefore, complete, recoveryCount };
  if (event.type === 'link-down' && state.type !== 'away') return goAway(lost);
  if (event.type === 'stopped') return abandoned(complete);
  switch (state.type) {
    case 'away':
      if (event.type === 'link-up') {
        const timer = complete ? Math.max(listenMsMin, plan.printMsMax) : listenMsMin;
        return { state: { ...lost, type: 'listening', heldBy: null }, effects: [], timer };
      }
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
      if (event.type !== 'cut-count') return stay(state);
      if (event.count === null || cutBefore === null) return abandoned(complete);
      if (event.count === cutBefore) return unknown('receipt-interrupted', ['void-torn-piece']);
      return complete && event.count === cutBefore + 1
        ? done({ type: 'confirmed', level: 4 })
        : unknown('receipt-unconfirmed');
  }
}

function onProcessId(state: JobState, processId: number, plan: JobPlan): JobStep {
  if (processId !== plan.processId || !('cutBefore' in state)) return stay(state);
  if (state.type === 'counting-after') return stay(state);
  const linked = state.type !== 'away';
  return linked ? proved(state.cutBefore, 3) : done({ type: 'confirmed', level: 3 });
}

function afterSending(cutBefore: number | null, drained: boolean, plan: JobPlan): JobStep {
  const { processId, fence } = plan.capabilities;
  if (!processId && !fence) return done({ type: 'confirmed', level: drained ? 1 : 0 });
  const state: JobState = { type: 'awaiting', cutBefore, heldBy: null };
  return { state, effects: [], timer: plan.printMsMax };
}

/** Stops the clock while paper or cover need a hand: the printer goes on by itself, nothing is sent again. */
function hold(
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

const proved = (cutBefore: number | null, level: ConfidenceLevel): JobStep =>
  cutBefore === null
    ? done({ type: 'confirmed', level })
    : go({ type: 'counting-after', cutBefore, level }, ['ask-cut-count']);

const goAway = (lost: Lost): JobStep =>
  lost.recoveryCount >= recoveriesMax
    ? abandoned(lost.complete)
    : {
        state: { ...lost, type: 'away', recoveryCount: lost.recoveryCount + 1 },
        effects: [],
        timer: awayMsMax,
      };

const clear = (lost: Lost): JobStep => ({
  state: { ...lost, type: 'clearing' },
  effects: ['clear-buffers'],
  timer: clearAnswerMsMax,
});

const countAbandoned = (lost: Lost): JobStep =>
  lost.cutBefore === null
    ? abandoned(lost.complete)
    : go({ ...lost, type: 'counting-abandoned' }, ['ask-cut-count']);

/** A receipt whose end never left is proved unfinished; of one that left whole nothing is known. */
const abandoned = (complete: boolean): JobStep =>
  unknown(complete ? 'receipt-unconfirmed' : 'receipt-interrupted');

const counts = (plan: JobPlan): boolean => plan.capabilities.cutCounter && plan.cuts;

const prepare = (plan: JobPlan): JobStep => {
  if (plan.flushFirst) return go({ type: 'preparing', flushed: true }, ['flush']);
  return counts(plan)
    ? go({ type: 'preparing', flushed: false }, ['ask-cut-count'])
    : startWriting(null);
};

const startWriting = (cutBefore: number | null): JobStep =>
  go({ type: 'writing', cutBefore, heldBy: null, tailStarted: false }, ['send-job']);

const go = (state: JobState, effects: readonly JobEffect[]): JobStep => ({
  state,
  effects,
  timer: 'stop',
});

const stay = (state: JobState): JobStep => ({ state, effects: [], timer: 'keep' });

const done = (outcome: PrintOutcome, effects: readonly JobEffect[] = []): JobStep =>
  go({ type: 'done', outcome }, effects);

const notSent = (code: DeviceErrorCode): JobStep => done({ type: 'not-sent', code });

const unknown = (code: DeviceErrorCode, effects: readonly JobEffect[] = []): JobStep =>
  done({ type: 'unknown', code }, effects);

function codeOf(condition: Condition): DeviceErrorCode | null {
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
