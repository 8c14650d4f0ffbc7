import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import type { FarWire } from '#drivers/core/far-side.ts';
import { createDeviceBench, deviceNames } from '#drivers/simulator/device-bench.ts';
import { runDeviceCommand } from '#drivers/simulator/device-commands.ts';
import { createPtyWire, hasSocat } from '#drivers/simulator/pty-wire.ts';
import { createTcpWire } from '#drivers/simulator/tcp-wire.ts';

/**
 * `npm run devices`: a simulated printer with its drawer, a scanner, a box POS (ECR-Hub) and a
 * customer display, each on a TCP port of this machine and, where socat is installed, on a pseudo
 * terminal. A HID scanner needs a kernel to be plugged into: `npm run rig` brings one. Commands
 * come from standard input, one per line; `help` lists them.
 */
const folder = mkdtempSync(join(tmpdir(), 'greentill-devices-'));
const wires: FarWire[] = [];
let ending = false;
const bench = createDeviceBench({ timers: systemTimers, clock: systemClock });

for (const device of deviceNames) {
  const tcp = await createTcpWire({ host: '127.0.0.1', port: 0 });
  wires.push(tcp);
  bench.attach(device, tcp);
  process.stdout.write(`${device} tcp ${tcp.address}\n`);
  if (!hasSocat()) continue;
  const pty = await createPtyWire(join(folder, device));
  wires.push(pty);
  bench.attach(device, pty);
  process.stdout.write(`${device} serial ${pty.address}\n`);
}
process.stdout.write('scanner hid: needs a kernel of its own, see npm run rig\n');
process.stdout.write('type help for the commands\n');

const input = createInterface({ input: process.stdin });
const obey = async (line: string): Promise<void> => {
  const answer = await runDeviceCommand(bench, line);
  if (answer === 'quit') await end();
  else process.stdout.write(`${answer}\n`);
};
input.on('line', (line) => void obey(line));

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  input.close();
  bench.stop();
  for (const wire of wires) await wire.close();
  rmSync(folder, { recursive: true, force: true });
}
input.on('close', () => {
  // A service manager gives no standard input: then the devices stay until they are told to end.
  if (process.stdin.isTTY) void end();
});
process.on('SIGINT', () => void end());
process.on('SIGTERM', () => void end());
