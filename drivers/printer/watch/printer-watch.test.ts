import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { smallReceipt } from '#drivers/contract/receipts.ts';
import { createReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import {
  identityKey,
  parseCapabilities,
  type ProfileStore,
} from '#drivers/printer/watch/profile-store.ts';
import {
  createPrinterSimulator,
  type PrinterSimulatorDeps,
} from '#drivers/simulator/printer/printer-simulator.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';

const everything: PrinterCapabilities = {
  realTimeStatus: true,
  processId: true,
  fence: true,
  cutCounter: true,
  autoStatus: true,
};

function createStore(kept: Record<string, PrinterCapabilities> = {}) {
  const saved = new Map(Object.entries(kept));
  const store: ProfileStore = {
    load: (identity) => saved.get(identity) ?? null,
    save: (identity, capabilities) => void saved.set(identity, capabilities),
  };
  return { saved, store };
}

async function createDesk(
  model: Partial<PrinterSimulatorDeps> = {},
  store: ProfileStore = createStore().store,
) {
  const time = createManualTime();
  const wire = createMemoryWire({ timers: time.timers });
  const simulator = createPrinterSimulator({ width: 32, timers: time.timers, ...model });
  simulator.attach(wire.far);
  const sent: number[] = [];
  wire.far.onBytes((chunk) => sent.push(...chunk));
  const printer = createReceiptPrinter({
    transport: wire.transport,
    width: 32,
    clock: time.clock,
    timers: time.timers,
    random: createSeededRandom(1),
    profileStore: store,
  });
  printer.start();
  const sentHex = (): string => Buffer.from(sent).toString('hex');
  const forgetSent = (): void => void (sent.length = 0);
  return { time, wire, simulator, printer, sentHex, forgetSent };
}

describe('what a printer answers is found out and remembered', () => {
  it.each<readonly [string, Partial<PrinterSimulatorDeps>, string, PrinterCapabilities]>([
    ['says model and serial number', {}, 'serial Greentill SIM SIM00001', everything],
    [
      'has no name: its port stands for it',
      { lacks: ['identity'] },
      'port memory wire',
      everything,
    ],
    [
      'lacks GS ( H and GS g',
      { lacks: ['process-id', 'cut-counter'] },
      'serial Greentill SIM SIM00001',
      { ...everything, processId: false, cutCounter: false },
    ],
    [
      'tells nothing by itself',
      { lacks: ['auto-status'] },
      'serial Greentill SIM SIM00001',
      { ...everything, autoStatus: false },
    ],
  ])('of one that %s', async (_, model, identity, capabilities) => {
    const { saved, store } = createStore();
    const first = await createDesk(model, store);
    await first.time.advance(20_000);
    const isProved = Object.values(capabilities).every(Boolean);
    // A no is only believed when two probes say it: the next start asks once more, and the one after it no more.
    expect([...saved]).toEqual([[isProved ? identity : `once ${identity}`, capabilities]]);
    const second = await createDesk(model, store);
    await second.time.advance(20_000);
    expect(saved.get(identity)).toEqual(capabilities);
    const third = await createDesk(model, store);
    await third.time.advance(20_000);
    expect(third.sentHex()).not.toContain('1d2848');
  });

  it('a printer that was too slow to answer once is asked again, and its word counts from then on', async () => {
    const { saved, store } = createStore();
    const slow = await createDesk({ lacks: ['process-id', 'fence'] }, store);
    await slow.time.advance(20_000);
    expect(slow.printer.status().confidence).toBe(1);
    const { time, printer } = await createDesk({}, store);
    await time.advance(20_000);
    expect(printer.status().confidence).toBe(4);
    expect(saved.get('serial Greentill SIM SIM00001')).toEqual(everything);
  });

  it('the next start asks for the name only: nothing is printed that the printer might not know', async () => {
    const { store } = createStore({ 'serial Greentill SIM SIM00001': everything });
    const { time, printer, sentHex } = await createDesk({}, store);
    await time.advance(5_000);
    expect(printer.status()).toMatchObject({ confidence: 4, model: 'Greentill SIM' });
    expect(sentHex()).toContain('1d4943');
    expect(sentHex()).not.toContain('1d2848');
  });

  it('another printer on the same port is probed for itself', async () => {
    const { saved, store } = createStore({ 'serial Greentill SIM SIM00001': everything });
    const { time, printer } = await createDesk(
      { serial: 'OTHER', lacks: ['process-id', 'cut-counter'] },
      store,
    );
    await time.advance(10_000);
    expect(printer.status().confidence).toBe(2);
    expect(saved.size).toBe(2);
  });

  it('what was remembered of a port and proves false is asked again after one job in doubt', async () => {
    const { saved, store } = createStore({ 'port memory wire': everything });
    const { time, printer } = await createDesk(
      { lacks: ['identity', 'process-id', 'cut-counter'] },
      store,
    );
    await time.advance(1_000);
    const commands = smallReceipt('单').filter((command) => command.type !== 'cut');
    const first = printer.print({ jobId: 'a', processId: 1, commands });
    expect(await time.settle(first)).toEqual({ type: 'unknown', code: 'receipt-unconfirmed' });
    await time.advance(30_000);
    expect(saved.get('port memory wire')).toMatchObject({ processId: false, fence: true });
    const second = printer.print({ jobId: 'b', processId: 2, commands });
    expect(await time.settle(second)).toEqual({ type: 'confirmed', level: 2 });
  });

  it('a probe that meets the end of the roll proves nothing, and is made again', async () => {
    const { saved, store } = createStore();
    const { time, simulator, printer } = await createDesk({ lacks: ['fence'] }, store);
    await time.advance(500);
    simulator.setSwitches({ paperOut: true });
    await time.advance(20_000);
    expect(saved.size).toBe(0);
    expect(printer.status().state).toBe('paper-out');
    simulator.setSwitches({ paperOut: false });
    await time.advance(30_000);
    expect([...saved.values()]).toEqual([{ ...everything, fence: false }]);
  });

  it('a cable pulled during the probe leaves nothing behind', async () => {
    const { saved, store } = createStore();
    const { time, wire } = await createDesk({ lacks: ['process-id'] }, store);
    await time.advance(700);
    await wire.far.pull();
    await time.advance(10_000);
    expect(saved.size).toBe(0);
    await wire.far.plug();
    await time.advance(60_000);
    expect([...saved.values()]).toEqual([{ ...everything, processId: false }]);
  });
});

/** How often it is asked whether it is there, in a minute without work. */
const questions = async (model: Partial<PrinterSimulatorDeps>): Promise<number> => {
  const { time, sentHex, forgetSent } = await createDesk(model);
  await time.advance(10_000);
  forgetSent();
  await time.advance(60_000);
  return sentHex().split('100401').length - 1;
};

describe('a printer that tells its changes by itself', () => {
  it('paper and cover are known at once, without a question', async () => {
    const { time, simulator, printer, sentHex, forgetSent } = await createDesk();
    await time.advance(4_000);
    forgetSent();
    simulator.setSwitches({ paperOut: true });
    await time.advance(1);
    expect(printer.status().state).toBe('paper-out');
    simulator.setSwitches({ paperOut: false, coverOpen: true });
    await time.advance(1);
    expect(printer.status().state).toBe('cover-open');
    simulator.setSwitches({ coverOpen: false, paperNearEnd: true });
    await time.advance(1);
    expect(printer.status()).toMatchObject({ state: 'online', paperNearEnd: true });
    expect(sentHex()).toBe('');
  });

  it('goes on telling after a job, whose ESC @ ended it', async () => {
    const { time, simulator, printer } = await createDesk();
    await time.advance(4_000);
    const job = printer.print({ jobId: 'a', processId: 1, commands: smallReceipt('单') });
    expect(await time.settle(job)).toEqual({ type: 'confirmed', level: 4 });
    await time.advance(1_000);
    simulator.setSwitches({ paperOut: true });
    await time.advance(1);
    expect(printer.status().state).toBe('paper-out');
  });

  it('one that is proved by GS r is not told to tell while its job runs: three bytes of a status look like the proof', async () => {
    const { time, simulator, printer, forgetSent, sentHex } = await createDesk({
      lacks: ['process-id', 'cut-counter'],
      msPerLine: 200,
    });
    await time.advance(8_000);
    forgetSent();
    const job = printer.print({ jobId: 'a', processId: 1, commands: smallReceipt('单') });
    await time.advance(300);
    expect(sentHex()).toContain('1d6100');
    simulator.setSwitches({ paperNearEnd: true });
    expect(await time.settle(job)).toEqual({ type: 'confirmed', level: 2 });
    await time.advance(1_000);
    expect(printer.status().paperNearEnd).toBe(true);
  });

  it('is asked less often than one that tells nothing', async () => {
    expect(await questions({})).toBeLessThanOrEqual(13);
    expect(await questions({ lacks: ['auto-status'] })).toBeGreaterThanOrEqual(28);
  });
});

describe('one question of a kind at a time', () => {
  it('a kick whose GS r is not answered yet never proves the receipt behind it', async () => {
    const { time, wire, simulator, printer } = await createDesk({
      lacks: ['process-id', 'cut-counter', 'auto-status'],
    });
    await time.advance(8_000);
    // Answers come late: that of the kick when the receipt is already under way.
    wire.setFaults({ toHost: { delayMs: 350 } });
    const kick = printer.kickDrawer();
    const job = printer.print({ jobId: 'a', processId: 1, commands: smallReceipt('单') });
    let settled = false;
    void job.then(() => (settled = true));
    simulator.onChange(() => {
      if (!simulator.receipts().some((piece) => piece.cut)) expect(settled).toBe(false);
    });
    expect(await time.settle(kick)).toEqual({ type: 'confirmed', level: 2 });
    expect(await time.settle(job)).toEqual({ type: 'confirmed', level: 2 });
    expect(simulator.receipts()[0]?.cut).toBe(true);
  });
});

describe('what a store keeps', () => {
  it.each([
    [{ model: 'TM-T88', serial: 'X1', port: 'p' }, 'serial TM-T88 X1'],
    [{ model: null, serial: 'X1', port: 'p' }, 'serial ? X1'],
    [{ model: 'TM-T88', serial: null, port: 'p' }, 'model TM-T88 at p'],
    [{ model: null, serial: null, port: 'p' }, 'port p'],
  ])('the key of %j', (identity, key) => expect(identityKey(identity)).toBe(key));

  it.each([
    [everything, everything],
    [{ ...everything, fence: 1 }, null],
    [{ ...everything, more: true }, null],
    [{}, null],
    [null, null],
    ['x', null],
  ])('reads %j', (value, capabilities) => expect(parseCapabilities(value)).toEqual(capabilities));
});
