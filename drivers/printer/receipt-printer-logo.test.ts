import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { createManualTime, type ManualTime } from '#drivers/contract/manual-time.ts';
import type { StoredLogo } from '#drivers/printer/encode/stored-logo.ts';
import { referenceProfile } from '#drivers/printer/profiles/printer-profile.ts';
import { createReceiptPrinter, type ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import { packRaster } from '#drivers/printer/receipt/raster.ts';
import type { PackedRaster } from '#drivers/printer/receipt/receipt.ts';
import type { LogoStore } from '#drivers/printer/watch/logo-keeper.ts';
import {
  createPrinterSimulator,
  type PrinterSimulator,
  type PrinterSimulatorDeps,
} from '#drivers/simulator/printer/printer-simulator.ts';
import { createMemoryWire, type MemoryWire } from '#drivers/transports/memory.ts';

const logo = packRaster({ widthDots: 384, heightDots: 96, isBlack: (x, y) => (x * y) % 3 === 0 });
const otherLogo = packRaster({ widthDots: 384, heightDots: 96, isBlack: (x) => x % 2 === 0 });
/** A receipt with the logo in it is longer than this; one that calls it by its key is shorter. */
const shortBytesMax = 600;

let time: ManualTime;
let wire: MemoryWire;
let printer: ReceiptPrinter;
let kept: Map<string, StoredLogo | null>;
/** At the end of the cable. */
let plugged: PrinterSimulator;
let processId = 0;

const logoStore: LogoStore = {
  load: (identity) => kept.get(identity) ?? null,
  save: (identity, held) => void kept.set(identity, held),
};

function device(
  serial: string,
  deps: Partial<Omit<PrinterSimulatorDeps, 'width' | 'timers'>> = {},
): PrinterSimulator {
  const simulator = createPrinterSimulator({ width: 32, timers: time.timers, serial, ...deps });
  simulator.attach({
    address: wire.far.address,
    send: (bytes) => plugged === simulator && wire.far.send(bytes),
    onBytes: (listener) => wire.far.onBytes((chunk) => plugged === simulator && listener(chunk)),
    onPresence: (listener) => wire.far.onPresence(listener),
  });
  return simulator;
}

async function startTill(): Promise<void> {
  printer = createReceiptPrinter({
    transport: wire.transport,
    width: 32,
    profile: { ...referenceProfile(32), logo: 'stored' },
    clock: time.clock,
    timers: time.timers,
    random: createSeededRandom(1),
    logoStore,
  });
  printer.start();
  await time.advance(3_000);
}

/** Prints a receipt, lets the printer rest, and answers how many bytes the receipt took. */
async function printOne(raster: PackedRaster = logo): Promise<number> {
  processId += 1;
  const before = wire.deliveredByteCount();
  const outcome = await time.settle(
    printer.print({
      jobId: 'a',
      processId,
      commands: [
        { type: 'logo', raster },
        { type: 'text', text: '水果店' },
        { type: 'feed', lines: 1 },
        { type: 'cut' },
      ],
    }),
  );
  expect(outcome.type).toBe('confirmed');
  const bytes = wire.deliveredByteCount() - before;
  const paper = plugged.paper().filter((record) => record.type === 'raster');
  const black = paper.flatMap((record) => [...record.bytes]);
  expect(black, 'the logo is on paper').toEqual([...raster.bytes]);
  plugged.clearPaper();
  await time.advance(10_000);
  expect(plugged.receipts(), 'storing moves no paper').toEqual([]);
  expect(plugged.unknownCommands()).toEqual([]);
  return bytes;
}

async function swapFor(next: PrinterSimulator): Promise<void> {
  await wire.far.pull();
  await time.advance(2_000);
  plugged = next;
  await wire.far.plug();
  await time.advance(60_000);
}

beforeEach(async () => {
  time = createManualTime();
  wire = createMemoryWire({ timers: time.timers });
  kept = new Map();
  plugged = device('A');
  await startTill();
});
afterEach(async () => {
  await time.settle(printer.stop());
});

describe('a logo kept by the printer', () => {
  it('goes out with the first receipt, is stored while the printer rests, and is called from then on', async () => {
    expect(await printOne()).toBeGreaterThan(logo.bytes.length);
    expect([...kept.keys()]).toEqual(['serial Greentill SIM A']);
    for (let count = 0; count < 3; count += 1) expect(await printOne()).toBeLessThan(shortBytesMax);
  });

  it('outlives the printer’s power and the till’s own run: it is asked for, and not sent again', async () => {
    await printOne();
    plugged.powerCycle();
    await time.settle(printer.stop());
    await startTill();
    const before = wire.deliveredByteCount();
    // The first receipt of a connection carries it: nobody has asked this printer yet.
    const first = await printOne();
    expect(first).toBeGreaterThan(logo.bytes.length);
    expect(wire.deliveredByteCount() - before - first).toBeLessThan(shortBytesMax);
    expect(await printOne()).toBeLessThan(shortBytesMax);
  });

  it('a printer that was swapped gets it with its first receipt, and keeps it then', async () => {
    await printOne();
    await swapFor(device('B'));
    expect(await printOne()).toBeLessThan(shortBytesMax);
    expect([...kept.keys()]).toEqual(['serial Greentill SIM A', 'serial Greentill SIM B']);
  });

  it('a printer swapped right under a receipt prints the logo all the same', async () => {
    await printOne();
    await wire.far.pull();
    await time.advance(500);
    plugged = device('B');
    await wire.far.plug();
    for (let tenths = 0; printer.status().state !== 'online'; tenths += 1) {
      expect(tenths).toBeLessThan(600);
      await time.advance(100);
    }
    expect(await printOne()).toBeGreaterThan(logo.bytes.length);
    expect(await printOne()).toBeLessThan(shortBytesMax);
  });

  it('a printer that lost its memory gets it again', async () => {
    await printOne();
    plugged.forgetImages();
    await swapFor(plugged);
    expect(await printOne()).toBeLessThan(shortBytesMax);
  });

  it('another logo takes the place of the first: the printer keeps one', async () => {
    await printOne();
    expect(await printOne(otherLogo)).toBeGreaterThan(otherLogo.bytes.length);
    expect(await printOne(otherLogo)).toBeLessThan(shortBytesMax);
    expect(plugged.imageKeys()).toHaveLength(1);
  });

  it.each([
    ['tells no name', { lacks: ['identity' as const] }],
    ['lists no images', { lacks: ['image-keys' as const] }],
    ['answers no GS r', { lacks: ['fence' as const] }],
  ])('a printer that %s gets it with each receipt', async (_, deps) => {
    await swapFor(device('C', deps));
    // What another printer answered is not known of this one.
    await time.settle(printer.stop());
    await startTill();
    for (let count = 0; count < 3; count += 1) {
      expect(await printOne()).toBeGreaterThan(logo.bytes.length);
    }
    expect(plugged.imageKeys()).toEqual([]);
  });

  it('the cable pulled at every byte while it is asked for and stored: every receipt has its logo', async () => {
    const small = packRaster({ widthDots: 32, heightDots: 8, isBlack: (x, y) => x > y });
    const printSmall = async (): Promise<readonly number[]> => {
      processId += 1;
      const commands = [{ type: 'logo', raster: small } as const, { type: 'cut' } as const];
      const job = { jobId: 'a', processId, commands };
      const outcome = await time.settle(printer.print(job));
      expect(outcome.type).toBe('confirmed');
      const black = plugged.paper().flatMap((one) => (one.type === 'raster' ? [...one.bytes] : []));
      plugged.clearPaper();
      return black;
    };
    await printSmall();
    const start = wire.deliveredByteCount();
    await time.advance(4_000);
    const byteCount = wire.deliveredByteCount() - start;
    expect(byteCount).toBeGreaterThan(small.bytes.length);

    for (let at = 0; at <= byteCount; at += 1) {
      plugged.forgetImages();
      kept.clear();
      await time.settle(printer.stop());
      await startTill();
      await printSmall();
      wire.setFaults({ pullAtByte: wire.deliveredByteCount() + at });
      await time.advance(4_000);
      wire.setFaults({});
      await wire.far.plug();
      await time.advance(20_000);
      for (const receipt of ['first', 'second']) {
        const black = await printSmall();
        expect(black, `pulled at byte ${at}: ${receipt} receipt after it`).toEqual([
          ...small.bytes,
        ]);
        await time.advance(10_000);
      }
    }
  });
});
