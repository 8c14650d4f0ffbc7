import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SerialPort } from 'serialport';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { createSerialTransport } from '#drivers/transports/serial.ts';
import type { Transport } from '#drivers/core/transport.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { cpuPercent, expect, until, type Check } from './checks.ts';
import type { PluggedDevice } from '../far-end.ts';
import { boxPath } from './devices.ts';

const pullsMax = 6;
const barePullsMax = 2;
const floodBytes = new Uint8Array(256).fill(0x41);
const floodEveryMs = 1;
const bareNoticeMs = 500;
const noticeMsMax = 1_500;
/** An idle process in the emulated machine uses a few percent; the spin that is looked for uses a hundred. */
const idleCpuPercentMax = 40;

/**
 * serialport misses an unplug while bytes arrive and then burns a core (bindings-cpp issue 162). Our own watch on the
 * device node must end that connection each time, and leave neither a busy core nor an open file behind.
 */
export function hangUpChecks(device: PluggedDevice): readonly Check[] {
  return [
    {
      name: `cdc-acm: pulled ${pullsMax} times while bytes arrive: each noticed, no core burnt, no file left open`,
      run: async () => {
        const filesBefore = openFiles();
        const notices: number[] = [];
        for (let pulls = 0; pulls < pullsMax; pulls += 1) {
          await device.plug();
          notices.push(await pullInFlood(device));
        }
        const cpu = await cpuPercent(1_500);
        expect(cpu < idleCpuPercentMax, `at most ${idleCpuPercentMax} % of a core`, cpu);
        const slowest = Math.max(...notices);
        expect(slowest < noticeMsMax, `each within ${noticeMsMax} ms`, notices);
        const files = await until('every file closed', () => {
          const left = openFiles() - filesBefore;
          return left <= 0 ? { left } : undefined;
        });
        return `noticed in ${notices.join(', ')} ms; ${cpu} % of a core after; ${files.left} files left`;
      },
    },
    {
      name: `cdc-acm: why the watch is there: ${barePullsMax} pulls while bytes arrive, serialport alone`,
      run: async () => {
        let missed = 0;
        const spins: number[] = [];
        for (let pulls = 0; pulls < barePullsMax; pulls += 1) {
          const told = await pullBarePort(device, spins);
          if (!told) missed += 1;
        }
        return `${missed} of ${barePullsMax} missed; then ${spins.join(', ') || 'no'} % of a core`;
      },
    },
    {
      name: 'cdc-acm: pulled while idle: noticed; what is written after is refused, never sent later',
      run: async () => {
        await device.plug();
        const heard: Uint8Array[] = [];
        device.hand().onBytes((chunk) => void heard.push(chunk));
        const connection = getOrThrow(await transport().open());
        const closed = new Promise<number>((resolve) =>
          connection.onClose(() => resolve(performance.now())),
        );
        const pulledMs = performance.now();
        await device.pull();
        const noticedMs = Math.round((await closed) - pulledMs);
        const late = await connection.write(Buffer.from('ghost'));
        expect(!late.ok && late.error.type === 'not-open', 'not-open', late);
        await device.plug();
        const again = getOrThrow(await transport().open());
        getOrThrow(await again.write(Buffer.from('real')));
        const text = (): string => Buffer.concat(heard).toString();
        await until('the bytes of the new connection', () => text().includes('real'));
        await sleep(200);
        await again.close();
        await device.pull();
        expect(text() === 'real', 'only what was written to the new connection', text());
        return `${noticedMs} ms`;
      },
    },
  ];
}

async function pullInFlood(device: PluggedDevice): Promise<number> {
  const connection = getOrThrow(await transport().open());
  let bytes = 0;
  connection.onData((chunk) => {
    bytes += chunk.length;
  });
  const closed = new Promise<number>((resolve) =>
    connection.onClose(() => resolve(performance.now())),
  );
  const far = device.hand();
  const flood = setInterval(() => far.send(floodBytes), floodEveryMs);
  await until('bytes arriving', () => bytes > 2_000);
  const pulledMs = performance.now();
  await device.pull();
  clearInterval(flood);
  return Math.round((await closed) - pulledMs);
}

/**
 * Answers whether `serialport` told of the pull by itself within `bareNoticeMs`; what it burnt if
 * not goes to `spins`.
 */
async function pullBarePort(device: PluggedDevice, spins: number[]): Promise<boolean> {
  await device.plug();
  const port = new SerialPort({ path: boxPath, baudRate: 115_200 });
  let bytes = 0;
  let told = false;
  const tell = (): void => {
    told = true;
  };
  port.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  port.on('close', tell).on('error', tell);
  const far = device.hand();
  const flood = setInterval(() => far.send(floodBytes), floodEveryMs);
  await until('bytes arriving', () => bytes > 2_000);
  await device.pull();
  clearInterval(flood);
  await sleep(bareNoticeMs);
  const noticed = told;
  if (!noticed) {
    spins.push(await cpuPercent(bareNoticeMs));
    await new Promise<void>((resolve) => port.close(() => resolve()));
  }
  return noticed;
}

const transport = (): Transport =>
  createSerialTransport({ path: boxPath, baud: 115_200, timers: systemTimers });

const openFiles = (): number => readdirSync('/proc/self/fd').length;
