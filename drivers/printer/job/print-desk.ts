import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { Result } from '#shared/result/result.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { Timers } from '#drivers/core/timers.ts';
import { encodeReceipt, type EncodedReceipt } from '#drivers/printer/encode/encode-escpos.ts';
import { processIdMax } from '#drivers/printer/encode/escpos-bytes.ts';
import type { JobPlan } from '#drivers/printer/job/job-states.ts';
import { runJob, type JobRunner, type JobRunnerDeps } from '#drivers/printer/job/job-runner.ts';
import {
  askEarlier,
  type EarlierJob,
  type EarlierOutcome,
} from '#drivers/printer/job/resolve-earlier.ts';
import { voidTornPiece } from '#drivers/printer/job/torn-piece.ts';
import type { PrintOutcome } from '#drivers/printer/print-outcome.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import type { LogoKeeper } from '#drivers/printer/watch/logo-keeper.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { Reading } from '#drivers/printer/status/printer-condition.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { PrinterEvent } from '#drivers/printer/status/status-demux.ts';

export interface PrintJob {
  /** For logs; the caller's own id. */
  readonly jobId: string;
  /** 1..81450624 and greater than that of every earlier job on this printer: the printer answers the latest only. */
  readonly processId: number;
  readonly commands: readonly ReceiptCommand[];
  /**
   * Called once, when everything is checked and the next thing to happen is the first byte: write
   * down that this attempt is under way, durably, before answering true. `cutBefore` is the
   * cutter's count then (null: not known), for `resolveEarlier` after a crash. False: nothing is
   * sent (`print-not-recorded`). A job that was never begun may be printed again without a mark.
   */
  readonly begin?: (cutBefore: number | null) => boolean;
  /**
   * Called at most once, when it is proved that no whole receipt of this job is on paper and none
   * will come, before what hangs in the printer is declared void and cut off: write that down,
   * durably, before answering true, because to a later run that stroke of the cutter would look
   * like the job's own. False: nothing is declared void, and the piece hangs above the next paper.
   */
  readonly beforeVoid?: () => boolean;
}

/** Where jobs wait for their turn; one is printed at a time. */
export interface PrintDesk {
  print(job: PrintJob): Promise<PrintOutcome>;
  /** Asks for what an earlier run left, in turn with the jobs of this one. */
  resolveEarlier(job: EarlierJob, idHeard: () => boolean): Promise<EarlierOutcome>;
  isPrinting(): boolean;
  /** Answers whether the event was the running job's. */
  take(event: PrinterEvent): boolean;
  lineUp(line: PrinterLine): void;
  lineDown(): void;
  /** Ends the running job: its outcome says what is known. */
  stop(): void;
}

export interface PrintDeskDeps {
  readonly profile: PrinterProfile;
  readonly timers: Timers;
  readonly logo: LogoKeeper;
  /** null: nothing may be sent now. */
  readonly line: () => PrinterLine | null;
  readonly ready: () => Promise<Result<PrinterCapabilities, DeviceErrorCode>>;
  readonly onReading: (reading: Reading) => void;
  /** `doubtful`: the printer was there, and the job went unconfirmed all the same. */
  readonly onOver: (doubtful: boolean) => void;
  /** Gives the connection up. */
  readonly dropLine: () => void;
}

/** Jobs that wait or print at the same time. */
export const printQueueMax = 64;
/** The slowest line in use, 9600 baud: 10 bits per byte. */
const msPerByte = 10_000 / 9_600;
const printBaseMs = 2_000;
const printMsPerLine = 150;
/** With no job for so long the printer is idle: its logo may be seen to. */
const logoIdleMs = 2_000;

export function createPrintDesk(deps: PrintDeskDeps): PrintDesk {
  const inTurn = createQueue();
  let running: JobRunner | null = null;
  /** Questions or a logo are under way. */
  let asking = false;
  /** The last job ended in doubt. */
  let inDoubt = false;

  const logoTurn = createLogoTurn(deps, {
    inTurn,
    onAsking: (now) => void (asking = now),
    onDoubt: () => void (inDoubt = true),
  });

  const printNow = async (job: PrintJob, encoded: EncodedReceipt): Promise<PrintOutcome> => {
    const ready = await deps.ready();
    const line = deps.line();
    if (line === null || !ready.ok) {
      return { type: 'not-sent', code: ready.ok ? 'device-missing' : ready.error };
    }
    const receipt = withKeptLogo(job, encoded, { ...deps, line });
    running = runJob({
      ...deps,
      plan: planOf(job, receipt, { flushFirst: inDoubt, capabilities: ready.value }),
      receipt,
      line,
      ...recordsOf(job),
    });
    const outcome = await running.outcome;
    running = null;
    inDoubt = outcome.type === 'unknown' || (inDoubt && outcome.type === 'not-sent');
    deps.onOver(isUnconfirmed(outcome) && line === deps.line());
    logoTurn.later();
    return outcome;
  };

  const resolveNow = async (job: EarlierJob, idHeard: () => boolean): Promise<EarlierOutcome> => {
    const ready = await deps.ready();
    const line = deps.line();
    if (line === null || !ready.ok) {
      return { type: 'not-yet', code: ready.ok ? 'device-missing' : ready.error };
    }
    asking = true;
    const cutBefore = ready.value.cutCounter ? job.cutBefore : null;
    const outcome = await askEarlier(line, { ...job, cutBefore }, idHeard);
    const gone = line !== deps.line();
    if (!gone && isVoid(outcome, job)) await voidTornPiece(line, deps.profile);
    asking = false;
    deps.onOver(false);
    return gone ? { type: 'not-yet', code: 'device-missing' } : outcome;
  };

  return {
    print: async (job) => {
      const encoded = encodeReceipt(job.commands, deps.profile);
      if (!encoded.ok || !isProcessId(job.processId)) {
        return { type: 'not-sent', code: 'receipt-invalid' };
      }
      logoTurn.clear();
      return inTurn(() => printNow(job, encoded.value)) ?? queueFull;
    },
    resolveEarlier: async (job, idHeard) =>
      inTurn(() => resolveNow(job, idHeard)) ?? { type: 'not-yet', code: 'printer-queue-full' },
    isPrinting: () => running !== null || asking,
    take: (event) => running?.take(event) === true,
    lineUp: (line) => {
      running?.lineUp(line);
      logoTurn.later();
    },
    lineDown: () => running?.lineDown(),
    stop: () => {
      logoTurn.clear();
      running?.stop();
    },
  };
}

const isVoid = ({ type }: EarlierOutcome, job: EarlierJob): boolean =>
  type === 'unfinished' && mayVoid(job);

const mayVoid = ({ beforeVoid }: Pick<PrintJob, 'beforeVoid'>): boolean => beforeVoid?.() ?? true;

/** What is to be written down before the printer does it; a caller that keeps no record forbids nothing. */
const recordsOf = (job: PrintJob): Pick<JobRunnerDeps, 'record' | 'recordVoid'> => ({
  record: (cutBefore) => job.begin?.(cutBefore) ?? true,
  recordVoid: () => mayVoid(job),
});

const isUnconfirmed = (outcome: PrintOutcome): boolean =>
  outcome.type === 'unknown' && outcome.code === 'receipt-unconfirmed';

/** With its logo called from the printer's memory, where it is kept there. */
function withKeptLogo(
  { commands }: PrintJob,
  plain: EncodedReceipt,
  at: Pick<PrintDeskDeps, 'logo' | 'profile'> & { readonly line: PrinterLine },
): EncodedReceipt {
  at.logo.want(commands);
  const held = at.logo.held(at.line);
  const short = held === null ? null : encodeReceipt(commands, at.profile, held);
  return short?.ok === true ? short.value : plain;
}

/** Sees to the printer's logo when no job has come for a while, in turn with the jobs. */
function createLogoTurn(
  deps: PrintDeskDeps,
  desk: {
    readonly inTurn: Queue;
    readonly onAsking: (now: boolean) => void;
    readonly onDoubt: () => void;
  },
): { readonly later: () => void; readonly clear: () => void } {
  const alarm = createAlarm(deps.timers);
  const tend = async (): Promise<void> => {
    const ready = await deps.ready();
    const line = deps.line();
    if (line === null || !ready.ok || !ready.value.fence || !deps.logo.isDue(line)) return;
    desk.onAsking(true);
    const { condition } = await line.condition();
    const outcome = condition === 'ready' ? await deps.logo.tend(line) : 'settled';
    desk.onAsking(false);
    if (outcome === 'doubtful') desk.onDoubt();
    deps.onOver(false);
  };
  return {
    later: () => {
      const line = deps.line();
      if (line !== null && deps.logo.isDue(line)) {
        alarm.set(logoIdleMs, () => void desk.inTurn(tend));
      }
    },
    clear: () => alarm.clear(),
  };
}

const queueFull: PrintOutcome = { type: 'not-sent', code: 'printer-queue-full' };

type Queue = <T>(work: () => Promise<T>) => Promise<T> | null;

/** One after the other, at most `printQueueMax` of them; null: no room. */
function createQueue(): Queue {
  let turn: Promise<unknown> = Promise.resolve();
  let queuedCount = 0;
  return (work) => {
    if (queuedCount >= printQueueMax) return null;
    queuedCount += 1;
    const mine = turn.then(work).finally(() => {
      queuedCount -= 1;
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
}

const planOf = (
  job: PrintJob,
  receipt: EncodedReceipt,
  printer: Pick<JobPlan, 'flushFirst' | 'capabilities'>,
): JobPlan => ({
  ...printer,
  processId: job.processId,
  cuts: receipt.cuts,
  printMsMax: printMsMaxOf(receipt),
});

const isProcessId = (id: number): boolean => Number.isInteger(id) && id >= 1 && id <= processIdMax;

/** Time the paper may take, without pauses for paper or cover. */
const printMsMaxOf = (receipt: EncodedReceipt): number =>
  receipt.byteCount * msPerByte + printBaseMs + receipt.lineCount * printMsPerLine;
