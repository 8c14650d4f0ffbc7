import type { DeviceErrorCode } from '#shared/errors/device.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { LinkState } from '#drivers/core/link-state.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { Reading } from '#drivers/printer/status/printer-condition.ts';
import {
  afterConnecting,
  afterReading,
  isLookedAt,
  knowledgeAtStart,
  statusOf,
  takenAsSendOnly,
} from '#drivers/printer/watch/printer-knowledge.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';
import { probeCapabilities } from '#drivers/printer/watch/printer-probe.ts';
import type { PrinterStatus } from '#drivers/printer/status/printer-status.ts';

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

export interface PrinterWatchDeps {
  readonly timers: Timers;
  readonly clock: Clock;
  readonly linkState: () => LinkState;
  readonly capabilities: PrinterCapabilities | null;
  readonly isBusy: () => boolean;
  readonly restart: () => void;
  readonly onStatus: (status: PrinterStatus) => void;
}

export function createPrinterWatch(deps: PrinterWatchDeps): PrinterWatch {
  const nextLook = createAlarm(deps.timers);
  const bell = createBell(deps.timers);
  const tell = tellChanges(deps.onStatus);
  let line: PrinterLine | null = null;
  let known = knowledgeAtStart(deps.capabilities);

  const status = (): PrinterStatus => statusOf(known, deps.linkState());

  const note = (reading: Reading): void => {
    known = afterReading(known, reading);
    tell(status());
  };

  const look = async (here: PrinterLine): Promise<void> => {
    if (deps.isBusy() || here !== line) return;
    if (known.capabilities?.realTimeStatus !== false) note(await here.condition());
    if (here === line && known.capabilities === null) await learn(here);
    if (here !== line) return;
    tell(status());
    bell.ring();
    lookAgain();
  };

  const learn = async (here: PrinterLine): Promise<void> => {
    if (known.reading?.condition === 'ready' && !deps.isBusy()) {
      const capabilities = await probeCapabilities(here);
      known = { ...known, capabilities };
    } else if (!known.everAnswered) known = takenAsSendOnly(known);
  };

  const lookAgain = (): void => {
    if (known.silentCount >= silentReadingsMax) {
      known = { ...known, silentCount: 0 };
      deps.restart();
    } else if (known.capabilities?.realTimeStatus !== false) schedule(idleIntervalMs);
  };

  const schedule = (delayMs: number, here = line): void => {
    if (here !== null) nextLook.set(delayMs, () => void look(here));
  };

  return {
    lineUp: (fresh) => {
      line = fresh;
      known = afterConnecting(known);
      schedule(listenFirstMs);
    },
    lineDown: () => {
      line = null;
      known = { ...known, reading: null };
      nextLook.clear();
      bell.ring();
      tell(status());
    },
    linkChanged: () => tell(status()),
    seen: () => {
      known = { ...known, lastSeenMs: deps.clock.nowMs() };
    },
    note,
    resume: () => schedule(idleIntervalMs),
    stop: () => nextLook.clear(),
    capabilities: () => known.capabilities,
    ready: async () => {
      if (line !== null && !isLookedAt(known)) await bell.heard(readyMsMax);
      if (line !== null && known.capabilities !== null) return ok(known.capabilities);
      return err(status().code ?? 'printer-silent');
    },
    status,
  };
}

/** Tells a status when more than the time of the last byte has changed. */
function tellChanges(onStatus: (status: PrinterStatus) => void): (status: PrinterStatus) => void {
  let lastShown = '';
  return (status) => {
    const { lastSeenMs: _, ...visible } = status;
    const shown = JSON.stringify(visible);
    if (shown === lastShown) return;
    lastShown = shown;
    onStatus(status);
  };
}

/** Wakes all who wait for it, or each after its own time. */
function createBell(timers: Timers): {
  ring(): void;
  heard(timeoutMs: number): Promise<void>;
} {
  let waiters: (() => void)[] = [];
  return {
    ring: () => {
      const woken = waiters;
      waiters = [];
      for (const wake of woken) wake();
    },
    heard: (timeoutMs) =>
      new Promise((resolve) => {
        const cancel = timers.after(timeoutMs, resolve);
        waiters.push(() => {
          cancel();
          resolve();
        });
      }),
  };
}
