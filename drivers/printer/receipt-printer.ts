import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import type { ConfidenceLevel, PrintOutcome } from '#drivers/printer/print-outcome.ts';
import type { PaperWidth, ReceiptCommand } from '#drivers/printer/receipt.ts';

export interface ReceiptPrinterDeps {
  readonly transport: Transport;
  readonly width: PaperWidth;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
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

export interface PrinterStatus {
  readonly state: 'online' | 'offline' | 'paper-out' | 'cover-open' | 'error';
  /** Why, when the state is not `online`. */
  readonly code?: DeviceErrorCode;
  readonly paperNearEnd: boolean;
  /** Level of the drawer's signal pin; which level means open depends on the drawer. null: the printer does not say. */
  readonly drawerPinHigh: boolean | null;
  /** The best level that this printer can confirm; 1 until it has been probed. */
  readonly confidence: ConfidenceLevel;
  /** Wall time in ms of the last byte from the printer; null before the first. */
  readonly lastSeenMs: number | null;
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
}

export declare function createReceiptPrinter(deps: ReceiptPrinterDeps): ReceiptPrinter;
