import { systemTimers } from '#drivers/core/system-ports.ts';
import { createPrinterSimulator } from '#drivers/simulator/printer/printer-simulator.ts';
import { createScannerSimulator } from '#drivers/simulator/scanner-simulator.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';
import type { TillBench } from '#terminal/agent/testing/till-bench.ts';
import type { DeviceConfig, DeviceDetail } from '#terminal/ipc/devices.ts';

const wire = (name: string) => createMemoryWire({ timers: systemTimers, name });
const printer = () => createPrinterSimulator({ width: 48, timers: systemTimers });
const scanner = () => createScannerSimulator({ timers: systemTimers });

/** Two printers and two scanners on wires in memory, none of them configured: an owner binds them. */
export function createDeviceDesk() {
  const wires = {
    printerA: wire('printerA'),
    printerB: wire('printerB'),
    scannerA: wire('scannerA'),
    scannerB: wire('scannerB'),
  };
  const [printerA, printerB, scannerA] = [printer(), printer(), scanner()];
  printerA.attach(wires.printerA.far);
  printerB.attach(wires.printerB.far);
  scannerA.attach(wires.scannerA.far);
  return {
    wires,
    printerA,
    printerB,
    scannerA,
    transports: new Map(Object.entries(wires).map(([name, each]) => [name, each.transport])),
  };
}

export const memoryPrinter = (name: string): DeviceConfig => ({
  role: 'printer',
  name: '小票机',
  transport: { type: 'memory', name },
});
export const memoryScanner = (name: string): DeviceConfig => ({
  role: 'scanner',
  name: '扫码枪',
  transport: { type: 'memory', name },
});
export const drawerOnPrinter: DeviceConfig = {
  role: 'drawer',
  name: '钱箱',
  transport: { type: 'printer' },
};

/** What the devices screen shows of a role; undefined when nothing has it. */
export async function detail(
  { ask }: TillBench,
  role: DeviceDetail['role'],
): Promise<DeviceDetail | undefined> {
  const list = await ask('devices.list', {});
  if ('refused' in list) throw new Error(list.refused);
  return list.devices.find((device) => device.role === role);
}
