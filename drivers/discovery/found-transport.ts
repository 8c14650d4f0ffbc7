import { err } from '#shared/result/result.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';

/** A transport to a device that is looked for at every opening, because its name may have changed. */
export interface FoundTransport extends Transport {
  /** Ends a wait for the device: the opening in hand answers `device-missing`. Called when the device is given up. */
  giveUp(): void;
  /** Where it was found last; null while it is not there. */
  path(): string | null;
}

/** How often a missing device is looked for besides: a port that no list shows can only be looked at. */
const lookAgainMs = 500;
/** An opening waits so long for a device that is not there, then answers, so that nothing hangs for good. */
const missingWaitMsMax = 30_000;

export interface FoundTransportDeps {
  /** For people: what is looked for. */
  readonly address: string;
  readonly timers: Timers;
  /** Where the device is now; null when it is not plugged in. */
  readonly find: () => Promise<string | null>;
  readonly make: (path: string) => Transport;
  /** Tells when something was plugged in or out, until the returned function is called. */
  readonly onPlug: (listener: () => void) => () => void;
}

/**
 * The first opening of a missing device answers `device-missing` at once, so that a person is told. The next one waits
 * for it to be plugged in: the device is then online as soon as the system knows it, whatever pause had grown.
 */
export function createFoundTransport(deps: FoundTransportDeps): FoundTransport {
  const alarm = createAlarm(deps.timers);
  let told = false;
  let path: string | null = null;
  const wait = { givenUp: false, wake: nothingScheduled };

  /** Until something was plugged, a moment passed, or the device was given up. */
  const moment = (): Promise<void> =>
    new Promise((resolve) => {
      const stopListening = deps.onPlug(() => wait.wake());
      wait.wake = () => {
        stopListening();
        alarm.clear();
        resolve();
      };
      alarm.set(lookAgainMs, () => wait.wake());
    });
  const awaited = async (): Promise<string | null> => {
    for (let waitedMs = 0; waitedMs < missingWaitMsMax && !wait.givenUp; waitedMs += lookAgainMs) {
      await moment();
      const found = wait.givenUp ? null : await deps.find();
      if (found !== null) return found;
    }
    return null;
  };

  return {
    address: deps.address,
    giveUp: () => {
      wait.givenUp = true;
      wait.wake();
    },
    path: () => path,
    open: async () => {
      wait.givenUp = false;
      path = (await deps.find()) ?? (told ? await awaited() : null);
      told = path === null;
      return path === null ? err({ type: 'device-missing' }) : deps.make(path).open();
    },
  };
}
