import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { createLinkSupervisor } from '#drivers/core/link-supervisor.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import { kickDrawerOn } from '#drivers/printer/drawer-kick.ts';
import { encodeReceipt, type EncodedReceipt } from '#drivers/printer/encode-escpos.ts';
import { headerPad, processIdMax } from '#drivers/printer/escpos-bytes.ts';
import { runJob, type JobRunner } from '#drivers/printer/job-runner.ts';
import type { PrinterCapabilities } from '#drivers/printer/printer-capabilities.ts';
import type { PrintOutcome } from '#drivers/printer/print-outcome.ts';
import { createPrinterLine, type PrinterLine } from '#drivers/printer/printer-line.ts';
import type { PrinterStatus } from '#drivers/printer/printer-status.ts';
import { createPrinterWatch } from '#drivers/printer/printer-watch.ts';
import type { PaperWidth, ReceiptCommand } from '#drivers/printer/receipt.ts';
import type { PrinterEvent } from '#drivers/printer/status-demux.ts';

export interface ReceiptPrinterDeps {
  readonly transport: Transport;
  readonly width: PaperWidth;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** What this printer is known to answer; without it the printer is probed once. */
  readonly capabilities?: PrinterCapabilities;
  /** Called on every change of state, paper, drawer or confidence. */
  readonly onStatus?: (status: PrinterStatus) => void;
  /**
   * A process id that arrived when no job waited for it: the job that carried it is printed (level 3) after all,
   * e.g. one answered `unknown` before, or one of an earlier run of the program.
   */
  readonly onLateProcessId?: (processId: number) => void;
}

export interface PrintJob {
  /** For logs; the caller's own id. */
  readonly jobId: string;
  /** 1..81450624 and greater than that of every earlier job on this printer: the printer answers the latest only. */
  readonly processId: number;
  readonly commands: readonly ReceiptCommand[];
}

export interface ReceiptPrinter {
  readonly address: string;
  /** Connects and keeps connected. */
  start(): void;
  stop(): Promise<void>;
  /** Jobs are printed one after the other. Sends each job at most once: printing again is the caller's decision. */
  print(job: PrintJob): Promise<PrintOutcome>;
  /** Opens the drawer as a job of its own; never repeated by itself. Goes ahead of receipts that wait for paper. */
  kickDrawer(): Promise<PrintOutcome>;
  status(): PrinterStatus;
  /** The last bytes in both directions, payment codes masked. */
  recentBytes(): readonly string[];
}

/** Jobs that wait or print at the same time. */
export const printQueueMax = 64;
/** The slowest line in use, 9600 baud: 10 bits per byte. */
const msPerByte = 10_000 / 9_600;
const printBaseMs = 2_000;
const printMsPerLine = 150;

/**
 * A receipt printer that says truthfully what is on paper. Transport faults, silence, missing paper and pulled cables
 * are outcomes, never exceptions.
 */
export function createReceiptPrinter(deps: ReceiptPrinterDeps): ReceiptPrinter {
  let line: PrinterLine | null = null;
  let running: JobRunner | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  let queuedCount = 0;
  let stopped = true;
  /** The last job ended in doubt. */
  let inDoubt = false;

  const onEvent = (event: PrinterEvent): void => {
    watch.seen();
    const taken = running?.take(event) === true;
    if (event.type === 'process-id' && !taken && event.processId > 0) {
      deps.onLateProcessId?.(event.processId);
    }
  };

  const link = createLinkSupervisor({
    transport: deps.transport,
    clock: deps.clock,
    timers: deps.timers,
    random: deps.random,
    onUp: (fresh) => {
      const opened = createPrinterLine({ link: fresh, timers: deps.timers, onEvent });
      line = opened;
      void opened.send(headerPad);
      watch.lineUp(opened);
      running?.lineUp(opened);
    },
    onDown: () => {
      line?.end();
      line = null;
      watch.lineDown();
      running?.lineDown();
    },
    onData: (chunk) => line?.feed(chunk),
    onState: () => watch.linkChanged(),
  });

  const watch = createPrinterWatch({
    timers: deps.timers,
    clock: deps.clock,
    linkState: () => link.state(),
    capabilities: deps.capabilities ?? null,
    isBusy: () => running !== null,
    restart: () => link.restart(),
    onStatus: (status) => deps.onStatus?.(status),
  });

  const printNow = async (job: PrintJob, receipt: EncodedReceipt): Promise<PrintOutcome> => {
    const ready = await watch.ready();
    if (stopped || line === null || !ready.ok) {
      return { type: 'not-sent', code: ready.ok ? 'device-missing' : ready.error };
    }
    const runner = runJob({
      plan: {
        processId: job.processId,
        cuts: receipt.cuts,
        flushFirst: inDoubt,
        capabilities: ready.value,
        printMsMax:
          receipt.byteCount * msPerByte + printBaseMs + receipt.lineCount * printMsPerLine,
      },
      receipt,
      paper: deps.width,
      line,
      timers: deps.timers,
      onReading: (reading) => watch.note(reading),
      dropLine: () => link.restart(),
    });
    running = runner;
    const outcome = await runner.outcome;
    running = null;
    inDoubt = outcome.type === 'unknown' || (inDoubt && outcome.type === 'not-sent');
    watch.resume();
    return outcome;
  };

  const enqueue = <T>(work: () => Promise<T>): Promise<T> => {
    queuedCount += 1;
    const mine = queue.then(work).finally(() => {
      queuedCount -= 1;
    });
    queue = mine.catch(() => undefined);
    return mine;
  };

  const isFull = (): boolean => queuedCount >= printQueueMax;

  return {
    address: deps.transport.address,
    start: () => {
      stopped = false;
      link.start();
    },
    stop: async () => {
      stopped = true;
      running?.stop();
      watch.stop();
      await link.stop();
    },
    print: async (job) => {
      const encoded = encodeReceipt(job.commands, deps.width);
      const idFits = Number.isInteger(job.processId) && job.processId >= 1;
      if (!encoded.ok || !idFits || job.processId > processIdMax) {
        return { type: 'not-sent', code: 'receipt-invalid' };
      }
      if (isFull()) return { type: 'not-sent', code: 'printer-queue-full' };
      return enqueue(() => printNow(job, encoded.value));
    },
    kickDrawer: async () => {
      const capabilities = watch.capabilities();
      if (line === null) return { type: 'not-sent', code: 'device-missing' };
      // A receipt under way may wait for paper: the real-time kick passes it, between two of its commands. A printer
      // that is idle without paper would keep a kick in its sequence, and open the drawer when the roll is changed.
      const { state } = watch.status();
      const waits = running !== null || state === 'paper-out' || state === 'cover-open';
      const now = waits ? 'real-time' : 'in-sequence';
      return kickDrawerOn({ line, capabilities, now });
    },
    status: () => watch.status(),
    recentBytes: () => link.recentBytes(),
  };
}
