import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { createLinkSupervisor } from '#drivers/core/link-supervisor.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import { kickDrawerOn } from '#drivers/drawer/drawer-kick.ts';
import type { DrawerSense } from '#drivers/drawer/drawer-sense.ts';
import { headerPad } from '#drivers/printer/encode/escpos-bytes.ts';
import { createHeardIds } from '#drivers/printer/job/heard-ids.ts';
import { createPrintDesk, type PrintDesk, type PrintJob } from '#drivers/printer/job/print-desk.ts';
import type { PrintOutcome } from '#drivers/printer/print-outcome.ts';
import type { EarlierJob, EarlierOutcome } from '#drivers/printer/job/resolve-earlier.ts';
import {
  referenceProfile,
  type PrinterProfile,
} from '#drivers/printer/profiles/printer-profile.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import { readingOfAutoStatus } from '#drivers/printer/status/printer-condition.ts';
import { createPrinterLine, type PrinterLine } from '#drivers/printer/status/printer-line.ts';
import type { PrinterStatus } from '#drivers/printer/status/printer-status.ts';
import { createLogoKeeper, type LogoStore } from '#drivers/printer/watch/logo-keeper.ts';
import { createPrinterWatch, type PrinterWatch } from '#drivers/printer/watch/printer-watch.ts';
import { forgetfulStore, type ProfileStore } from '#drivers/printer/watch/profile-store.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import type { PrinterEvent } from '#drivers/printer/status/status-demux.ts';

export interface ReceiptPrinterDeps {
  readonly transport: Transport;
  readonly width: PaperWidth;
  /** What the model can draw (`findProfile`); default: what Epson's reference says for paper of this width. */
  readonly profile?: PrinterProfile;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** What this printer is known to answer; without it the printer is probed. */
  readonly capabilities?: PrinterCapabilities;
  /** Keeps what a probe found, so that a printer is not probed at every start; default: every start probes. */
  readonly profileStore?: ProfileStore;
  /** Remembers which printer keeps which logo (profile.logo `stored`); default: every receipt carries its logo. */
  readonly logoStore?: LogoStore;
  /** Is told the level of the drawer's pin, and every pulse. */
  readonly drawer?: DrawerSense;
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
  /**
   * What became of a job that an earlier run of the program began (`PrintJob.begin`) and did not see the end of. To be
   * asked before anything else is printed, and again when the answer is `not-yet`; never after another paper.
   */
  resolveEarlier(job: EarlierJob): Promise<EarlierOutcome>;
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
  const heard = createHeardIds();
  let line: PrinterLine | null = null;
  let stopped = true;

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
      deps.drawer?.lineDown();
    },
    onData: (chunk) => line?.feed(chunk),
    onState: () => watch.linkChanged(),
  });

  const watch: PrinterWatch = createPrinterWatch({
    ...deps,
    port: deps.transport.address,
    store: deps.profileStore ?? forgetfulStore,
    linkState: () => link.state(),
    capabilities: deps.capabilities ?? null,
    isBusy: () => desk.isPrinting(),
    restart: () => link.restart(),
    onStatus: (status) => {
      if (status.drawerPinHigh !== null) deps.drawer?.pin(status.drawerPinHigh);
      if (status.state !== 'online') logo.distrust();
      deps.onStatus?.(status);
    },
  });

  const profile = deps.profile ?? referenceProfile(deps.width);
  const { address: port } = deps.transport;
  const logo = createLogoKeeper({ profile, port, store: deps.logoStore });

  const desk: PrintDesk = createPrintDesk({
    ...deps,
    profile,
    logo,
    line: () => (stopped ? null : line),
    ready: () => watch.ready(),
    onReading: (reading) => watch.note(reading),
    onOver: (doubtful) => watch.resume(doubtful),
    dropLine: () => link.restart(),
  });

  const onEvent = createListener({ watch, desk, heard, onLate: deps.onLateProcessId });

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
    resolveEarlier: (job) => desk.resolveEarlier(job, () => heard.has(job.processId)),
    kickDrawer: () => kickDrawer({ line, watch, desk, drawer: deps.drawer }),
    status: () => watch.status(),
    recentBytes: () => link.recentBytes(),
  };
}

/** Gives each word of the printer to whom it concerns. */
function createListener(to: {
  readonly watch: PrinterWatch;
  readonly desk: PrintDesk;
  readonly heard: { readonly note: (processId: number) => void };
  readonly onLate: ((processId: number) => void) | undefined;
}): (event: PrinterEvent) => void {
  return (event) => {
    to.watch.seen();
    if (event.type === 'auto-status') to.watch.note(readingOfAutoStatus(event.bytes));
    const taken = to.desk.take(event);
    if (event.type !== 'process-id' || event.processId === 0) return;
    to.heard.note(event.processId);
    if (!taken) to.onLate?.(event.processId);
  };
}

/**
 * A receipt under way may wait for paper: the real-time kick passes it, between two of its commands. A printer that is
 * idle without paper would keep a kick in its sequence, and open the drawer when the roll is changed.
 */
async function kickDrawer(at: {
  readonly line: PrinterLine | null;
  readonly watch: PrinterWatch;
  readonly desk: PrintDesk;
  readonly drawer: DrawerSense | undefined;
}): Promise<PrintOutcome> {
  const { line, watch, desk, drawer } = at;
  if (line === null) return { type: 'not-sent', code: 'device-missing' };
  const { state } = watch.status();
  const waits = desk.isPrinting() || state === 'paper-out' || state === 'cover-open';
  drawer?.kicked();
  const now = waits ? 'real-time' : 'in-sequence';
  return kickDrawerOn({ line, capabilities: watch.capabilities(), now });
}
