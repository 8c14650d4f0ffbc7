import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { encodeReceipt } from '#drivers/printer/encode/encode-escpos.ts';
import {
  escpos,
  feedLines,
  headerPad,
  nulFlush,
  processIdCommand,
  processIdOf,
} from '#drivers/printer/encode/escpos-bytes.ts';
import {
  barcodeHeader,
  barcodeHeight,
  barcodeModule,
  defineHanziHeader,
  deleteImage,
  escposGraphics,
  inlineImageHeader,
  printImage,
  qrLevel,
  qrModuleDots,
  qrStore,
  rasterHeader,
  storeImageHeader,
} from '#drivers/printer/encode/escpos-graphics.ts';
import { referenceProfile } from '#drivers/printer/profiles/printer-profile.ts';
import { realTimeAt } from '#drivers/printer/receipt/raster.ts';
import type { PaperWidth, ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';

const hex = (bytes: ArrayLike<number>): string => Buffer.from(Array.from(bytes)).toString('hex');
const spaced = (text: string): string => text.replaceAll(' ', '').toLowerCase();

/** Epson ESC/POS command reference; every sequence this product can emit, byte by byte. */
const table: readonly (readonly [string, ArrayLike<number>, string])[] = [
  ['ESC @ initialise', escpos.initialize, '1B 40'],
  ['FS & two-byte characters on', escpos.chineseOn, '1C 26'],
  ['FS S no space around hanzi', escpos.chineseSpacingNone, '1C 53 00 00'],
  ['LF', escpos.lineFeed, '0A'],
  ['ESC E bold on', escpos.boldOn, '1B 45 01'],
  ['ESC E bold off', escpos.boldOff, '1B 45 00'],
  ['ESC a left', escpos.alignLeft, '1B 61 00'],
  ['ESC a centre', escpos.alignCenter, '1B 61 01'],
  ['ESC a right', escpos.alignRight, '1B 61 02'],
  ['ESC M font A', escpos.fontNormal, '1B 4D 00'],
  ['ESC M font B', escpos.fontSmall, '1B 4D 01'],
  ['GS ! normal', escpos.sizeNormal, '1D 21 00'],
  ['GS ! tall', escpos.sizeTall, '1D 21 01'],
  ['GS ! wide', escpos.sizeWide, '1D 21 10'],
  ['GS ! double', escpos.sizeDouble, '1D 21 11'],
  ['ESC d 3', feedLines(3), '1B 64 03'],
  ['FS W 0, FS ! normal', escpos.hanziNormal, '1C 57 00 1C 21 00'],
  ['FS W 0, FS ! tall', escpos.hanziTall, '1C 57 00 1C 21 08'],
  ['FS W 0, FS ! wide', escpos.hanziWide, '1C 57 00 1C 21 04'],
  ['FS ! double, FS W 1', escpos.hanziDouble, '1C 21 0C 1C 57 01'],
  ['GS V 66 0 partial cut', escpos.cutPartial, '1D 56 42 00'],
  ['GS V 65 0 full cut', escpos.cutFull, '1D 56 41 00'],
  ['ESC * 33, 24 dots wide', inlineImageHeader(24), '1B 2A 21 18 00'],
  ['FS 2 define FE A1', defineHanziHeader(0xa1), '1C 32 FE A1'],
  ['GS h 80 dots', barcodeHeight(80), '1D 68 50'],
  ['GS w 3 dots', barcodeModule(3), '1D 77 03'],
  ['GS H no text', escposGraphics.barcodeTextNone, '1D 48 00'],
  ['GS H text below', escposGraphics.barcodeTextBelow, '1D 48 02'],
  ['GS f font A', escposGraphics.barcodeTextFontA, '1D 66 00'],
  ['GS k Code 128', barcodeHeader('code128', 6), '1D 6B 49 06'],
  ['GS k EAN-13', barcodeHeader('ean13', 13), '1D 6B 43 0D'],
  ['GS k EAN-8', barcodeHeader('ean8', 8), '1D 6B 44 08'],
  [
    'GS ( L 67 store 384 x 96 dots as "AB"',
    storeImageHeader({ key: [0x41, 0x42], widthDots: 384, heightDots: 96 }),
    '1D 28 4C 0B 12 30 43 30 41 42 01 80 01 60 00 31',
  ],
  ['GS ( L 66 forget "AB"', deleteImage([0x41, 0x42]), '1D 28 4C 04 00 30 42 41 42'],
  ['GS ( L 69 print "AB"', printImage([0x41, 0x42]), '1D 28 4C 06 00 30 45 41 42 01 01'],
  [
    'GS v 0, 48 bytes, 21 rows',
    rasterHeader({ widthBytes: 48, rows: 21 }),
    '1D 76 30 00 30 00 15 00',
  ],
  ['GS ( k model 2', escposGraphics.qrModel2, '1D 28 6B 04 00 31 41 32 00'],
  ['GS ( k module 6', qrModuleDots(6), '1D 28 6B 03 00 31 43 06'],
  ['GS ( k level L', qrLevel('L'), '1D 28 6B 03 00 31 45 30'],
  ['GS ( k level M', qrLevel('M'), '1D 28 6B 03 00 31 45 31'],
  ['GS ( k level Q', qrLevel('Q'), '1D 28 6B 03 00 31 45 32'],
  ['GS ( k level H', qrLevel('H'), '1D 28 6B 03 00 31 45 33'],
  ['GS ( k store 7 bytes', qrStore(7), '1D 28 6B 0A 00 31 50 30'],
  ['GS ( k store 300 bytes', qrStore(300), '1D 28 6B 2F 01 31 50 30'],
  ['GS ( k print', escposGraphics.qrPrint, '1D 28 6B 03 00 31 51 30'],
  ['GS ( H id 0', processIdCommand(0), '1D 28 48 06 00 30 30 20 20 20 20'],
  ['GS ( H id 95', processIdCommand(95), '1D 28 48 06 00 30 30 20 20 21 20'],
  ['GS ( H greatest id', processIdCommand(81_450_624), '1D 28 48 06 00 30 30 7E 7E 7E 7E'],
  ['GS r 1', escpos.fence, '1D 72 01'],
  ['GS a all', escpos.autoStatusOn, '1D 61 0F'],
  ['GS a none', escpos.autoStatusOff, '1D 61 00'],
  ['GS I 67', escpos.modelName, '1D 49 43'],
  ['GS I 68', escpos.serialNumber, '1D 49 44'],
  ['GS g 2 counter 178', escpos.cutCounter, '1D 67 32 00 B2 00'],
  ['DLE EOT 1', escpos.statusPrinter, '10 04 01'],
  ['DLE EOT 2', escpos.statusOffline, '10 04 02'],
  ['DLE EOT 3', escpos.statusError, '10 04 03'],
  ['DLE EOT 4', escpos.statusPaper, '10 04 04'],
  ['DLE DC4 8 clear', escpos.clearBuffers, '10 14 08 01 03 14 01 06 02 08'],
  ['ESC p drawer', escpos.drawerKick, '1B 70 00 19 FA'],
  ['DLE DC4 1 drawer', escpos.drawerKickNow, '10 14 01 00 01'],
  ['pad after connecting', headerPad, '00'.repeat(16)],
  ['NUL flush', nulFlush(), `${'00'.repeat(8192)}1B40`],
];

const encode = (commands: readonly ReceiptCommand[], paper: PaperWidth = 32): string =>
  getOrThrow(encodeReceipt(commands, referenceProfile(paper)))
    .segments.map(hex)
    .join('');
const prologue = '1B 40 1C 26 1C 53 00 00';

describe('ESC/POS bytes', () => {
  it.each(table)('%s', (_, bytes, expected) => expect(hex(bytes)).toBe(spaced(expected)));

  it('the table names every constant of the encoder', () => {
    const tabled = new Set(table.map(([, bytes]) => hex(bytes)));
    for (const bytes of Object.values({ ...escpos, ...escposGraphics }))
      expect(tabled).toContain(hex(bytes));
  });

  it('reads back the ids it writes, in their order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 81_450_623 }), (id) => {
        const [digits, next] = [id, id + 1].map((each) => [...processIdCommand(each)].slice(-4));
        expect(processIdOf(digits ?? [])).toBe(id);
        expect(hex(next ?? []) > hex(digits ?? [])).toBe(true);
      }),
    );
  });
});

describe('receipt to bytes', () => {
  it.each<readonly [string, readonly ReceiptCommand[], string]>([
    ['plain text', [{ type: 'text', text: 'AB' }], '41 42 0A'],
    ['hanzi and yen', [{ type: 'text', text: '中文¥' }], 'D6 D0 CE C4 A3 A4 0A'],
    [
      'centred double bold, and back to plain once',
      [
        { type: 'text', text: '店', align: 'center', size: 'double', bold: true },
        { type: 'text', text: 'A' },
      ],
      '1B 61 01 1D 21 11 1B 45 01 B5 EA 0A 1B 61 00 1D 21 00 1B 45 00 41 0A',
    ],
    ['single rule', [{ type: 'rule', style: 'single' }], `${'2D'.repeat(32)}0A`],
    ['double rule', [{ type: 'rule', style: 'double' }], `${'3D'.repeat(32)}0A`],
    [
      'columns',
      [
        {
          type: 'columns',
          columns: [
            { text: '苹果', width: 'rest' },
            { text: '1.00', width: 8, align: 'right' },
          ],
        },
      ],
      `C6 BB B9 FB ${'20'.repeat(24)} 31 2E 30 30 0A`,
    ],
    [
      'QR: the length counts bytes, not characters',
      [{ type: 'qr', text: '中文A', moduleDots: 4, level: 'H' }],
      `1B 61 01 1D 28 6B 04 00 31 41 32 00 1D 28 6B 03 00 31 43 04 1D 28 6B 03 00 31 45 33
       1D 28 6B 0A 00 31 50 30 E4 B8 AD E6 96 87 41 1D 28 6B 03 00 31 51 30`.replace(/\s+/g, ' '),
    ],
    [
      'logo',
      [
        {
          type: 'logo',
          raster: { widthBytes: 1, heightDots: 2, bytes: Uint8Array.from([0x81, 0xff]) },
        },
      ],
      '1B 61 01 1D 76 30 00 01 00 02 00 81 FF',
    ],
    ['feed and cut', [{ type: 'feed', lines: 2 }, { type: 'cut' }], '1B 64 02 1D 56 42 00'],
  ])('%s', (_, commands, expected) =>
    expect(encode(commands)).toBe(spaced(`${prologue} ${expected}`)),
  );

  it('a logo higher than a slice is sent in slices of whole rows', () => {
    const raster = { widthBytes: 48, heightDots: 50, bytes: new Uint8Array(48 * 50).fill(1) };
    const encoded = encode([{ type: 'logo', raster }]);
    const headers = encoded.match(/1d76300030001500|1d76300030000800/g);
    expect(headers).toEqual(['1d76300030001500', '1d76300030001500', '1d76300030000800']);
  });

  it('every receipt ends its segments between commands and never contains a real-time command', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 30 }), (commands) => {
        const encoded = encodeReceipt(commands, referenceProfile(32));
        if (!encoded.ok) return;
        const all = Buffer.concat(encoded.value.segments);
        expect(realTimeAt(all)).toBe(-1);
        expect(all.length).toBe(encoded.value.byteCount);
        for (const segment of encoded.value.segments) {
          expect(segment.length).toBeLessThanOrEqual(512 + 1_032);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('sets a long number in font B and goes back to font A; hanzi and large letters stay as they are', () => {
    const number = { type: 'text', text: 'ord_01KAN7D5', small: true } as const;
    const next = { type: 'text', text: 'A' } as const;
    const bytes = (commands: readonly ReceiptCommand[]): string =>
      getOrThrow(encodeReceipt(commands, referenceProfile(32)))
        .segments.map(hex)
        .join('');
    expect(bytes([number, number, next])).toBe(
      spaced(
        `1B 40 1C 26 1C 53 00 00 1B 4D 01 ${hex(Buffer.from('ord_01KAN7D5'))} 0A
        ${hex(Buffer.from('ord_01KAN7D5'))} 0A 1B 4D 00 41 0A`.replaceAll('\n', ''),
      ),
    );
    for (const plain of [{ text: '单号 1' }, { text: 'A', size: 'wide' as const }])
      expect(bytes([{ type: 'text', ...plain, small: true }])).toBe(
        bytes([{ type: 'text', ...plain }]),
      );
  });

  it.each<readonly [string, readonly ReceiptCommand[]]>([
    ['a cut in the middle', [{ type: 'cut' }, { type: 'text', text: 'x' }]],
    ['an empty QR code', [{ type: 'qr', text: '' }]],
    ['a QR text of 513 bytes', [{ type: 'qr', text: 'x'.repeat(513) }]],
    ['control characters in a QR text', [{ type: 'qr', text: 'a\u0010\u0004' }]],
    ['a module of 17 dots', [{ type: 'qr', text: 'a', moduleDots: 17 }]],
    ['a feed of 21 lines', [{ type: 'feed', lines: 21 }]],
    ['half a line of feed', [{ type: 'feed', lines: 0.5 }]],
    [
      'a logo wider than the paper',
      [{ type: 'logo', raster: { widthBytes: 49, heightDots: 1, bytes: new Uint8Array(49) } }],
    ],
    [
      'a logo whose bytes do not fit its size',
      [{ type: 'logo', raster: { widthBytes: 2, heightDots: 2, bytes: new Uint8Array(3) } }],
    ],
    ['columns wider than the paper', [{ type: 'columns', columns: [{ text: 'x', width: 33 }] }]],
    [
      'two columns that both want the rest',
      [
        {
          type: 'columns',
          columns: [
            { text: 'x', width: 'rest' },
            { text: 'y', width: 'rest' },
          ],
        },
      ],
    ],
    [
      'a thousand and one commands',
      Array.from({ length: 1_001 }, () => ({ type: 'rule', style: 'single' })),
    ],
  ])('refuses %s', (_, commands) =>
    expect(encodeReceipt(commands, referenceProfile(32))).toMatchObject({
      ok: false,
      error: { type: 'receipt-invalid' },
    }),
  );
});

const anyText = fc.string({ unit: 'grapheme', maxLength: 60 });
const anyCommand: fc.Arbitrary<ReceiptCommand> = fc.oneof(
  fc.record({
    type: fc.constant('text' as const),
    text: anyText,
    size: fc.constantFrom('normal', 'tall', 'wide', 'double'),
    align: fc.constantFrom('left', 'center', 'right'),
    small: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('qr' as const),
    text: fc.string({ minLength: 1, maxLength: 300 }),
  }),
  fc.record({ type: fc.constant('feed' as const), lines: fc.integer({ min: 1, max: 20 }) }),
  fc
    .record({
      widthBytes: fc.integer({ min: 1, max: 48 }),
      heightDots: fc.integer({ min: 1, max: 40 }),
      seed: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    })
    .map(({ widthBytes, heightDots, seed }) => ({
      type: 'logo' as const,
      raster: {
        widthBytes,
        heightDots,
        bytes: Uint8Array.from(
          { length: widthBytes * heightDots },
          (_, index) => [0x10, 0x04, 0x05, 0x14][(seed[index % seed.length] ?? 0) & 3] ?? 0,
        ),
      },
    })),
);
