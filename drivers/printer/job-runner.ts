import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';
import type { EncodedReceipt } from '#drivers/printer/encode-escpos.ts';
import {
  conditionIntervalMs,
  createJobEffects,
  reportCondition,
  type JobStage,
} from '#drivers/printer/job-effects.ts';
import {
  jobStart,
  stepJob,
  wantsCondition,
  type JobEvent,
  type JobPlan,
  type JobState,
} from '#drivers/printer/print-job-machine.ts';
import type { PrintOutcome } from '#drivers/printer/print-outcome.ts';
import type { Reading } from '#drivers/printer/printer-condition.ts';
import type { PrinterLine } from '#drivers/printer/printer-line.ts';
import type { PaperWidth } from '#drivers/printer/receipt.ts';
import type { PrinterEvent } from '#drivers/printer/status-demux.ts';

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
  readonly paper: PaperWidth;
  readonly line: PrinterLine;
  readonly timers: Timers;
  readonly onReading: (reading: Reading) => void;
  /** Gives the connection up. */
  readonly dropLine: () => void;
}

/** Runs one job through the machine: effects in, events out. */
export function runJob(deps: JobRunnerDeps): JobRunner {
  const { plan, timers } = deps;
  let settle: (reached: PrintOutcome) => void = () => undefined;
  const outcome = new Promise<PrintOutcome>((resolve) => {
    settle = resolve;
  });
  let state: JobState = jobStart;
  let line: PrinterLine | null = deps.line;
  let cancelTimer = nothingScheduled;
  let cancelPoll = nothingScheduled;

  const handle = (event: JobEvent): void => {
    const step = stepJob(state, event, plan);
    state = step.state;
    if (step.timer !== 'keep') cancelTimer();
    if (typeof step.timer === 'number') {
      cancelTimer = timers.after(step.timer, () => handle({ type: 'timeout' }));
    }
    cancelPoll();
    if (wantsCondition(state)) cancelPoll = timers.after(conditionIntervalMs, () => void poll());
    const effects = step.effects.map((effect) => (line === null ? null : run(effect, line)));
    if (state.type !== 'done') return;
    const reached = state.outcome;
    void Promise.allSettled(effects).then(() => settle(reached));
  };

  const stage: JobStage = {
    ...deps,
    handle,
    state: () => state,
    isLine: (candidate) => candidate === line,
  };
  const run = createJobEffects(stage);

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
      if (event.type === 'process-id' && event.processId === plan.processId) {
        handle(event);
        return true;
      }
      if (event.type === 'buffers-cleared' || event.type === 'fence') handle({ type: event.type });
      return false;
    },
    stop: () => handle({ type: 'stopped' }),
  };
}
