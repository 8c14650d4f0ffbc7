import iconv from 'iconv-lite';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnWidths, layoutColumns, padTo, wrapText } from '#drivers/printer/receipt/layout.ts';
import { defused, packRaster, realTimeAt } from '#drivers/printer/receipt/raster.ts';
import {
  encodeGb,
  isRomText,
  missingSign,
  toPrintable,
  widthOf,
} from '#drivers/printer/receipt/text-gb18030.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('text for a Chinese printer', () => {
  it.each([
    ['yen becomes the full-width sign, 2 columns', '¥9', '￥9', 'a3a439'],
    ['euro has two bytes', '€', '€', 'a2e3'],
    ['a character that no font of ours has is a box', '\u{10A60}', missingSign, 'a1f5'],
    ['user-defined characters are a box', '\uE000', missingSign, 'a1f5'],
    ['half of a surrogate pair is a box', '\uD83D', missingSign, 'a1f5'],
    ['variation selectors take no paper', '中\uFE0F', '中', 'd6d0'],
    ['a keycap is its digit', '1\uFE0F\u20E3', '1', '31'],
    ['control characters are dropped', 'a\u0010\u0004b\u001b', 'ab', '6162'],
    ['a tab is two spaces', 'a\tb', 'a  b', '61202062'],
    ['a no-break space is a space', 'a\u00A0b', 'a b', '612062'],
    ['decomposed letters are composed first', 'e\u0301', 'é', 'a8a6'],
  ])('%s', (_, text, printable, bytes) => {
    expect(toPrintable(text)).toBe(printable);
    expect(hex(encodeGb(printable))).toBe(bytes);
  });

  it.each([
    ['a rare hanzi stays, and takes 2 columns', '㙓', '㙓', 2],
    ['a hanzi of the supplementary planes', '𬍛', '𬍛', 2],
    ['an emoji', '😀', '😀', 2],
    ['a joined emoji falls apart into its parts', '👨\u200D👩', '👨👩', 4],
    ['a skin tone is left out', '👍🏽', '👍', 2],
    ['a narrow letter', 'ñ', 'ñ', 1],
    ['half-width katakana', 'ｱ', 'ｱ', 1],
  ])('%s', (_, text, printable, columns) => {
    expect(toPrintable(text)).toBe(printable);
    expect(widthOf(printable)).toBe(columns);
  });

  it('columns and bytes are the same number for any text, and no byte is a control code', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const printable = Array.from(toPrintable(text)).filter(isRomText).join('');
        const bytes = encodeGb(printable);
        expect(bytes.length).toBe(widthOf(printable));
        expect(bytes.every((byte) => byte >= 0x20 && byte !== 0x7f)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('wrapping', () => {
  it('breaks by columns on paper: sixteen hanzi fill 58 mm', () => {
    expect(wrapText('一'.repeat(17), 32)).toEqual(['一'.repeat(16), '一']);
  });
  it('never splits a hanzi that would straddle the edge', () => {
    expect(wrapText(`a${'一'.repeat(16)}`, 32)).toEqual([`a${'一'.repeat(15)}`, '一']);
  });
  it('moves an English word whole, and a mark together with the character before it', () => {
    expect(wrapText('apples', 4)).toEqual(['appl', 'es']);
    expect(wrapText('ab apples', 8)).toEqual(['ab ', 'apples']);
    expect(wrapText('一二三，四', 6)).toEqual(['一二', '三，四']);
  });
  it('never splits a pair of surrogates, nor leaves a mark alone after one', () => {
    expect(wrapText('𬍛😀，a', 4)).toEqual(['𬍛', '😀，', 'a']);
  });
  it('keeps empty lines', () => expect(wrapText('a\n\nb', 32)).toEqual(['a', '', 'b']));

  it('no line is wider than the paper and nothing but spaces is lost, for any text and width', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('一', '，', 'a', '9', '.', ' ', '㙓', '😀', 'ñ'),
          maxLength: 120,
        }),
        fc.integer({ min: 2, max: 48 }),
        (text, columns) => {
          const lines = wrapText(text, columns);
          expect(lines.every((line) => widthOf(line) <= columns)).toBe(true);
          expect(lines.join('')).toBe(toPrintable(text));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('columns', () => {
  it('fills the paper exactly, hanzi counted as two', () => {
    const lines = layoutColumns(
      [
        { text: '红富士苹果（大）', width: 'rest' },
        { text: '×2', width: 5, align: 'right' },
        { text: '25.00', width: 9, align: 'right' },
      ],
      32,
    );
    expect(lines).toEqual(['红富士苹果（大）    ×2    25.00']);
    expect(widthOf(lines[0] ?? '')).toBe(32);
  });
  it('wraps a cell inside its own width', () => {
    const lines = layoutColumns(
      [
        { text: '一二三四五', width: 6 },
        { text: 'x', width: 'rest', align: 'right' },
      ],
      32,
    );
    expect(lines.map((line) => line.trimEnd())).toEqual([`一二三${' '.repeat(25)}x`, '四五']);
  });
  it('gives the rest to one column', () => {
    const widths = columnWidths(
      [
        { text: '', width: 10 },
        { text: '', width: 'rest' },
      ],
      48,
    );
    expect(widths).toEqual([10, 38]);
  });
  it('pads on the side that the alignment asks for', () => {
    expect([padTo('中', 5, 'left'), padTo('中', 5, 'right'), padTo('中', 5, 'center')]).toEqual([
      '中   ',
      '   中',
      ' 中  ',
    ]);
  });
});

describe('raster', () => {
  it('packs one bit per dot, most significant left, rows padded', () => {
    const raster = packRaster({
      widthDots: 9,
      heightDots: 2,
      isBlack: (x, y) => x === y || x === 8,
    });
    expect(hex(raster.bytes)).toBe('80804080');
    expect(raster.widthBytes).toBe(2);
  });
  it.each(['1004', '1005', '1014', '101004', '10051004'])(
    'takes the real-time command out of %s, which a printer would obey inside an image',
    (bytes) => {
      const raw = Buffer.from(bytes, 'hex');
      const raster = { widthBytes: raw.length, heightDots: 1, bytes: raw };
      expect(realTimeAt(raw)).toBeGreaterThanOrEqual(0);
      const safe = defused(raster);
      expect(realTimeAt(safe.bytes)).toBe(-1);
      expect(safe.bytes.every((byte, index) => (byte & (raw[index] ?? 0)) === raw[index])).toBe(
        true,
      );
    },
  );
  it('leaves a harmless image as it is', () => {
    const raster = { widthBytes: 2, heightDots: 1, bytes: Uint8Array.from([0x10, 0x03]) };
    expect(defused(raster)).toBe(raster);
  });
});

describe('the two-byte table', () => {
  it('agrees with iconv-lite for every character of the basic plane', () => {
    let compared = 0;
    for (let code = 0x80; code < 0xd800; code += 1) {
      const character = String.fromCodePoint(code);
      if (!isRomText(character)) continue;
      compared += 1;
      expect(hex(encodeGb(character))).toBe(iconv.encode(character, 'gb18030').toString('hex'));
    }
    expect(compared).toBeGreaterThan(20_000);
  });
});
