import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referenceProfile } from '#drivers/printer/profiles/printer-profile.ts';
import { receiptFault } from '#drivers/printer/receipt/receipt-rules.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import { receiptFrom, type ReceiptFacts } from '#terminal/agent/printing/receipt-content.ts';
import { previewOf } from '#terminal/agent/printing/receipt-preview.ts';
import { logoRaster } from '#terminal/agent/printing/template-logo.ts';
import { boxFacts, receiptFacts } from '#terminal/agent/testing/receipt-facts.ts';
import { defaultReceiptTemplate, templateFault } from '#terminal/ipc/receipt-template-rules.ts';
import type { ReceiptTemplate, TemplateBlocks } from '#terminal/ipc/receipt-template.ts';

const vectors = JSON.parse(
  readFileSync(new URL('vectors/default-receipts.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly ReceiptCommand[]>>;

const line = (text: string) => ({ text, align: 'center', size: 'normal', bold: false }) as const;
const withBlocks = (change: Partial<TemplateBlocks>): ReceiptTemplate => ({
  ...defaultReceiptTemplate,
  blocks: { ...defaultReceiptTemplate.blocks, ...change },
});
const everythingOff = withBlocks(
  Object.fromEntries(Object.keys(defaultReceiptTemplate.blocks).map((name) => [name, false])),
);

const textOf = (commands: readonly ReceiptCommand[]): string =>
  commands
    .map((command) => {
      if (command.type === 'text') return command.text;
      return command.type === 'columns' ? command.columns.map(({ text }) => text).join(' ') : '';
    })
    .join('\n');

const namedBy = (template: ReceiptTemplate, facts: ReceiptFacts = receiptFacts.wallet): boolean =>
  textOf(receiptFrom(template, facts)).includes('绿点小店');

const blankLogo = (widthDots: number, byteCount: number) => ({
  widthDots,
  heightDots: 4,
  base64: Buffer.alloc(byteCount).toString('base64'),
});

describe('a receipt from its template', () => {
  test.each(Object.entries(receiptFacts))(
    'the default template prints a sale by %s record for record as before there were templates',
    (name, facts) => {
      expect(receiptFrom(defaultReceiptTemplate, facts)).toEqual(vectors[name]);
    },
  );

  test('with everything switched off the amount, what was paid, its state, its time and its shop stay', () => {
    const text = textOf(receiptFrom(everythingOff, receiptFacts.wallet));
    expect(text.split('\n').filter((one) => one !== '')).toEqual([
      '绿点小店',
      '一号店',
      '收款成功',
      '应收 ￥12.34',
      '实收 ￥9.34',
      expect.stringMatching(/^时间 /),
    ]);
    const offline = textOf(receiptFrom(everythingOff, receiptFacts.offline));
    expect(offline).toContain('离线记账（未到账）');
    expect(offline).toContain('待上传云端');
    const copy = textOf(receiptFrom(everythingOff, receiptFacts.copyOfUnknown));
    expect(copy).toContain('补打 第2次');
    expect(copy).toContain('结果待确认');
  });

  test('the names give way only to a header or a logo that says whose receipt it is', () => {
    const off = withBlocks({ shop: false });
    expect(namedBy(off)).toBe(true);
    expect(namedBy({ ...off, header: [line(' ')] })).toBe(true);
    expect(namedBy({ ...off, header: [line('巷口面馆')] })).toBe(false);
    const logo = { widthBytes: 1, heightDots: 1, bytes: Uint8Array.of(1) };
    expect(namedBy(off, { ...receiptFacts.wallet, logo })).toBe(false);
  });

  test('numbers: the channel’s for a wallet, the box’s for a box, the end of the order’s as bars', () => {
    const all = withBlocks({ channelNumber: true, boxNumber: true, barcode: true });
    const wallet = receiptFrom(all, receiptFacts.wallet);
    const { orderId } = receiptFacts.wallet.order;
    expect(textOf(wallet)).toContain(`${orderId.slice(4)}01`);
    expect(wallet).toContainEqual(
      expect.objectContaining({ type: 'barcode', text: orderId.slice(-12) }),
    );
    expect(textOf(receiptFrom(all, boxFacts))).toContain('盒子单号 000123');
    expect(textOf(receiptFrom(all, boxFacts))).not.toContain('商户单号');
  });

  test('any template that is accepted prints on 58 and 80 mm: no fault in the records', () => {
    const anyLine = fc.record({
      text: fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.slice(0, 96)),
      align: fc.constantFrom('left', 'center', 'right'),
      size: fc.constantFrom('normal', 'tall', 'wide', 'double'),
      bold: fc.boolean(),
    });
    const anyTemplate = fc.record({
      header: fc.array(anyLine, { maxLength: 6 }),
      footer: fc.array(anyLine, { maxLength: 8 }),
      bits: fc.array(fc.boolean(), {
        minLength: Object.keys(everythingOff.blocks).length,
        maxLength: Object.keys(everythingOff.blocks).length,
      }),
    });
    fc.assert(
      fc.property(
        anyTemplate,
        fc.constantFrom<ReceiptFacts>(...Object.values(receiptFacts), boxFacts),
        ({ header, footer, bits }, facts) => {
          const names = Object.keys(everythingOff.blocks);
          const blocks = Object.fromEntries(names.map((name, index) => [name, bits[index]]));
          const template = { ...withBlocks(blocks), header, footer };
          for (const columns of [32, 42, 48] as const) {
            const profile = referenceProfile(columns);
            const commands = receiptFrom(template, facts);
            expect(receiptFault(commands, profile)).toBeNull();
            expect(previewOf(commands, profile).items.at(-1)).toEqual({ type: 'cut' });
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('what a template may not say or hold', () => {
  test('a promissory word is refused with its place, also when it is spread over two lines', () => {
    expect(
      templateFault({ ...defaultReceiptTemplate, footer: [line('谢谢'), line('积分 分-红')] }),
    ).toEqual({ code: 'receipt-words-refused', part: 'footer', index: 1, word: '分红' });
    expect(
      templateFault({ ...defaultReceiptTemplate, header: [line('稳'), line('赚')] }),
    ).toMatchObject({
      code: 'receipt-words-refused',
      part: 'header',
    });
    expect(templateFault({ ...defaultReceiptTemplate, footer: [line('谢谢惠顾')] })).toBeNull();
  });

  test('a logo has as many bytes as its size says and is no wider than its paper', () => {
    const with58 = { ...defaultReceiptTemplate, paperMm: 58 } as const;
    expect(templateFault({ ...with58, logo: blankLogo(384, 192) })).toBeNull();
    expect(templateFault({ ...with58, logo: blankLogo(384, 191 - 3) })).not.toBeNull();
    expect(templateFault({ ...with58, logo: blankLogo(576, 288) })).not.toBeNull();
    expect(templateFault({ ...with58, paperMm: 80, logo: blankLogo(576, 288) })).toBeNull();
  });

  test('a logo made for 80 mm is drawn smaller on 58 mm paper, never refused and never cut', () => {
    const bytes = Buffer.alloc(72 * 30);
    bytes.fill(0xff, 0, 36);
    const logo = { widthDots: 576, heightDots: 30, base64: bytes.toString('base64') };
    const small = logoRaster(logo, 384);
    expect([small.widthBytes, small.heightDots]).toEqual([48, 20]);
    expect([...small.bytes.subarray(0, 48)]).toEqual([
      ...Array<number>(24).fill(0xff),
      ...Array<number>(24).fill(0),
    ]);
    expect(logoRaster(logo, 576).bytes).toEqual(Uint8Array.from(bytes));
  });
});
