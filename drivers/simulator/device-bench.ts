import type { Clock } from '#shared/time/clock.ts';
import type { FarWire } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import { createEcrHubSimulator, type EcrHubSimulator } from '#drivers/simulator/box/box-ecr-hub.ts';
import {
  createDisplaySimulator,
  type DisplaySimulator,
} from '#drivers/simulator/display-simulator.ts';
import {
  createPrinterSimulator,
  type PrinterSimulator,
} from '#drivers/simulator/printer/printer-simulator.ts';
import {
  createScannerSimulator,
  type ScannerSimulator,
} from '#drivers/simulator/scanner-simulator.ts';

/** The simulated devices of one till and their cables. */
export interface DeviceBench {
  readonly printer: PrinterSimulator;
  readonly scanner: ScannerSimulator;
  readonly display: DisplaySimulator;
  /** A box POS that speaks ECR-Hub and waits for its customer, as real ones do. */
  readonly box: EcrHubSimulator;
  attach(device: DeviceName, wire: FarWire): void;
  /** Pulls or plugs every cable of the device. */
  setCable(device: DeviceName, plugged: boolean): Promise<void>;
  hasCable(device: DeviceName): boolean;
  /** The printer's main switch. Off, its ports are dead and what it had buffered is lost. */
  setPrinterPower(on: boolean): Promise<void>;
  hasPrinterPower(): boolean;
  /** Lets a program end: the box stops its heartbeats. */
  stop(): void;
}

export const deviceNames = ['printer', 'scanner', 'box', 'display'] as const;
export type DeviceName = (typeof deviceNames)[number];

export function createDeviceBench(deps: {
  readonly timers: Timers;
  readonly clock: Clock;
  readonly width?: PaperWidth;
}): DeviceBench {
  const printer = createPrinterSimulator({ width: deps.width ?? 32, timers: deps.timers });
  const scanner = createScannerSimulator({ timers: deps.timers });
  const display = createDisplaySimulator();
  const box = createEcrHubSimulator(deps);
  box.setHabit({ type: 'ask-customer' });
  springDrawer(printer);
  const simulators = { printer, scanner, display, box };
  const wires: Record<DeviceName, FarWire[]> = { printer: [], scanner: [], box: [], display: [] };
  const cables = { printer: true, scanner: true, box: true, display: true };
  let printerPower = true;

  const connect = async (device: DeviceName): Promise<void> => {
    const isUp = cables[device] && (device !== 'printer' || printerPower);
    for (const wire of wires[device]) await (isUp ? wire.plug() : wire.pull());
  };
  return {
    ...simulators,
    attach: (device, wire) => {
      wires[device].push(wire);
      simulators[device].attach(wire);
    },
    setCable: (device, plugged) => {
      cables[device] = plugged;
      return connect(device);
    },
    hasCable: (device) => cables[device],
    setPrinterPower: (on) => {
      printerPower = on;
      printer.powerCycle();
      return connect('printer');
    },
    hasPrinterPower: () => printerPower,
    stop: () => box.stop(),
  };
}

/** A kick springs the drawer open; only a hand closes it. */
function springDrawer(printer: PrinterSimulator): void {
  let kicks = 0;
  printer.onChange(() => {
    const seen = printer.drawerKickCount();
    if (seen === kicks) return;
    kicks = seen;
    printer.setSwitches({ drawerOpen: true });
  });
}
