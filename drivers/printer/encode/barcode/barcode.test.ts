import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { code128Bars, eanBars } from '#drivers/printer/encode/barcode/bars.ts';
import { encodeCode128 } from '#drivers/printer/encode/barcode/code128.ts';
import { eanDigits } from '#drivers/printer/encode/barcode/ean.ts';
import { encodeReceipt } from '#drivers/printer/encode/encode-escpos.ts';
import { realTimeAt } from '#drivers/printer/receipt/raster.ts';
import type { BarcodeCommand } from '#drivers/printer/receipt/receipt.ts';
import { bytesOf, printOnPaper, profileWith } from '#drivers/printer/testing/print-on-paper.ts';
import { readCode128 } from '#drivers/simulator/paper/barcode-reader.ts';

const hex = (bytes: Iterable<number>): string => Buffer.from(Array.from(bytes)).toString('hex');
const spaced = (text: string): string => text.replaceAll(' ', '').toLowerCase();
const prologue = '1B 40 1C 26 1C 53 00 00 1B 61 01 ';

describe('Code 128 data (Epson, GS k, CODE128)', () => {
  it.each([
    ['letters and digits stay in B', 'AB12', '7B 42 41 42 31 32'],
    ['a brace is doubled', 'a{b', '7B 42 61 7B 7B 62'],
    ['digits by two', '123456', '7B 43 0C 22 38'],
    ['an odd digit is left to B', '12345', '7B 42 31 7B 43 17 2D'],
    ['four digits at the end are worth the change', 'AB1234', '7B 42 41 42 7B 43 0C 22'],
    ['two are not', 'ab12', '7B 42 61 62 31 32'],
    ['controls need A', 'A\tB', '7B 41 41 09 42'],
    [
      'one small letter among capitals and controls is shifted',
      '\tA\tb\tC',
      '7B 41 09 41 09 7B 53 62 09 43',
    ],
    ['16 04 would be DLE EOT: the set is left between them', '991604', '7B 43 63 10 7B 42 30 34'],
  ])('%s', (_, text, bytes) => expect(hex(encodeCode128(text)?.bytes ?? [])).toBe(spaced(bytes)));

  it('the check symbol of "PJJ123C" is 54 + 1: the worked example of the standard starts in A, we in B', () => {
    expect(encodeCode128('PJJ123C')?.symbols).toEqual([104, 48, 42, 42, 17, 18, 19, 35, 55]);
  });

  it('reads back as it was, in no more symbols than one set needs, never as a real-time command', () => {
    const ascii = fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code));
    const unit = fc.oneof(ascii, fc.constantFrom('1', '6', '0', '4', '5', '2', '\u0010', '\u0004'));
    fc.assert(
      fc.property(fc.string({ unit, minLength: 1, maxLength: 80 }), (text) => {
        const code = encodeCode128(text);
        expect(code).not.toBeNull();
        const bytes = Uint8Array.from(code?.bytes ?? []);
        expect(realTimeAt(bytes)).toBe(-1);
        expect(readCode128(bytes)).toEqual({ text, symbols: code?.symbols });
        if (/^[\x20-\x7F]*$/.test(text)) {
          expect(code?.symbols.length).toBeLessThanOrEqual(text.length + 2);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['nothing', ''],
    ['81 characters', 'x'.repeat(81)],
    ['a hanzi', '中'],
  ])('refuses %s', (_, text) => expect(encodeCode128(text)).toBeNull());
});

describe('bars', () => {
  it('each symbol of Code 128 is eleven modules, three bars of even sum, unlike all others', () => {
    const seen = new Set<string>();
    for (let symbol = 0; symbol < 106; symbol += 1) {
      const bars = code128Bars([symbol]).slice(0, -13);
      expect(bars).toMatch(/^1+0+1+0+1+0+$/);
      expect(bars).toHaveLength(11);
      expect(bars.replaceAll('0', '').length % 2).toBe(0);
      seen.add(bars);
    }
    expect(seen.size).toBe(106);
    expect(code128Bars([])).toBe('1100011101011');
  });
  it('EAN-13 5901234123457, the example of the standard', () => {
    expect(eanBars('ean13', '5901234123457')).toBe(
      '10100010110100111011001100100110111101001110101010110011011011001000010101110010011101000100101',
    );
  });
  it('EAN-8 96385074', () => {
    expect(eanBars('ean8', '96385074')).toBe(
      '1010001011010111101111010110111010101001110111001010001001011100101',
    );
  });
});

describe('check digit of EAN', () => {
  it.each([
    ['ean13', '690123456789', { digits: '6901234567892' }],
    ['ean13', '6901234567892', { digits: '6901234567892' }],
    ['ean13', '6901234567893', { fault: 'ean13 check digit 3, must be 2' }],
    ['ean8', '9638507', { digits: '96385074' }],
    ['ean8', '96385075', { fault: 'ean8 check digit 5, must be 4' }],
    ['ean8', '123456', { fault: 'ean8 needs 7 or 8 digits' }],
    ['ean13', '69012345678９', { fault: 'ean13 needs 12 or 13 digits' }],
  ] as const)('%s %s', (symbology, text, expected) =>
    expect(eanDigits(symbology, text)).toEqual(expected),
  );
});

const barcode = (change: Partial<BarcodeCommand> = {}): BarcodeCommand => ({
  type: 'barcode',
  symbology: 'code128',
  text: 'AB12',
  ...change,
});

describe('bar codes on receipts', () => {
  it.each([
    [
      'Code 128 with its text',
      barcode(),
      '1D 68 50 1D 77 02 1D 48 02 1D 66 00 1D 6B 49 06 7B 42 41 42 31 32',
    ],
    [
      'EAN-13 without text, 100 dots high, 3 dots narrow',
      barcode({
        symbology: 'ean13',
        text: '690123456789',
        heightDots: 100,
        moduleDots: 3,
        readable: false,
      }),
      '1D 68 64 1D 77 03 1D 48 00 1D 6B 43 0D 36 39 30 31 32 33 34 35 36 37 38 39 32',
    ],
    [
      'EAN-8',
      barcode({ symbology: 'ean8', text: '96385074' }),
      '1D 68 50 1D 77 02 1D 48 02 1D 66 00 1D 6B 44 08 39 36 33 38 35 30 37 34',
    ],
  ])('%s', (_, command, bytes) =>
    expect(hex(bytesOf([command], profileWith()))).toBe(spaced(prologue + bytes)),
  );

  it.each(['native', 'raster'] as const)('%s: the same dots on paper', (kind) => {
    const printed = printOnPaper(
      [barcode({ text: 'GT-0001', heightDots: 30 })],
      profileWith({ barcode: kind }),
    );
    const record = printed.paper[0];
    const expected = code128Bars(encodeCode128('GT-0001')?.symbols ?? []);
    if (record?.type === 'barcode') expect(record.bars).toBe(expected);
    else if (record?.type === 'raster') {
      expect(printed.receipts[0]?.lines).toEqual(['GT-0001']);
      expect(record.rows).toBe(30);
      const row = Array.from(record.bytes.subarray(0, record.widthBytes), (byte) =>
        byte.toString(2).padStart(8, '0'),
      ).join('');
      const wide = Array.from(expected, (bar) => bar.repeat(2)).join('');
      expect(row).toBe(wide.padEnd(record.widthBytes * 8, '0'));
      // A bar is never one dot wide, so no dot was lost to the guard against real-time commands.
      expect(row).not.toMatch(/(^|0)1(0|$)/);
    } else expect(record?.type).toBe(kind);
  });

  it('takes a narrower bar than asked when the paper is narrow', () => {
    const wide = barcode({ text: '12345678901234567890', moduleDots: 6 });
    expect(hex(bytesOf([wide], profileWith()))).toContain('1d7702');
    expect(hex(bytesOf([wide], profileWith({}, 48)))).toContain('1d7703');
  });

  it.each([
    [
      'wider than the paper',
      barcode({ text: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' }),
      'barcode wider than the paper',
    ],
    [
      'a wrong check digit',
      barcode({ symbology: 'ean13', text: '6901234567890' }),
      'ean13 check digit 0, must be 2',
    ],
    ['letters in EAN', barcode({ symbology: 'ean8', text: 'ABCDEFG' }), 'ean8 needs 7 or 8 digits'],
    ['a hanzi', barcode({ text: '中' }), 'Code 128 takes 1 to 80 characters of ASCII'],
    ['bars of 256 dots', barcode({ heightDots: 256 }), 'barcode height out of range'],
    ['bars of one dot', barcode({ moduleDots: 1 }), 'barcode module out of range'],
  ])('refuses %s and says why', (_, command, detail) =>
    expect(encodeReceipt([command], profileWith())).toEqual({
      ok: false,
      error: { type: 'receipt-invalid', detail: `command 0: ${detail}` },
    }),
  );
});
