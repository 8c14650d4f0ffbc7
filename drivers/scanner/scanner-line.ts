import type { Scan } from '#shared/scan/scan.ts';
import { createLinkSupervisor } from '#drivers/core/link-supervisor.ts';
import type { Scanner, ScannerDeps } from '#drivers/scanner/scanner.ts';

/** What a kind of scanner does with what it hears. */
export interface ScannerEar {
  readonly onData: (chunk: Uint8Array) => void;
  /** Half a code of a dead connection must not be joined to the next one. */
  readonly forget: () => void;
}

/** A scanner on one connection at a time. Read only: nothing is ever written. */
export function createScannerLine(deps: ScannerDeps, { onData, forget }: ScannerEar): Scanner {
  const link = createLinkSupervisor({
    transport: deps.transport,
    clock: deps.clock,
    timers: deps.timers,
    random: deps.random,
    onState: deps.onState,
    onUp: forget,
    onDown: forget,
    onData,
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

/** Tells a code, or that there was none in what arrived. */
export function tellScan(
  { onScan, onProblem }: Pick<ScannerDeps, 'onScan' | 'onProblem'>,
  scan: Scan | null,
): void {
  if (scan === null) onProblem?.('scan-unreadable');
  else onScan(scan);
}
