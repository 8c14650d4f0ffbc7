import iconv from 'iconv-lite';
import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { LinkState } from '#drivers/core/link-state.ts';
import { createLinkSupervisor } from '#drivers/core/link-supervisor.ts';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import {
  flush,
  framerConfigDefault,
  framerStart,
  pushBytes,
  type FramerStep,
} from '#drivers/scanner/serial-framer.ts';

export interface SerialScannerDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Bytes before each code that the scanner was set up to send, e.g. [0x02]; default none. */
  readonly prefix?: readonly number[];
  /** One whole code, without prefix, suffix and AIM id; never empty, at most 1024 characters. */
  readonly onScan: (text: string) => void;
  readonly onState: (state: LinkState) => void;
  /** Something arrived that is no code: over-long, torn, or not text. */
  readonly onProblem?: (code: DeviceErrorCode) => void;
}

export interface SerialScanner {
  readonly address: string;
  /** Connects and keeps connected. */
  start(): void;
  stop(): Promise<void>;
  state(): LinkState;
  /** The last bytes, payment codes masked. */
  recentBytes(): readonly string[];
}

/** Silence after which a code without an end byte is complete. */
export const idleGapMs = 80;
/** Silence after which the rest of a torn code is given up; longer, because USB bridges stutter. */
export const tornGapMs = 500;

/** A scanner on a serial line or USB-COM, or anything that speaks like one. Read only: nothing is ever written. */
export function createSerialScanner(deps: SerialScannerDeps): SerialScanner {
  const config = { ...framerConfigDefault, prefix: deps.prefix ?? [] };
  let framer = framerStart;
  let cancelGap = nothingScheduled;

  const apply = (step: FramerStep): void => {
    framer = step.state;
    for (const event of step.events) {
      const text = event.type === 'frame' ? textOf(event.data) : null;
      if (text === null) deps.onProblem?.('scan-unreadable');
      else deps.onScan(text);
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

/** UTF-8 if it is UTF-8, else GB18030, the two that scanners sold in China send. null when it is neither. */
function textOf(data: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    const text = iconv.decode(Buffer.from(data), 'gb18030');
    return text.includes('\uFFFD') ? null : text;
  }
}
