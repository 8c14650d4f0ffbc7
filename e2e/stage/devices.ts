import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FarWire } from '#drivers/core/far-side.ts';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { createDeviceBench, type DeviceBench } from '#drivers/simulator/device-bench.ts';
import { createTcpWire } from '#drivers/simulator/tcp-wire.ts';

/** The far ends of the demo's devices, each on a TCP port of its own. */
export async function plugDevices(): Promise<{
  readonly bench: DeviceBench;
  readonly wires: readonly FarWire[];
  readonly ports: { readonly printer: number; readonly scanner: number };
}> {
  const bench = createDeviceBench({ timers: systemTimers, width: 32 });
  const printer = await createTcpWire({ host: '127.0.0.1', port: 0 });
  const scanner = await createTcpWire({ host: '127.0.0.1', port: 0 });
  bench.attach('printer', printer);
  bench.attach('scanner', scanner);
  return {
    bench,
    wires: [printer, scanner],
    ports: { printer: printer.port, scanner: scanner.port },
  };
}

const tcp = (port: number) => ({ type: 'tcp', host: '127.0.0.1', port });

/** What `npm run terminal -- --config FILE` reads. */
export async function writeTillConfig(
  file: string,
  folder: string,
  cloudPort: number,
  ports: { readonly printer: number; readonly scanner: number },
): Promise<void> {
  const config = {
    dataDir: path.join(folder, 'till'),
    cloudUrl: `http://127.0.0.1:${cloudPort}`,
    cashier: '王姐',
    model: '虚拟柜台',
    devices: [
      { role: 'scanner', name: '扫码枪', transport: tcp(ports.scanner) },
      {
        role: 'printer',
        name: '小票打印机',
        // The simulator does what Epson's reference says, with a roll of 58 mm in it.
        profileId: 'epson-tm-t82iii',
        paperMm: 58,
        transport: tcp(ports.printer),
      },
      { role: 'drawer', name: '钱箱', transport: { type: 'printer' } },
    ],
  };
  await writeFile(file, JSON.stringify(config, null, 2));
}
