import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { createLinkSupervisor } from '#drivers/core/link-supervisor.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import { kickDrawerOn } from '#drivers/printer/job/drawer-kick.ts';
import { headerPad } from '#drivers/printer/encode/escpos-bytes.ts';
import { createPrintDesk, type PrintJob } from '#drivers/printer/job/print-desk.ts';
import type { PrintOutcome } from '#drivers/printer/job/print-outcome.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import { createPrinterLine, type PrinterLine } from '#drivers/printer/status/printer-line.ts';
import type { PrinterStatus } from '#drivers/printer/status/printer-status.ts';
import { createPrinterWatch } from '#drivers/printer/watch/printer-watch.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import type { PrinterEvent } from '#drivers/printer/status/status-demux.ts';

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

/**
 * A receipt printer that says truthfully what is on paper. Transport faults, silence, missing paper and pulled cables
 * are outcomes, never exceptions.
 */
export function createReceiptPrinter(deps: ReceiptPrinterDeps): ReceiptPrinter {
  let line: PrinterLine | null = null;
  let stopped = true;

  const onEvent = (event: PrinterEvent): void => {
    watch.seen();
    const taken = desk.take(event);
    if (!taken && event.type === 'process-id' && event.processId > 0) {
      deps.onLateProcessId?.(event.processId);
    }
  };

  const link = createLinkSupervisor({
    ...deps,
    onUp: (fresh) => {
      line = createPrinterLine({ link: fresh, timers: deps.timers, onEvent });
      void line.send(headerPad);
      watch.lineUp(line);
      desk.lineUp(line);
    },
    onDown: () => {
      line?.end();
      line = null;
      watch.lineDown();
      desk.lineDown();
    },
    onData: (chunk) => line?.feed(chunk),
    onState: () => watch.linkChanged(),
  });

  const watch = createPrinterWatch({
    ...deps,
    linkState: () => link.state(),
    capabilities: deps.capabilities ?? null,
    isBusy: () => desk.isPrinting(),
    restart: () => link.restart(),
    onStatus: (status) => deps.onStatus?.(status),
  });

  const desk = createPrintDesk({
    ...deps,
    line: () => (stopped ? null : line),
    ready: () => watch.ready(),
    onReading: (reading) => watch.note(reading),
    onOver: () => watch.resume(),
    dropLine: () => link.restart(),
  });

  return {
    address: deps.transport.address,
    start: () => {
      stopped = false;
      link.start();
    },
    stop: async () => {
      stopped = true;
      desk.stop();
      watch.stop();
      await link.stop();
    },
    print: (job) => desk.print(job),
    kickDrawer: async () => {
      if (line === null) return { type: 'not-sent', code: 'device-missing' };
      // A receipt under way may wait for paper: the real-time kick passes it, between two of its commands. A printer
      // that is idle without paper would keep a kick in its sequence, and open the drawer when the roll is changed.
      const { state } = watch.status();
      const waits = desk.isPrinting() || state === 'paper-out' || state === 'cover-open';
      const now = waits ? 'real-time' : 'in-sequence';
      return kickDrawerOn({ line, capabilities: watch.capabilities(), now });
    },
    status: () => watch.status(),
    recentBytes: () => link.recentBytes(),
  };
}
