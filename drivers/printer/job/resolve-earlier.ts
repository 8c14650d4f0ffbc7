import { escpos, nulFlush } from '#drivers/printer/encode/escpos-bytes.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';
import { codeOf } from '#drivers/printer/job/job-steps.ts';
import { askCutCount } from '#drivers/printer/watch/printer-probe.ts';
import type { DeviceErrorCode } from '#shared/errors/device.ts';

/** A job that an earlier run of the program began and whose end it did not see. */
export interface EarlierJob {
  readonly processId: number;
  /** The cutter's count that was recorded before its first byte; null: none was. */
  readonly cutBefore: number | null;
  /** As that of a job of this run (`PrintJob.beforeVoid`). */
  readonly beforeVoid?: () => boolean;
}

/**
 * What the printer can still prove of it. `unfinished`: no whole receipt of this job is on paper,
 * and none will come out any more; what hangs in the printer was declared void and cut off, unless
 * `beforeVoid` forbade it. After that stroke the cutter proves nothing of this job: never ask again.
 * `unprovable`: only a person's eyes can tell. `not-yet`: the printer cannot be asked now.
 */
export type EarlierOutcome =
  | { readonly type: 'confirmed'; readonly level: 3 | 4 }
  | { readonly type: 'unfinished' }
  | { readonly type: 'unprovable' }
  | { readonly type: 'not-yet'; readonly code: DeviceErrorCode };

/** Counting comes in its turn, behind what the printer may still be printing. */
const countInTurnMsMax = 8_000;
const clearedAnswerMsMax = 500;
const countAfterFlushMsMax = 12_000;

/** What the evidence comes to. `cutNow` null: the cutter does not say. */
export function judgeEarlier(evidence: {
  /** The printer gave the job's process id since the connection was made. */
  readonly idHeard: boolean;
  readonly cutBefore: number | null;
  readonly cutNow: number | null;
}): Exclude<EarlierOutcome, { readonly type: 'not-yet' }> {
  const { idHeard, cutBefore, cutNow } = evidence;
  const cuts = cutBefore === null || cutNow === null ? null : cutNow - cutBefore;
  if (idHeard) return { type: 'confirmed', level: cuts === 1 ? 4 : 3 };
  if (cuts === 1) return { type: 'confirmed', level: 4 };
  // More cuts, or fewer than before: another printer, another till, or a hand at it.
  return cuts === 0 ? { type: 'unfinished' } : { type: 'unprovable' };
}

/**
 * Asks first without clearing anything: a receipt that is whole in the printer comes out, and is
 * counted. One that was torn in the middle of an image leaves the printer deaf: then the buffers
 * are emptied, and it is asked again. A printer that waits for paper is left alone: what it holds
 * may be the whole receipt.
 */
export async function askEarlier(
  line: PrinterLine,
  job: EarlierJob,
  idHeard: () => boolean,
): Promise<EarlierOutcome> {
  const { cutBefore } = job;
  if (cutBefore === null) return judgeEarlier({ idHeard: idHeard(), cutBefore, cutNow: null });
  const inTurn = await askCutCount(line, countInTurnMsMax);
  if (inTurn !== null) return judgeEarlier({ idHeard: idHeard(), cutBefore, cutNow: inTurn });
  const { condition } = await line.condition();
  const code = codeOf(condition);
  if (code !== null) return { type: 'not-yet', code };
  return judgeEarlier({ idHeard: idHeard(), cutBefore, cutNow: await countAfterClearing(line) });
}

async function countAfterClearing(line: PrinterLine): Promise<number | null> {
  const cleared = await line.ask({
    bytes: escpos.clearBuffers,
    timeoutMs: clearedAnswerMsMax,
    match: (event) => (event.type === 'buffers-cleared' ? true : null),
  });
  if (cleared === null) await line.send(nulFlush());
  return askCutCount(line, countAfterFlushMsMax);
}
