import { afterEach, describe, expect, test } from 'vitest';
import { listImages } from '#drivers/printer/encode/escpos-graphics.ts';
import type { StoredLogo } from '#drivers/printer/encode/stored-logo.ts';
import { createLogoStore } from '#terminal/agent/devices/stored/logo-store.ts';
import { createMemoryCounter, receiptIs } from '#terminal/agent/testing/memory-counter.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import { defaultReceiptTemplate } from '#terminal/ipc/receipt-template-rules.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const logo = {
  widthDots: 384,
  heightDots: 96,
  base64: Buffer.alloc(4_608, 0xaa).toString('base64'),
};
const restMsMax = 15_000;

test('the shop’s logo moves into the printer while it rests, and is still known after a restart', async () => {
  const counter = createMemoryCounter();
  const { devices, transports, printer, printerWire } = counter;
  let lists = 0;
  printerWire.far.onBytes((chunk) => {
    if (Buffer.from(chunk).equals(Buffer.from(listImages))) lists += 1;
  });
  const till = (bench = await openTillBench({ devices, transports }));
  await till.ask('receipt.template.set', { template: { ...defaultReceiptTemplate, logo } });

  const sellForCash = async (): Promise<number> => {
    const before = printerWire.deliveredByteCount();
    await till.ask('till.setAmount', { amountFen: 1_250 });
    await till.ask('till.payCash', { tenderedFen: 2_000 });
    await receiptIs(till, 'printed');
    expect(printer.receipts().at(-1)?.rasterRows).toBe(logo.heightDots);
    return printerWire.deliveredByteCount() - before;
  };
  const rested = async (): Promise<void> => {
    let seen = -1;
    const isQuiet = (): boolean => seen === (seen = printerWire.deliveredByteCount());
    await till.until('the printer rests', isQuiet, restMsMax);
  };

  expect(await sellForCash()).toBeGreaterThan(4_608);
  await till.until('the logo is stored', () => printer.imageKeys().length === 1, restMsMax);
  await rested();
  expect(await sellForCash()).toBeLessThan(4_608);

  await till.restart();
  // The first receipt carries the logo, because nobody has asked the printer yet; then it is asked.
  await sellForCash();
  const before = printerWire.deliveredByteCount();
  const asked = lists;
  await till.until('the printer was asked for its images', () => lists > asked, restMsMax);
  await rested();
  expect(printerWire.deliveredByteCount() - before).toBeLessThan(4_608);
  expect(await sellForCash()).toBeLessThan(4_608);
}, 60_000);

const held = (digit: string): StoredLogo => ({ fingerprint: digit.repeat(16) });

describe('what is remembered of logos', () => {
  test('survives the process, forgets what is taken back and the oldest, and takes nonsense for nothing', () => {
    const folder = tempFolder();
    const { journal } = openTestJournal(folder.path);
    const store = createLogoStore(journal);
    for (let number = 0; number < 40; number += 1) store.save(`printer ${number}`, held('a'));
    store.save('printer 39', held('b'));
    expect(createLogoStore(journal).load('printer 39')).toEqual(held('b'));
    expect(store.load('printer 0')).toBeNull();
    store.save('printer 39', null);
    expect(store.load('printer 39')).toBeNull();
    for (const nonsense of ['[', '7', '{"printer 38":{"fingerprint":"no"}}', '{"printer 38":1}']) {
      journal.append([], (tx) =>
        tx.run('UPDATE meta SET value = $nonsense WHERE key = $key', {
          nonsense,
          key: 'printer-logos',
        }),
      );
      expect(store.load('printer 38'), nonsense).toBeNull();
    }
    store.save('printer 1', held('c'));
    expect(store.load('printer 1')).toEqual(held('c'));
    journal.close();
    folder.remove();
  });
});
