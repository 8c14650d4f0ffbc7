import { systemTimers } from '#drivers/core/system-ports.ts';
import {
  createPrinterSimulator,
  type PrinterSimulatorDeps,
} from '#drivers/simulator/printer/printer-simulator.ts';
import { createScannerSimulator } from '#drivers/simulator/scanner-simulator.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';
import type { Config } from '#terminal/agent/config.ts';
import type { TillBench } from '#terminal/agent/testing/till-bench.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';

/** The devices of one counter as simulators on wires in memory, and the configuration that finds them. */
export function createMemoryCounter(
  printerDeps: Partial<Omit<PrinterSimulatorDeps, 'width' | 'timers'>> = {},
) {
  const printerWire = createMemoryWire({ timers: systemTimers, name: 'printer' });
  const scannerWire = createMemoryWire({ timers: systemTimers, name: 'scanner' });
  const printer = createPrinterSimulator({ width: 48, timers: systemTimers, ...printerDeps });
  const scanner = createScannerSimulator({ timers: systemTimers });
  printer.attach(printerWire.far);
  scanner.attach(scannerWire.far);
  const devices: Config['devices'] = [
    { role: 'scanner', name: '扫码枪', transport: { type: 'memory', name: 'scanner' } },
    {
      role: 'printer',
      name: '小票机',
      transport: { type: 'memory', name: 'printer' },
      // It draws QR codes itself, so that what one says can be read off the simulated paper.
      profileId: 'epson-tm-t82iii',
    },
    { role: 'drawer', name: '钱箱', transport: { type: 'printer' } },
  ];
  return {
    printerWire,
    scannerWire,
    printer,
    scanner,
    devices,
    transports: new Map([
      ['printer', printerWire.transport],
      ['scanner', scannerWire.transport],
    ]),
    /** Each paper that came out so far, as one text. */
    papers: (): readonly string[] => printer.receipts().map((receipt) => receipt.lines.join('\n')),
  };
}

/** Connections are retried with pauses; a loaded machine adds its own. */
const deviceWaitMsMax = 15_000;

/** Waits until the device of this role is in this state, as the status shows it. */
export const deviceState = (
  { until, status }: TillBench,
  role: DeviceView['role'],
  state: DeviceView['state'],
): Promise<void> =>
  until(
    `${role} ${state}`,
    async () => (await status()).devices.some((view) => view.role === role && view.state === state),
    deviceWaitMsMax,
  );

/** Waits until the receipt of the sale on screen stands thus. */
export const receiptIs = ({ until, till }: TillBench, state: string): Promise<void> =>
  until(
    `receipt ${state}`,
    async () => {
      const { screen } = await till();
      return 'receipt' in screen && screen.receipt === state;
    },
    deviceWaitMsMax,
  );
