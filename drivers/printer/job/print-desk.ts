import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { Result } from '#shared/result/result.ts';
import type { Timers } from '#drivers/core/timers.ts';
import { encodeReceipt, type EncodedReceipt } from '#drivers/printer/encode/encode-escpos.ts';
import { processIdMax } from '#drivers/printer/encode/escpos-bytes.ts';
import { runJob, type JobRunner } from '#drivers/printer/job/job-runner.ts';
import type { PrintOutcome } from '#drivers/printer/job/print-outcome.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { Reading } from '#drivers/printer/status/printer-condition.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';
import type { PaperWidth, ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { PrinterEvent } from '#drivers/printer/status/status-demux.ts';

export interface PrintJob {
  /** For logs; the caller's own id. */
  readonly jobId: string;
  /** 1..81450624 and greater than that of every earlier job on this printer: the printer answers the latest only. */
  readonly processId: number;
  readonly commands: readonly ReceiptCommand[];
}

/** Where jobs wait for their turn; one is printed at a time. */
export interface PrintDesk {
  print(job: PrintJob): Promise<PrintOutcome>;
  isPrinting(): boolean;
  /** Answers whether the event was the running job's. */
  take(event: PrinterEvent): boolean;
  lineUp(line: PrinterLine): void;
  lineDown(): void;
  /** Ends the running job: its outcome says what is known. */
  stop(): void;
}

export interface PrintDeskDeps {
  readonly width: PaperWidth;
  readonly timers: Timers;
  /** null: nothing may be sent now. */
  readonly line: () => PrinterLine | null;
  readonly ready: () => Promise<Result<PrinterCapabilities, DeviceErrorCode>>;
  readonly onReading: (reading: Reading) => void;
  readonly onOver: () => void;
  /** Gives the connection up. */
  readonly dropLine: () => void;
}

/** Jobs that wait or print at the same time. */
export const printQueueMax = 64;
/** The slowest line in use, 9600 baud: 10 bits per byte. */
const msPerByte = 10_000 / 9_600;
const printBaseMs = 2_000;
const printMsPerLine = 150;

export function createPrintDesk(deps: PrintDeskDeps): PrintDesk {
  let running: JobRunner | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  let queuedCount = 0;
  /** The last job ended in doubt. */
  let inDoubt = false;

  const printNow = async (job: PrintJob, receipt: EncodedReceipt): Promise<PrintOutcome> => {
    const ready = await deps.ready();
    const line = deps.line();
    if (line === null || !ready.ok) {
      return { type: 'not-sent', code: ready.ok ? 'device-missing' : ready.error };
    }
    running = runJob({
      plan: {
        processId: job.processId,
        cuts: receipt.cuts,
        flushFirst: inDoubt,
        capabilities: ready.value,
        printMsMax: printMsMaxOf(receipt),
      },
      receipt,
      paper: deps.width,
      line,
      timers: deps.timers,
      onReading: deps.onReading,
      dropLine: deps.dropLine,
    });
    const outcome = await running.outcome;
    running = null;
    inDoubt = outcome.type === 'unknown' || (inDoubt && outcome.type === 'not-sent');
    deps.onOver();
    return outcome;
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    queuedCount += 1;
    const mine = turn.then(work).finally(() => {
      queuedCount -= 1;
    });
    turn = mine.catch(() => undefined);
    return mine;
  };

  return {
    print: async (job) => {
      const encoded = encodeReceipt(job.commands, deps.width);
      if (!encoded.ok || !isProcessId(job.processId)) {
        return { type: 'not-sent', code: 'receipt-invalid' };
      }
      if (queuedCount >= printQueueMax) return { type: 'not-sent', code: 'printer-queue-full' };
      return inTurn(() => printNow(job, encoded.value));
    },
    isPrinting: () => running !== null,
    take: (event) => running?.take(event) === true,
    lineUp: (line) => running?.lineUp(line),
    lineDown: () => running?.lineDown(),
    stop: () => running?.stop(),
  };
}

const isProcessId = (id: number): boolean => Number.isInteger(id) && id >= 1 && id <= processIdMax;

/** Time the paper may take, without pauses for paper or cover. */
const printMsMaxOf = (receipt: EncodedReceipt): number =>
  receipt.byteCount * msPerByte + printBaseMs + receipt.lineCount * printMsPerLine;
