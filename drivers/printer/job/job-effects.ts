import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { EncodedReceipt } from '#drivers/printer/encode/encode-escpos.ts';
import { escpos, nulFlush, processIdCommand } from '#drivers/printer/encode/escpos-bytes.ts';
import type { JobEffect, JobEvent, JobPlan, JobState } from '#drivers/printer/job/job-states.ts';
import { voidTornPiece } from '#drivers/printer/job/torn-piece.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import type { Reading } from '#drivers/printer/status/printer-condition.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';
import { askCutCount } from '#drivers/printer/watch/printer-probe.ts';

/** The job as its effects see it: every answer of a line that is no longer the job's is dropped. */
export interface JobStage {
  readonly plan: JobPlan;
  readonly receipt: EncodedReceipt;
  readonly profile: PrinterProfile;
  readonly timers: Timers;
  readonly state: () => JobState;
  readonly isLine: (line: PrinterLine) => boolean;
  readonly handle: (event: JobEvent) => void;
  readonly onReading: (reading: Reading) => void;
  /** The first byte is about to leave: false forbids it. */
  readonly record: (cutBefore: number | null) => boolean;
  /** What hangs in the printer is about to be declared void and cut off: false forbids it. */
  readonly recordVoid: () => boolean;
  /** Gives the connection up. */
  readonly dropLine: () => void;
}

export const conditionIntervalMs = 500;
const cutCountAnswerMsMax = 2_000;
/** The counter is asked after up to 8 KB of empty bytes, on a line of 9600 baud at worst. */
const cutCountAfterFlushMsMax = 12_000;

/** Carries out one effect of a job after the other on the line of that moment. */
export function createJobEffects(
  stage: JobStage,
): (effect: JobEffect, line: PrinterLine) => Promise<void> {
  let flushed = false;
  return async (effect, line) => {
    switch (effect) {
      case 'ask-condition':
        return reportCondition(stage, line);
      case 'ask-cut-count': {
        const timeoutMs = flushed ? cutCountAfterFlushMsMax : cutCountAnswerMsMax;
        const count = await askCutCount(line, timeoutMs);
        flushed = false;
        if (stage.isLine(line)) stage.handle({ type: 'cut-count', count });
        return;
      }
      case 'record-attempt':
        return recordAttempt(stage);
      case 'send-job':
        return sendJob(stage, line);
      case 'clear-buffers':
        await line.send(escpos.clearBuffers);
        return;
      case 'flush':
        await line.send(nulFlush());
        flushed = true;
        if (stage.isLine(line)) stage.handle({ type: 'flushed' });
        return;
      case 'void-torn-piece':
        if (stage.recordVoid()) await voidTornPiece(line, stage.profile);
        return;
      default:
        exhaustive(effect);
    }
  };
}

export async function reportCondition(stage: JobStage, line: PrinterLine): Promise<void> {
  const reading = await line.condition();
  if (!stage.isLine(line)) return;
  stage.onReading(reading);
  stage.handle({ type: 'condition', condition: reading.condition });
}

function recordAttempt(stage: JobStage): void {
  const state = stage.state();
  if (state.type !== 'recording') return;
  stage.handle({ type: 'recorded', kept: stage.record(state.cutBefore) });
}

async function sendJob(stage: JobStage, line: PrinterLine): Promise<void> {
  const segments = withConfirmation(stage.receipt, stage.plan);
  // A status told by itself ends in three bytes that look like the answer this job will be proved by.
  if (provedByFence(stage.plan) && stage.plan.capabilities.autoStatus) {
    await line.send(escpos.autoStatusOff);
  }
  for (const [index, segment] of segments.entries()) {
    if (!isWriting(stage, line)) return;
    const last = index === segments.length - 1;
    // Whoever asked before for the same kind of answer must have it first, or its answer would prove this job.
    if (last) await line.inSequence(() => Promise.resolve());
    if (!isWriting(stage, line)) return;
    if (last) stage.handle({ type: 'tail-started' });
    const sent = await line.sendData(segment);
    if (!sent.ok) {
      const refused = index === 0 && sent.error.type === 'not-open';
      // Otherwise the connection is of no use any more; what arrived is found out on the next one.
      return refused ? stage.handle({ type: 'send-refused' }) : stage.dropLine();
    }
    if (!last && stage.plan.capabilities.realTimeStatus) await untilReady(stage, line);
  }
  const drained = await line.drain();
  if (stage.isLine(line)) stage.handle({ type: 'all-sent', drained: drained.ok });
}

/** Between segments: a printer without paper gets no more data, whatever its flow control does. */
async function untilReady(stage: JobStage, line: PrinterLine): Promise<void> {
  while (isWriting(stage, line)) {
    await reportCondition(stage, line);
    const state = stage.state();
    if (state.type !== 'writing' || state.heldBy === null) return;
    await new Promise<void>((resolve) => void stage.timers.after(conditionIntervalMs, resolve));
  }
}

const isWriting = (stage: JobStage, line: PrinterLine): boolean =>
  stage.state().type === 'writing' && stage.isLine(line);

const provedByFence = ({ capabilities: { fence, processId } }: JobPlan): boolean =>
  fence && !processId;

/** The last segment carries the question whether all is printed: they leave together or not at all. */
function withConfirmation(receipt: EncodedReceipt, plan: JobPlan): readonly Uint8Array[] {
  const { processId, fence } = plan.capabilities;
  const question = processId ? processIdCommand(plan.processId) : fence ? escpos.fence : [];
  const tail = receipt.segments.at(-1) ?? new Uint8Array();
  return [...receipt.segments.slice(0, -1), Uint8Array.from([...tail, ...question])];
}
