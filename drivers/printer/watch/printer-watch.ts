import type { DeviceErrorCode } from '#shared/errors/device.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { LinkState } from '#drivers/core/link-state.ts';
import type { Timers } from '#drivers/core/timers.ts';
import { createBell } from '#drivers/printer/watch/bell.ts';
import { createPrinterLook } from '#drivers/printer/watch/printer-look.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { Reading } from '#drivers/printer/status/printer-condition.ts';
import {
  afterConnecting,
  afterReading,
  isLookedAt,
  knowledgeAtStart,
  statusOf,
  type PrinterKnowledge,
} from '#drivers/printer/watch/printer-knowledge.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';
import type { PrinterStatus } from '#drivers/printer/status/printer-status.ts';
import type { ProfileStore } from '#drivers/printer/watch/profile-store.ts';

/** Knows the printer between jobs: what it can answer, and whether it could print now. */
export interface PrinterWatch {
  lineUp(line: PrinterLine): void;
  lineDown(): void;
  linkChanged(): void;
  /** Bytes arrived. */
  seen(): void;
  /** A condition was read by somebody else, or told by the printer itself. */
  note(reading: Reading): void;
  /** The job is over: watch again. `doubtful`: the printer was there and did not confirm it. */
  resume(doubtful: boolean): void;
  stop(): void;
  capabilities(): PrinterCapabilities | null;
  /** Waits for the first look at this connection, at most `readyMsMax`. */
  ready(): Promise<Result<PrinterCapabilities, DeviceErrorCode>>;
  status(): PrinterStatus;
}

/** Late answers of an earlier job come first on a new connection: nothing is asked for so long. */
export const listenFirstMs = 300;
const idleIntervalMs = 2_000;
/** A printer that tells its changes by itself is only asked whether it is still there. */
const idleIntervalToldMs = 5_000;
const readyMsMax = 20_000;

export interface PrinterWatchDeps {
  readonly timers: Timers;
  readonly clock: Clock;
  /** Address of the transport. */
  readonly port: string;
  readonly linkState: () => LinkState;
  readonly capabilities: PrinterCapabilities | null;
  readonly store: ProfileStore;
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

  const learn = (next: PrinterKnowledge): void => {
    known = next;
    tell(status());
  };

  const look = createPrinterLook({
    ...deps,
    known: () => known,
    learn,
    isLine: (it) => it === line,
  });

  const lookNow = async (here: PrinterLine): Promise<void> => {
    if (deps.isBusy() || here !== line) return;
    const next = await look.at(here);
    if (here !== line) return;
    tell(status());
    bell.ring();
    if (next === 'restart') return deps.restart();
    const told = known.capabilities?.autoStatus === true;
    if (next === 'again') schedule(told ? idleIntervalToldMs : idleIntervalMs);
  };

  const schedule = (delayMs: number, here = line): void => {
    if (here !== null) nextLook.set(delayMs, () => void lookNow(here));
  };

  return {
    lineUp: (fresh) => {
      line = fresh;
      known = afterConnecting(known);
      look.forgetLine();
      schedule(listenFirstMs);
    },
    lineDown: () => {
      line = null;
      nextLook.clear();
      bell.ring();
      learn({ ...known, reading: null });
    },
    linkChanged: () => tell(status()),
    seen: () => {
      known = { ...known, lastSeenMs: deps.clock.nowMs() };
    },
    note: (reading) => learn(afterReading(known, reading)),
    resume: (doubtful) => {
      look.forgetLine();
      if (doubtful) look.distrust();
      schedule(known.capabilities?.autoStatus === true ? listenFirstMs : idleIntervalMs);
    },
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
