import { performance } from 'node:perf_hooks';
import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import { createHidScanner } from '#drivers/scanner/hid-scanner.ts';
import type { Scanner, ScannerDeps } from '#drivers/scanner/scanner.ts';
import { createSerialScanner } from '#drivers/scanner/serial-scanner.ts';
import { createHidScannerSimulator } from '#drivers/simulator/hid-scanner-simulator.ts';
import { createScannerSimulator } from '#drivers/simulator/scanner-simulator.ts';
import { createTcpWire } from '#drivers/simulator/tcp-wire.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';
import { createTcpTransport } from '#drivers/transports/tcp.ts';
import type { FarWire } from '#drivers/core/far-side.ts';
import type { Transport } from '#drivers/core/transport.ts';
import { routeScan } from '#shared/scan/route-scan.ts';
import { assert } from '#shared/result/assert.ts';
import type { BenchRow, BenchTable, BenchVerdict } from './bench-table.ts';
import { describeMachine } from './machine.ts';
import { median, quantile } from './statistics.ts';

/**
 * From the last byte that leaves the scanner to the routed event in the same process: the wire, the supervisor, the
 * log, the parser, the text and the router. What a scan waits for is this and nothing else before the request is made.
 */
export async function runScanBench(): Promise<BenchTable> {
  const tcpWire = await createTcpWire({ host: '127.0.0.1', port: 0 });
  const tcp: Line = {
    far: tcpWire,
    transport: createTcpTransport({ host: '127.0.0.1', port: tcpWire.port, timers: systemTimers }),
  };
  const measured = [
    await measure('serial in memory, 18 digits', serial(memory()), paymentCode),
    await measure('serial over TCP, 18 digits', serial(tcp), paymentCode),
    await measure('HID in memory, 18 digits', hid(memory()), paymentCode),
    await measure('HID in memory, member code in 5 reports', hid(memory()), memberCode),
  ];
  await tcpWire.close();
  return {
    name: 'scan',
    machine: describeMachine(),
    settings: [
      `${roundCount} rounds of ${scanCount} scans, one at a time, after ${warmUpScanCount} to warm up; the middle round counts`,
    ],
    rows: [...measured.flatMap(rowsOf), { name: 'router alone', ...routerRate() }],
    verdicts: measured.map(verdictOf),
  };
}

const roundCount = 3;
const scanCount = 400;
/** Scans come one by one: a loop without a pause would measure how the system shares out its processors. */
const pauseMs = 1;
const warmUpScanCount = 200;
const p99MsMax = 5;
const scanWaitMsMax = 1_000;
const routerRoundMs = 300;
const paymentCode = '134567890123456789';
const memberCode = '99'.padEnd(262, '3');

interface Line {
  readonly transport: Transport;
  readonly far: FarWire;
}

const memory = (): Line => {
  const wire = createMemoryWire({ timers: systemTimers });
  return { transport: wire.transport, far: wire.far };
};

interface Measured {
  readonly name: string;
  /** Milliseconds. */
  readonly rounds: readonly (readonly number[])[];
}

interface Bench {
  readonly scanner: (told: Pick<ScannerDeps, 'onScan' | 'onState'>) => Scanner;
  readonly scan: (code: string) => void;
}

const ports = { clock: systemClock, timers: systemTimers, random: systemRandom };

function serial({ transport, far }: Line): Bench {
  const simulator = createScannerSimulator({ timers: systemTimers, aimId: ']Q1' });
  simulator.attach(far);
  return {
    scanner: (told) => createSerialScanner({ ...ports, ...told, transport }),
    scan: (code) => simulator.scan(code),
  };
}

function hid({ transport, far }: Line): Bench {
  const simulator = createHidScannerSimulator();
  simulator.attach(far);
  return {
    scanner: (told) => createHidScanner({ ...ports, ...told, transport }),
    scan: (code) => simulator.scan(code),
  };
}

async function measure(name: string, bench: Bench, code: string): Promise<Measured> {
  const online = deferred<void>();
  let heard = deferred<string>();
  const scanner = bench.scanner({
    onScan: (scan) => heard.resolve(routeScan(scan).type),
    onState: (state) => {
      if (state.type === 'online') online.resolve(undefined);
    },
  });
  const scanOnce = async (): Promise<number> => {
    heard = deferred<string>();
    const startMs = performance.now();
    bench.scan(code);
    const type = await within(heard.promise);
    assert(type === 'payment' || type === 'member', () => `${name}: routed as ${type}`);
    const latencyMs = performance.now() - startMs;
    await new Promise<void>((resolve) => void systemTimers.after(pauseMs, resolve));
    return latencyMs;
  };
  scanner.start();
  await online.promise;
  for (let count = 0; count < warmUpScanCount; count += 1) await scanOnce();
  const rounds: number[][] = [];
  for (let round = 0; round < roundCount; round += 1) {
    const latenciesMs: number[] = [];
    for (let count = 0; count < scanCount; count += 1) latenciesMs.push(await scanOnce());
    rounds.push(latenciesMs);
  }
  await scanner.stop();
  return { name, rounds };
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function deferred<T>(): Deferred<T> {
  let settle: ((value: T) => void) | undefined;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: (value) => settle?.(value) };
}

async function within(routed: Promise<string>): Promise<string> {
  const late = deferred<string>();
  const cancel = systemTimers.after(scanWaitMsMax, () => late.resolve('nothing'));
  const type = await Promise.race([routed, late.promise]);
  cancel();
  return type;
}

/** The middle one of the rounds: what else runs on the machine may spoil one of them. */
const percentile = ({ rounds }: Measured, percent: number): number =>
  median(rounds.map((latenciesMs) => quantile(latenciesMs, percent / 100)));

const rowsOf = (measured: Measured): readonly BenchRow[] =>
  [50, 99].map((percent) => ({
    name: `${measured.name}: p${percent}`,
    value: Number(percentile(measured, percent).toFixed(3)),
    unit: 'ms',
  }));

const verdictOf = (measured: Measured): BenchVerdict => ({
  law: `${measured.name}: from the last byte to the routed event in under ${p99MsMax} ms (p99)`,
  measured: `${percentile(measured, 99).toFixed(3)} ms`,
  ok: percentile(measured, 99) < p99MsMax,
});

function routerRate(): Pick<BenchRow, 'value' | 'unit'> {
  const scans = [
    { text: paymentCode, aim: ']Q1' },
    { text: '6901234567892', aim: ']E0' },
    { text: '01069012345678921726123110B7', aim: ']d2' },
    { text: 'https://example.com/a?b=1' },
  ];
  const startMs = performance.now();
  let count = 0;
  do {
    for (const scan of scans) routeScan(scan);
    count += scans.length;
  } while (performance.now() - startMs < routerRoundMs);
  const rate = (count * 1_000) / (performance.now() - startMs);
  return { value: Math.round(rate), unit: 'scans/s' };
}
