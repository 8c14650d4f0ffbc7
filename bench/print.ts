import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { createPrinterSimulator } from '#drivers/simulator/printer/printer-simulator.ts';
import { createTcpWire } from '#drivers/simulator/tcp-wire.ts';
import { assert } from '#shared/result/assert.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import type { BenchRow, BenchTable } from './bench-table.ts';
import { describeMachine } from './machine.ts';
import { median, quantile } from './statistics.ts';

/**
 * From the channel's word to paper: the answer to a charge reaches the whole till, and the first byte of its receipt
 * reaches the printer behind a TCP socket. In between lie two durable commits (paid and the receipt queued; the
 * attempt) and the question whether the printer is ready. Beside it, in turns, what the machine itself takes for two
 * durable writes and one byte through such a socket.
 */
export async function runPrintBench(): Promise<BenchTable> {
  const limit = await openLimit();
  const desk = await openDesk();
  for (let count = 0; count < warmUpSaleCount; count += 1) await desk.sellOnce();
  for (let count = 0; count < warmUpSaleCount; count += 1) await limit.writeOnce();
  const rounds: Round[] = [];
  for (let round = 0; round < roundCount; round += 1) {
    const ours: number[] = [];
    const raw: number[] = [];
    for (let count = 0; count < saleCount; count += 1) {
      ours.push(await desk.sellOnce());
      raw.push(await limit.writeOnce());
    }
    rounds.push({ ours, raw });
  }
  await desk.close();
  await limit.close();
  return tableOf(rounds);
}

const roundCount = 5;
const saleCount = 200;
const warmUpSaleCount = 60;
const p99MsMax = 20;
const saleWaitMsMax = 10_000;
/** Transactions between the answer and the first byte. */
const commitCount = 2;
const pageBytes = 4_096;
const amountFen = 1_250;

interface Round {
  /** Milliseconds. */
  readonly ours: readonly number[];
  readonly raw: readonly number[];
}

interface Desk {
  /** Sells once and answers the milliseconds from the answer to the first byte. */
  readonly sellOnce: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** ESC @: a receipt begins with it, and no question to a printer holds it. */
const receiptStart = Buffer.from([0x1b, 0x40]);

async function openDesk(): Promise<Desk> {
  const wire = await createTcpWire({ host: '127.0.0.1', port: 0 });
  const printer = createPrinterSimulator({ width: 48, timers: systemTimers });
  let answeredMs = 0;
  let printedMs = 0;
  wire.onBytes((chunk) => {
    if (printedMs === 0 && Buffer.from(chunk).includes(receiptStart)) printedMs = performance.now();
  });
  printer.attach(wire);
  const till = await openTillBench({
    devices: [
      {
        role: 'printer',
        name: '小票机',
        transport: { type: 'tcp', host: '127.0.0.1', port: wire.port },
        profileId: 'epson-tm-t82iii',
      },
    ],
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      if (isCharge(input, init)) answeredMs = performance.now();
      return answer;
    },
  });
  await till.until('the printer is there', async () => isOnline(till), saleWaitMsMax);
  let sales = 0;
  return {
    sellOnce: async () => {
      sales += 1;
      [answeredMs, printedMs] = [0, 0];
      await till.ask('till.setAmount', { amountFen });
      await till.ask('till.scan', { text: `13${String(sales).padStart(16, '0')}` });
      const confirmed = async (): Promise<boolean> => {
        const { screen } = await till.till();
        return screen.type === 'paid' && screen.receipt === 'printed';
      };
      await till.until('the receipt is confirmed', confirmed, saleWaitMsMax);
      assert(answeredMs > 0 && printedMs > answeredMs, () => 'a receipt follows its answer');
      assert(printer.receipts().length === 1, () => 'one receipt each');
      printer.clearPaper();
      return printedMs - answeredMs;
    },
    close: async () => {
      await till.close();
      await wire.close();
    },
  };
}

function isCharge(input: Parameters<typeof fetch>[0], init: Parameters<typeof fetch>[1]): boolean {
  const url = input instanceof Request ? input.url : String(input);
  return url.endsWith('/v1/charges') && init?.method === 'POST';
}

const isOnline = async (till: TillBench): Promise<boolean> =>
  (await till.status()).devices.some(({ role, state }) => role === 'printer' && state === 'online');

/** What the disk and the socket take by themselves. */
async function openLimit(): Promise<{
  readonly writeOnce: () => Promise<number>;
  readonly close: () => Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-bench-'));
  const file = openSync(join(folder, 'raw.bin'), 'w+');
  const page = Buffer.alloc(pageBytes, 0x5a);
  writeSync(file, page);
  fdatasyncSync(file);
  const wire = await createTcpWire({ host: '127.0.0.1', port: 0 });
  let arrived: (() => void) | null = null;
  wire.onBytes(() => arrived?.());
  const socket = await new Promise<Socket>((resolve) => {
    const fresh = connect(wire.port, '127.0.0.1', () => resolve(fresh));
  });
  socket.setNoDelay(true);
  return {
    writeOnce: async () => {
      const startMs = performance.now();
      for (let count = 0; count < commitCount; count += 1) {
        writeSync(file, page, 0, pageBytes, 0);
        fdatasyncSync(file);
      }
      await new Promise<void>((resolve) => {
        arrived = resolve;
        socket.write(receiptStart);
      });
      return performance.now() - startMs;
    },
    close: async () => {
      socket.destroy();
      await wire.close();
      closeSync(file);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function tableOf(rounds: readonly Round[]): BenchTable {
  const ours = (percent: number): number =>
    median(rounds.map((round) => quantile(round.ours, percent / 100)));
  const raw = (percent: number): number =>
    median(rounds.map((round) => quantile(round.raw, percent / 100)));
  const worst = rounds.map((round) => quantile(round.ours, 0.99).toFixed(2)).join(', ');
  return {
    name: 'print',
    machine: describeMachine(),
    settings: [
      `${roundCount} rounds of ${saleCount} sales, one at a time, after ${warmUpSaleCount} to warm up; the middle round counts`,
      'till: SQLite, synchronous=FULL; printer: simulated, TCP on this machine',
      `load average ${loadavg()[0]?.toFixed(1)} at the end`,
    ],
    rows: [
      ...[50, 99].map((percent) =>
        row(`two raw durable writes and a byte through a socket, p${percent}`, raw(percent)),
      ),
      ...[50, 99].map((percent) =>
        row(
          `result to first printed byte, p${percent}`,
          ours(percent),
          ours(percent) / raw(percent),
        ),
      ),
    ],
    verdicts: [
      {
        law: `the first byte of a receipt is at the printer in under ${p99MsMax} ms after the result (p99)`,
        measured: `${ours(99).toFixed(2)} ms (rounds ${worst})`,
        ok: ours(99) < p99MsMax,
      },
    ],
  };
}

const row = (name: string, value: number, ratio?: number): BenchRow => ({
  name,
  value: Number(value.toFixed(2)),
  unit: 'ms',
  ...(ratio === undefined ? {} : { ratio: Number(ratio.toFixed(2)) }),
});
