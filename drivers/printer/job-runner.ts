import { exhaustive } from '#shared/result/exhaustive.ts';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';
import { escpos, nulFlush, processIdCommand } from '#drivers/printer/escpos-bytes.ts';
import { encodeReceipt, type EncodedReceipt } from '#drivers/printer/encode-escpos.ts';
import {
  jobStart,
  stepJob,
  wantsCondition,
  type JobEffect,
  type JobEvent,
  type JobPlan,
  type JobState,
} from '#drivers/printer/print-job-machine.ts';
import type { PrintOutcome } from '#drivers/printer/print-outcome.ts';
import type { Reading } from '#drivers/printer/printer-condition.ts';
import type { PrinterLine } from '#drivers/printer/printer-line.ts';
import { askCutCount } from '#drivers/printer/printer-probe.ts';
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

const conditionIntervalMs = 500;
const cutCountAnswerMsMax = 2_000;
/** The counter is asked after up to 8 KB of empty bytes, on a line of 9600 baud at worst. */
const cutCountAfterFlushMsMax = 12_000;

/** Runs one job through the machine: effects in, events out. */
export function runJob(deps: JobRunnerDeps): JobRunner {
  const { plan, timers } = deps;
  let state: JobState = jobStart;
  let line: PrinterLine | null = deps.line;
  let cancelTimer = nothingScheduled;
  let cancelPoll = nothingScheduled;
  let flushed = false;
  const { promise: outcome, resolve: settle } = promiseWithResolver();

  const handle = (event: JobEvent): void => {
    const step = stepJob(state, event, plan);
    state = step.state;
    if (step.timer !== 'keep') cancelTimer();
    if (typeof step.timer === 'number') {
      cancelTimer = timers.after(step.timer, () => handle({ type: 'timeout' }));
    }
    cancelPoll();
    if (wantsCondition(state)) cancelPoll = timers.after(conditionIntervalMs, () => void poll());
    const effects = step.effects.map((effect) => run(effect));
    if (state.type !== 'done') return;
    const reached = state.outcome;
    void Promise.allSettled(effects).then(() => settle(reached));
  };

  const readCondition = async (): Promise<void> => {
    const asked = line;
    const reading = (await asked?.condition()) ?? null;
    if (reading === null || asked !== line) return;
    deps.onReading(reading);
    handle({ type: 'condition', condition: reading.condition });
  };

  const poll = async (): Promise<void> => {
    if (plan.capabilities.realTimeStatus) await readCondition();
  };

  const run = async (effect: JobEffect): Promise<void> => {
    const here = line;
    if (here === null) return;
    switch (effect) {
      case 'ask-condition':
        return readCondition();
      case 'ask-cut-count': {
        const count = await askCutCount(
          here,
          flushed ? cutCountAfterFlushMsMax : cutCountAnswerMsMax,
        );
        flushed = false;
        if (here === line) handle({ type: 'cut-count', count });
        return;
      }
      case 'send-job':
        return sendJob(here);
      case 'clear-buffers':
        await here.send(escpos.clearBuffers);
        return;
      case 'flush':
        await here.send(nulFlush());
        flushed = true;
        if (here === line) handle({ type: 'flushed' });
        return;
      case 'void-torn-piece':
        await voidTornPiece(here, deps.paper);
        return;
      default:
        exhaustive(effect);
    }
  };

  const sendJob = async (here: PrinterLine): Promise<void> => {
    const segments = withConfirmation(deps.receipt, plan);
    for (const [index, segment] of segments.entries()) {
      if (state.type !== 'writing' || here !== line) return;
      const last = index === segments.length - 1;
      if (last) handle({ type: 'tail-started' });
      const sent = await here.sendData(segment);
      if (!sent.ok) {
        if (index === 0 && sent.error.type === 'not-open') return handle({ type: 'send-refused' });
        // The connection is of no use any more; what arrived is found out on the next one.
        return deps.dropLine();
      }
      if (!last && plan.capabilities.realTimeStatus) await untilReady(here);
    }
    const drained = await here.drain();
    if (here === line) handle({ type: 'all-sent', drained: drained.ok });
  };

  const isHeld = (): boolean => state.type === 'writing' && state.heldBy !== null;
  /** Between segments: a printer without paper gets no more data, whatever its flow control does. */
  const untilReady = async (here: PrinterLine): Promise<void> => {
    const isWriting = (): boolean => state.type === 'writing' && here === line;
    while (isWriting()) {
      await readCondition();
      if (!isHeld()) return;
      await new Promise<void>((resolve) => void timers.after(conditionIntervalMs, resolve));
    }
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

/** The last segment carries the question whether all is printed: they leave together or not at all. */
function withConfirmation(receipt: EncodedReceipt, plan: JobPlan): readonly Uint8Array[] {
  const { processId, fence } = plan.capabilities;
  const question = processId ? processIdCommand(plan.processId) : fence ? escpos.fence : [];
  const tail = receipt.segments.at(-1) ?? new Uint8Array();
  return [...receipt.segments.slice(0, -1), Uint8Array.from([...tail, ...question])];
}

function promiseWithResolver(): {
  readonly promise: Promise<PrintOutcome>;
  readonly resolve: (outcome: PrintOutcome) => void;
} {
  const resolvers: ((outcome: PrintOutcome) => void)[] = [];
  const promise = new Promise<PrintOutcome>((resolve) => void resolvers.push(resolve));
  return { promise, resolve: (outcome) => resolvers[0]?.(outcome) };
}

async function voidTornPiece(line: PrinterLine, paper: PaperWidth): Promise<void> {
  const notice = encodeReceipt(
    [
      { type: 'feed', lines: 1 },
      { type: 'text', text: '以上未打完，作废', align: 'center', size: 'double', bold: true },
      { type: 'text', text: 'INCOMPLETE - VOID', align: 'center' },
      { type: 'cut' },
    ],
    paper,
  );
  if (!notice.ok) return;
  for (const segment of notice.value.segments) await line.sendData(segment);
}
