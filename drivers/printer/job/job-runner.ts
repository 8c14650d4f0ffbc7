import { createAlarm } from '#drivers/core/alarm.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { EncodedReceipt } from '#drivers/printer/encode/encode-escpos.ts';
import {
  conditionIntervalMs,
  createJobEffects,
  reportCondition,
  type JobStage,
} from '#drivers/printer/job/job-effects.ts';
import type { JobEffect, JobEvent, JobPlan, JobState } from '#drivers/printer/job/job-states.ts';
import { jobStart, stepJob, wantsCondition } from '#drivers/printer/job/print-job-machine.ts';
import type { PrintOutcome } from '#drivers/printer/print-outcome.ts';
import { readingOfAutoStatus, type Reading } from '#drivers/printer/status/printer-condition.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import type { PrinterEvent } from '#drivers/printer/status/status-demux.ts';

export interface JobRunner {
  readonly outcome: Promise<PrintOutcome>;
  lineUp(line: PrinterLine): void;
  lineDown(): void;
  /** Answers whether the event was this job's. */
  take(event: PrinterEvent): boolean;
  stop(): void;
}

export interface JobRunnerDeps {
  readonly plan: JobPlan;
  readonly receipt: EncodedReceipt;
  readonly profile: PrinterProfile;
  readonly line: PrinterLine;
  readonly timers: Timers;
  readonly onReading: (reading: Reading) => void;
  readonly record: (cutBefore: number | null) => boolean;
  readonly recordVoid: () => boolean;
  /** Gives the connection up. */
  readonly dropLine: () => void;
}

/** Runs one job through the machine: effects in, events out. */
export function runJob(deps: JobRunnerDeps): JobRunner {
  const { plan } = deps;
  const timeout = createAlarm(deps.timers);
  const nextPoll = createAlarm(deps.timers);
  let settle: ((reached: PrintOutcome) => void) | null = null;
  const outcome = new Promise<PrintOutcome>((resolve) => {
    settle = resolve;
  });
  let state: JobState = jobStart;
  let line: PrinterLine | null = deps.line;

  const handle = (event: JobEvent): void => {
    const step = stepJob(state, event, plan);
    state = step.state;
    if (step.timer === 'stop') timeout.clear();
    else if (step.timer !== 'keep') timeout.set(step.timer, () => handle({ type: 'timeout' }));
    if (wantsCondition(state)) nextPoll.set(conditionIntervalMs, () => void poll());
    else nextPoll.clear();
    const effects = step.effects.map((effect) => run(effect));
    if (state.type !== 'done') return;
    const reached = state.outcome;
    void Promise.allSettled(effects).then(() => settle?.(reached));
  };

  const stage: JobStage = {
    ...deps,
    handle,
    state: () => state,
    isLine: (candidate) => candidate === line,
  };
  const carryOut = createJobEffects(stage);

  const run = async (effect: JobEffect): Promise<void> => {
    if (line !== null) await carryOut(effect, line);
  };

  const poll = async (): Promise<void> => {
    if (plan.capabilities.realTimeStatus && line !== null) await reportCondition(stage, line);
  };

  queueMicrotask(() => handle({ type: 'start' }));
  return {
    outcome,
    lineUp: (fresh) => {
      line = fresh;
      handle({ type: 'link-up' });
    },
    lineDown: () => {
      line = null;
      handle({ type: 'link-down' });
    },
    take: (event) => {
      const mine = eventOf(event);
      if (mine !== null) handle(mine);
      return mine?.type === 'process-id' && mine.processId === plan.processId;
    },
    stop: () => handle({ type: 'stopped' }),
  };
}

/** What a word of the printer means to a job; null: nothing, or only to whoever asked for it. */
function eventOf(event: PrinterEvent): JobEvent | null {
  switch (event.type) {
    case 'process-id':
      return event;
    case 'buffers-cleared':
    case 'fence':
      return { type: event.type };
    case 'auto-status':
      return { type: 'condition', condition: readingOfAutoStatus(event.bytes).condition };
    case 'real-time-status':
    case 'flow':
    case 'image-keys':
    case 'text':
    case 'garbage':
      return null;
  }
}
