import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { Scan } from '#shared/scan/scan.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { LinkState } from '#drivers/core/link-state.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';

/** A scanner of any kind. Read only: nothing is ever written to it, its transport may set it up when it opens. */
export interface Scanner {
  readonly address: string;
  /** Connects and keeps connected. */
  start(): void;
  stop(): Promise<void>;
  state(): LinkState;
  /** The last bytes, payment codes masked. */
  recentBytes(): readonly string[];
}

/** What every scanner needs and tells. */
export interface ScannerDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** One whole code with what the scanner knows of its print. */
  readonly onScan: (scan: Scan) => void;
  readonly onState: (state: LinkState) => void;
  /** Something arrived that is no code: over-long, torn, or not text. */
  readonly onProblem?: (code: DeviceErrorCode) => void;
}
