import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { LinkState } from '#drivers/core/link-state.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';

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
  /** Something arrived that is no code: over-long, or not text. */
  readonly onProblem?: (code: DeviceErrorCode) => void;
}

export interface SerialScanner {
  readonly address: string;
  /** Connects and keeps connected. */
  start(): void;
  stop(): Promise<void>;
  state(): LinkState;
}

export declare function createSerialScanner(deps: SerialScannerDeps): SerialScanner;
