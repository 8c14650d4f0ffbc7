import { createLinkSupervisor } from '#drivers/core/link-supervisor.ts';
import { nothingScheduled } from '#drivers/core/timers.ts';
import { scanOfBytes } from '#drivers/scanner/scan-text.ts';
import type { Scanner, ScannerDeps } from '#drivers/scanner/scanner.ts';
import {
  flush,
  framerConfigDefault,
  framerStart,
  pushBytes,
  type FramerStep,
} from '#drivers/scanner/serial-framer.ts';

export interface SerialScannerDeps extends ScannerDeps {
  /** Bytes before each code that the scanner was set up to send, e.g. [0x02]; default none. */
  readonly prefix?: readonly number[];
}

/** Silence after which a code without an end byte is complete. */
export const idleGapMs = 80;
/** Silence after which the rest of a torn code is given up; longer, because USB bridges stutter. */
export const tornGapMs = 500;

/** A scanner on a serial line or USB-COM, or anything that speaks like one. Read only: nothing is ever written. */
export function createSerialScanner(deps: SerialScannerDeps): Scanner {
  const config = { ...framerConfigDefault, prefix: deps.prefix ?? [] };
  let framer = framerStart;
  let cancelGap = nothingScheduled;

  const apply = (step: FramerStep): void => {
    framer = step.state;
    for (const event of step.events) {
      const scan =
        event.type === 'frame' ? scanOfBytes({ data: event.data, aim: event.aimId }) : null;
      if (scan === null) deps.onProblem?.('scan-unreadable');
      else deps.onScan(scan);
    }
  };
  const forget = (): void => {
    cancelGap();
    framer = { ...framerStart, endsCodes: framer.endsCodes };
  };

  const link = createLinkSupervisor({
    transport: deps.transport,
    clock: deps.clock,
    timers: deps.timers,
    random: deps.random,
    onState: deps.onState,
    // Half a code of a dead connection must not be joined to the next one.
    onUp: forget,
    onDown: forget,
    onData: (chunk) => {
      cancelGap();
      apply(pushBytes(framer, chunk, config));
      if (framer.pending.length === 0 && framer.spoiledBy === null) return;
      cancelGap = deps.timers.after(framer.endsCodes ? tornGapMs : idleGapMs, () =>
        apply(flush(framer, config)),
      );
    },
  });

  return {
    address: deps.transport.address,
    start: () => link.start(),
    stop: async () => {
      forget();
      await link.stop();
    },
    state: () => link.state(),
    recentBytes: () => link.recentBytes(),
  };
}
