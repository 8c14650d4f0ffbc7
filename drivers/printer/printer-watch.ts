import type { DeviceErrorCode } from '#shared/errors/device.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { LinkState } from '#drivers/core/link-state.ts';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';
import type { PrinterCapabilities } from '#drivers/printer/print-job-machine.ts';
import type { ConfidenceLevel } from '#drivers/printer/print-outcome.ts';
import type { PrinterLine, Reading } from '#drivers/printer/printer-line.ts';
import { probeCapabilities } from '#drivers/printer/printer-probe.ts';
import type { PrinterStatus } from '#drivers/printer/printer-status.ts';

/** Knows the printer between jobs: what it can answer, and whether it could print now. */
export interface PrinterWatch {
  lineUp(line: PrinterLine): void;
  lineDown(): void;
  linkChanged(): void;
  /** Bytes arrived. */
  seen(): void;
  /** A condition was read by somebody else. */
  note(reading: Reading): void;
  /** The job is over: watch again. */
  resume(): void;
  stop(): void;
  capabilities(): PrinterCapabilities | null;
  /** Waits for the first look at this connection, at most `readyMsMax`. */
  ready(): Promise<Result<PrinterCapabilities, DeviceErrorCode>>;
  status(): PrinterStatus;
}

/** Late answers of an earlier job come first on a new connection: nothing is asked for so long. */
const listenFirstMs = 300;
const idleIntervalMs = 2_000;
const readyMsMax = 20_000;
/** Silent readings (two unanswered questions each) before the connection is given up. */
const silentReadingsMax = 3;

/** A printer that never answered anything: bytes go there, nothing is known. */
const sendOnly: PrinterCapabilities = {
  realTimeStatus: false,
  processId: false,
  fence: false,
  cutCounter: false,
};

export function createPrinterWatch(deps: {
  readonly timers: Timers;
  readonly clock: Clock;
  readonly linkState: () => LinkState;
  readonly known: PrinterCapabilities | null;
  readonly isBusy: () => boolean;
  readonly restart: () => void;
  readonly onStatus: (status: PrinterStatus) => void;
}): PrinterWatch {
  let line: PrinterLine | null = null;
  let capabilities = deps.known;
  /** Did a status question ever get an answer? Then silence is a fault; before, it may be its nature. */
  let everAnswered = deps.known?.realTimeStatus === true;
  let reading: Reading | null = null;
  let silentCount = 0;
  let lastSeenMs: number | null = null;
  let cancelNext = nothingScheduled;
  let waiters: (() => void)[] = [];
  let lastShown = '';

  const status = (): PrinterStatus =>
    statusOf({ link: deps.linkState(), reading, capabilities, lastSeenMs });
  const show = (): void => {
    const now = status();
    const { lastSeenMs: _, ...visible } = now;
    const key = JSON.stringify(visible);
    if (key === lastShown) return;
    lastShown = key;
    deps.onStatus(now);
  };

  const note = (next: Reading): void => {
    if (next.condition !== 'silent') everAnswered = true;
    silentCount = next.condition === 'silent' ? silentCount + 1 : 0;
    reading = next;
    show();
  };

  const look = async (here: PrinterLine): Promise<void> => {
    if (deps.isBusy() || here !== line) return;
    if (capabilities?.realTimeStatus !== false) note(await here.condition());
    if (here !== line) return;
    const ready = reading?.condition === 'ready';
    if (capabilities === null && ready && !deps.isBusy())
      capabilities = await probeCapabilities(here);
    else if (capabilities === null && !everAnswered) {
      capabilities = sendOnly;
      reading = null;
    }
    if (here !== line) return;
    show();
    wake();
    if (silentCount >= silentReadingsMax) {
      silentCount = 0;
      deps.restart();
      return;
    }
    if (capabilities?.realTimeStatus !== false) schedule(idleIntervalMs);
  };

  const schedule = (delayMs: number): void => {
    const here = line;
    cancelNext();
    if (here !== null) cancelNext = deps.timers.after(delayMs, () => void look(here));
  };

  const wake = (): void => {
    const woken = waiters;
    waiters = [];
    for (const each of woken) each();
  };

  const settled = (): boolean =>
    line === null || capabilities !== null || (reading !== null && reading.condition !== 'ready');

  return {
    lineUp: (fresh) => {
      line = fresh;
      reading = null;
      // It may only have been switched on too late to answer.
      if (capabilities === sendOnly) capabilities = null;
      silentCount = 0;
      schedule(listenFirstMs);
    },
    lineDown: () => {
      line = null;
      reading = null;
      cancelNext();
      wake();
      show();
    },
    linkChanged: show,
    seen: () => {
      lastSeenMs = deps.clock.nowMs();
    },
    note,
    resume: () => schedule(idleIntervalMs),
    stop: () => cancelNext(),
    capabilities: () => capabilities,
    ready: async () => {
      if (!settled()) {
        await new Promise<void>((resolve) => {
          const cancel = deps.timers.after(readyMsMax, resolve);
          waiters.push(() => {
            cancel();
            resolve();
          });
        });
      }
      if (line !== null && capabilities !== null) return ok(capabilities);
      return err(status().code ?? 'printer-silent');
    },
    status,
  };
}

function statusOf(facts: {
  readonly link: LinkState;
  readonly reading: Reading | null;
  readonly capabilities: PrinterCapabilities | null;
  readonly lastSeenMs: number | null;
}): PrinterStatus {
  const { link, reading, capabilities, lastSeenMs } = facts;
  const base = {
    paperNearEnd: reading?.paperNearEnd ?? false,
    drawerPinHigh: reading?.drawerPinHigh ?? null,
    confidence: confidenceOf(capabilities),
    lastSeenMs,
  };
  if (link.type === 'offline') return { ...base, state: 'offline', code: link.code };
  switch (reading?.condition ?? 'ready') {
    case 'ready':
      return { ...base, state: 'online' };
    case 'paper-out':
      return { ...base, state: 'paper-out', code: 'printer-paper-out' };
    case 'cover-open':
      return { ...base, state: 'cover-open', code: 'printer-cover-open' };
    case 'error':
      return { ...base, state: 'error', code: 'printer-error' };
    case 'silent':
      return { ...base, state: 'offline', code: 'printer-silent' };
  }
}

function confidenceOf(capabilities: PrinterCapabilities | null): ConfidenceLevel {
  if (capabilities === null) return 1;
  const { processId, fence, cutCounter } = capabilities;
  if (!processId && !fence) return 1;
  if (cutCounter) return 4;
  return processId ? 3 : 2;
}
