import { nothingScheduled } from '#drivers/core/timers.ts';
import { scanOfBytes } from '#drivers/scanner/scan-text.ts';
import { createScannerLine, tellScan } from '#drivers/scanner/scanner-line.ts';
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
      tellScan(deps, scan);
    }
  };
  const forget = (): void => {
    cancelGap();
    framer = { ...framerStart, endsCodes: framer.endsCodes };
  };

  return createScannerLine(deps, {
    forget,
    onData: (chunk) => {
      cancelGap();
      apply(pushBytes(framer, chunk, config));
      if (framer.pending.length === 0 && framer.spoiledBy === null) return;
      cancelGap = deps.timers.after(framer.endsCodes ? tornGapMs : idleGapMs, () =>
        apply(flush(framer, config)),
      );
    },
  });
}
