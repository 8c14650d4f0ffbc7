import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FarWire } from '#drivers/core/far-side.ts';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import { createDeviceBench, type DeviceBench } from '#drivers/simulator/device-bench.ts';
import { createPtyWire, hasSocat } from '#drivers/simulator/pty-wire.ts';
import { createTcpWire } from '#drivers/simulator/tcp-wire.ts';
import type { DeviceConfig } from '#terminal/ipc/devices.ts';

/**
 * The far ends of the demo's devices: each on a TCP port of its own, the customer display on a serial line where the
 * machine can make one up (socat).
 */
export async function plugDevices(folder: string): Promise<{
  readonly bench: DeviceBench;
  /** What the till is told of them. */
  readonly devices: readonly DeviceConfig[];
  close(): Promise<void>;
}> {
  const bench = createDeviceBench({ timers: systemTimers, clock: systemClock, width: 32 });
  const wires: FarWire[] = [];
  const onTcp = async (device: 'printer' | 'scanner' | 'box' | 'display') => {
    const wire = await createTcpWire({ host: '127.0.0.1', port: 0 });
    wires.push(wire);
    bench.attach(device, wire);
    return { type: 'tcp', host: '127.0.0.1', port: wire.port } as const;
  };
  const onSerial = async (device: 'display') => {
    const wire = await createPtyWire(path.join(folder, `tty-${device}`));
    wires.push(wire);
    bench.attach(device, wire);
    return { type: 'serial', path: wire.address } as const;
  };
  const devices: readonly DeviceConfig[] = [
    { role: 'scanner', name: '扫码枪', transport: await onTcp('scanner') },
    {
      role: 'printer',
      name: '小票打印机',
      // The simulator does what Epson's reference says, with a roll of 58 mm in it.
      profileId: 'epson-tm-t82iii',
      paperMm: 58,
      transport: await onTcp('printer'),
    },
    { role: 'drawer', name: '钱箱', transport: { type: 'printer' } },
    {
      role: 'box-pos',
      name: '刷卡盒子',
      protocol: 'ecr-hub',
      // The number that a box's maker gives a till; the simulated box asks nobody whether it knows it.
      appId: 'greentill-demo',
      transport: await onTcp('box'),
    },
    {
      role: 'display',
      name: '客显',
      transport: hasSocat() ? await onSerial('display') : await onTcp('display'),
    },
  ];
  return {
    bench,
    devices,
    close: async () => {
      bench.stop();
      for (const wire of wires) await wire.close();
    },
  };
}

/** What `npm run terminal -- --config FILE` reads. */
export async function writeTillConfig(
  file: string,
  till: {
    readonly folder: string;
    readonly cloudPort: number;
    readonly devices: readonly DeviceConfig[];
  },
): Promise<void> {
  const config = {
    dataDir: path.join(till.folder, 'till'),
    cloudUrl: `http://127.0.0.1:${till.cloudPort}`,
    cashier: '王姐',
    model: '虚拟柜台',
    devices: till.devices,
  };
  await writeFile(file, JSON.stringify(config, null, 2));
}
