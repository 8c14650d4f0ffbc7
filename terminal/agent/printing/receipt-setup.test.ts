import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, test } from 'vitest';
import { createMemoryCounter, receiptIs } from '#terminal/agent/testing/memory-counter.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import { defaultReceiptTemplate } from '#terminal/ipc/receipt-template-rules.ts';
import type { PaperItem, ReceiptTemplate } from '#terminal/ipc/receipt-template.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const line = (text: string) => ({ text, align: 'center', size: 'normal', bold: false }) as const;
const ours: ReceiptTemplate = {
  ...defaultReceiptTemplate,
  header: [{ ...line('巷口面馆'), size: 'double' }],
  blocks: { ...defaultReceiptTemplate.blocks, cashier: false, barcode: true },
  footer: [line('欢迎再来'), line('')],
};

const settled = (lines: readonly string[]): readonly string[] =>
  lines.filter((text) => !/上传云端/.test(text));

async function openCounter() {
  const counter = createMemoryCounter();
  const { devices, transports } = counter;
  const till = (bench = await openTillBench({ devices, transports }));
  return { counter, ...till };
}

async function sellForCash(till: TillBench, counter: ReturnType<typeof createMemoryCounter>) {
  const before = counter.papers().length;
  await till.ask('till.setAmount', { amountFen: 1_200 });
  await till.ask('till.payCash', { tenderedFen: 2_000 });
  await receiptIs(till, 'printed');
  expect(counter.papers()).toHaveLength(before + 1);
  await till.ask('till.dismiss', {});
  return counter.papers().at(-1) ?? '';
}

const keepTemplateText = (dataDir: string, text: string): void => {
  const db = new Database(join(dataDir, 'journal.db'));
  db.prepare(
    `INSERT INTO meta (key, value) VALUES ('receipt-template', ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  ).run(text);
  db.close();
};

describe('setting receipts up', () => {
  test('a logo and the bars of the order number are on the paper, the logo made for it', async () => {
    const { counter, ...till } = await openCounter();
    const logo = {
      widthDots: 64,
      heightDots: 16,
      base64: Buffer.alloc(128, 0xaa).toString('base64'),
    };
    await till.ask('receipt.template.set', { template: { ...ours, logo } });
    await sellForCash(till, counter);
    const paper = counter.printer.receipts().at(-1);
    expect(paper?.rasterRows).toBe(16);
    const page = await till.ask('orders.list', { limit: 1 });
    const orderId = 'rows' in page ? (page.rows[0]?.orderId ?? '') : '';
    expect(paper?.barcodeTexts.map((text) => orderId.endsWith(text))).toEqual([true]);
    const found = await till.ask('orders.list', {
      limit: 9,
      search: paper?.barcodeTexts[0] ?? '-',
    });
    expect('rows' in found && found.rows.length).toBe(1);
  });

  test('the next receipt looks like the saved template, and so does one after a restart', async () => {
    const { counter, ...till } = await openCounter();
    const before = await sellForCash(till, counter);
    expect(before).toContain('收银员');
    expect(await till.ask('receipt.template.set', { template: ours })).toEqual({});

    const after = await sellForCash(till, counter);
    expect(after).toMatch(/巷口面馆[^]*已收现金[^]*￥12\.00[^]*欢迎再来/);
    expect(after).not.toContain('收银员');

    await till.restart();
    expect(await till.ask('receipt.template.get', {})).toMatchObject({
      template: ours,
      isDefault: false,
      printerPaperMm: 80,
    });
    expect(await sellForCash(till, counter)).toContain('巷口面馆');
  });

  test('the preview of an order has the very lines that its paper has', async () => {
    const { counter, ...till } = await openCounter();
    const paper = await sellForCash(till, counter);
    const page = await till.ask('orders.list', { limit: 1 });
    const orderId = 'rows' in page ? (page.rows[0]?.orderId ?? '') : '';
    const preview = await till.ask('receipt.preview', {
      template: defaultReceiptTemplate,
      orderId,
    });
    const items: readonly PaperItem[] = 'items' in preview ? preview.items : [];
    const said = items.flatMap((item) => (item.type === 'line' ? [item.text.trim()] : []));
    // Only the word about the upload may have moved on since.
    expect(settled(said)).toEqual(settled(paper.split('\n').map((text) => text.trim())));
    const qr = items.find((item) => item.type === 'qr');
    expect(qr?.rows.every((row) => row.length === qr.rows.length)).toBe(true);
    expect(counter.printer.receipts()[0]?.qrTexts).toEqual([qr?.text]);
  });

  test('a promise is refused by set and by preview, and the kept template stays', async () => {
    const till = (bench = await openTillBench());
    const promising = { ...ours, footer: [line('积分年年增 值')] };
    const refused = { refused: 'receipt-words-refused' };
    expect(await till.ask('receipt.template.set', { template: promising })).toEqual(refused);
    expect(await till.ask('receipt.preview', { template: promising })).toEqual(refused);
    expect(await till.ask('receipt.template.get', {})).toMatchObject({ isDefault: true });
  });

  test.each([
    ['over-long text', { ...ours, footer: [line('长'.repeat(97))] }],
    ['a control character', { ...ours, footer: [line('a\u001bb')] }],
    ['too many lines', { ...ours, header: Array.from({ length: 7 }, () => line('a')) }],
    ['a field of its own', { ...ours, hideAmount: true }],
    ['another version', { ...ours, version: 2 }],
    ['a picture that is none', { ...ours, logo: { widthDots: 8, heightDots: 1, base64: '<' } }],
  ])('%s is input-invalid', async (_what, template) => {
    const till = (bench = await openTillBench());
    const input = { template } as unknown as { template: ReceiptTemplate };
    expect(await till.ask('receipt.template.set', input)).toEqual({ refused: 'input-invalid' });
  });

  test.each([
    ['a newer version', JSON.stringify({ ...ours, version: 2, colours: [] })],
    ['damage', '{"version":1,"pap'],
    ['a promise that got in past the door', JSON.stringify({ ...ours, footer: [line('稳赚')] })],
  ])(
    '%s on the disk: receipts print as delivered, the exceptions say so, saving heals it',
    async (_what, text) => {
      const { counter, ...till } = await openCounter();
      await till.restart((dataDir) => keepTemplateText(dataDir, text));
      const exceptions = async (): Promise<readonly string[]> => {
        const list = await till.ask('exceptions.list', {});
        return 'rows' in list ? list.rows.map((row) => ('code' in row ? row.code : '')) : [];
      };
      expect(await exceptions()).toContain('receipt-template-lost');
      expect((await till.status()).problem).toBeNull();
      expect(await sellForCash(till, counter)).toContain('收银员');

      expect(await till.ask('receipt.template.set', { template: ours })).toEqual({});
      expect(await exceptions()).not.toContain('receipt-template-lost');
    },
  );

  test('a sample is printed as one, marked as a proof of nothing', async () => {
    const { counter, until, ask } = await openCounter();
    await ask('receipt.template.set', { template: ours });
    await until('the sample is out', async () => {
      if (counter.papers().length === 0) await ask('receipt.printSample', {});
      return counter.papers().length > 0;
    });
    expect(counter.papers()[0]).toMatch(/样张 不作凭证[^]*巷口面馆[^]*欢迎再来/);
    expect(counter.printer.unknownCommands()).toEqual([]);
  });
});
