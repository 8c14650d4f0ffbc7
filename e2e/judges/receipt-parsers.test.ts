import { describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { encodeReceipt } from '#drivers/printer/encode/encode-escpos.ts';
import { storeLogo } from '#drivers/printer/encode/stored-logo.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import { findProfile, genericProfile } from '#drivers/printer/profiles/printer-profiles.ts';
import { packRaster } from '#drivers/printer/receipt/raster.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import { assert } from '#shared/result/assert.ts';
import { receiptParsers } from './receipt-parsers.ts';

const goods = Array.from({ length: 40 }, (_, index) => ({
  name: `${String(index + 1).padStart(2, '0')} 新疆阿克苏苹果`,
  price: `${index < 34 ? '' : '¥'}${index + 10}.50`,
}));
const logo = packRaster({
  widthDots: 384,
  heightDots: 96,
  isBlack: (x, y) => (x - 192) ** 2 / 16 + (y - 48) ** 2 < 2_000 && x % 7 !== 0,
});

/** Everything that a receipt can hold, in the order of a real one. */
const receipt = (names: readonly string[]): readonly ReceiptCommand[] => [
  { type: 'logo', raster: logo },
  ...goods.map(({ price }, index): ReceiptCommand => ({
    type: 'columns',
    columns: [
      { text: names[index] ?? '', width: 'rest' },
      { text: price, width: 8, align: 'right' },
    ],
    bold: index % 9 === 8,
  })),
  { type: 'text', text: '谢谢惠顾', align: 'center', size: 'double' },
  { type: 'qr', text: 'https://greentill.example/r/01K3ZQ4Y7M9T2V5W8X1B6C0D3E' },
  { type: 'barcode', symbology: 'code128', text: 'GT-2026-000042' },
  { type: 'barcode', symbology: 'ean13', text: '690123456789' },
  { type: 'feed', lines: 2 },
  { type: 'cut' },
];

const named = (id: string): PrinterProfile => {
  const profile = findProfile(id);
  assert(profile !== null, () => `no profile ${id}`);
  return profile;
};

const profiles: readonly PrinterProfile[] = [
  named('epson-tm-t82iii'),
  named('xprinter-xp-80'),
  named('zjiang-zj-5870'),
  named('gprinter-gp-58'),
  genericProfile(58),
  genericProfile(80),
];

const bytesOf = (names: readonly string[], profile: PrinterProfile): Buffer =>
  Buffer.concat(
    getOrThrow(encodeReceipt(receipt(names), profile, storeLogo(logo, null)?.held)).segments,
  );

const withoutSpaces = (line: string): string => line.replaceAll(' ', '');

describe.each(receiptParsers)('a receipt read by $name', ({ missing, linesOf }) => {
  const judged = missing === null ? it : it.skip;
  const note = missing === null ? '' : ` (${missing})`;

  judged.each(profiles)(`$id: 40 of 40 lines come back${note}`, async (profile) => {
    const names = goods.map(({ name }) => name);
    const lines = (await linesOf(bytesOf(names, profile))).map(withoutSpaces);
    const sold = goods.map(({ name, price }) =>
      withoutSpaces(`${name}${price.replace('¥', '￥')}`),
    );
    // In their order, with nothing between them: a byte taken for text would stand there.
    expect(lines.slice(0, goods.length)).toEqual(sold);
    expect(lines[goods.length]).toBe('谢谢惠顾');
  });

  judged(`a picture one byte short costs the first line: the judge can say no${note}`, async () => {
    const bytes = bytesOf(
      goods.map(({ name }) => name),
      genericProfile(58),
    );
    // The last byte of the logo, right before ESC a 0 and the first line of text.
    const spoilt = bytes.indexOf(Buffer.from([0x1b, 0x61, 0x00])) - 1;
    const short = Buffer.concat([bytes.subarray(0, spoilt), bytes.subarray(spoilt + 1)]);
    const lines = await linesOf(short).catch(() => []);
    expect(lines.slice(0, 1).map(withoutSpaces)).not.toEqual([
      withoutSpaces(`${goods[0]?.name}${goods[0]?.price}`),
    ]);
  });
});

/** The second parser has no list of FS commands and would take a definition (FS 2) for text. */
describe.each(receiptParsers.filter(({ name }) => name === 'npos'))(
  'drawn characters read by $name',
  ({ missing, linesOf }) => {
    const judged = missing === null ? it : it.skip;

    judged.each(['image', 'defined'] as const)(
      '%s: the rest of each line comes back, in its place',
      async (rareGlyph) => {
        const profile = { ...genericProfile(58), rareGlyph };
        const names = goods.map(({ name }, index) => (index % 5 === 0 ? `${name}𠮷` : name));
        const lines = (await linesOf(bytesOf(names, profile))).map(withoutSpaces);
        for (const [index, { name, price }] of goods.entries()) {
          const line = lines[index] ?? '';
          expect(line.startsWith(withoutSpaces(name)), line).toBe(true);
          expect(line.endsWith(price.replace('¥', '￥')), line).toBe(true);
        }
        expect(lines[goods.length]).toBe('谢谢惠顾');
      },
    );
  },
);
