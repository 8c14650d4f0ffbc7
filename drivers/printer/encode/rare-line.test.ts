import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sizeOnPaper } from '#drivers/printer/encode/rare-line.ts';
import { realTimeAt } from '#drivers/printer/receipt/raster.ts';
import { isRomText, toPrintable, widthOf } from '#drivers/printer/receipt/text-gb18030.ts';
import { wrapText } from '#drivers/printer/receipt/layout.ts';
import { bytesOf, printOnPaper, profileWith } from '#drivers/printer/testing/print-on-paper.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import type { TextSize } from '#drivers/printer/receipt/receipt.ts';
import type { PaperRecord } from '#drivers/simulator/paper/paper.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const prologue = '1b401c261c530000';
const text = (words: string, size: TextSize = 'normal', bold = false) =>
  [{ type: 'text', text: words, size, bold }] as const;

const spansOf = (record: PaperRecord | undefined) => (record?.type === 'line' ? record.spans : []);
const dotsOf = (record: PaperRecord | undefined): number =>
  spansOf(record).reduce(
    (sum, span) => sum + span.columns.reduce((own, each) => own + each, 0) * 12 * span.width,
    0,
  );

/** Black dots of the image at the end of a line. */
const inkOf = (bytes: Uint8Array): number =>
  [...bytes.subarray(-73)].reduce(
    (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
    0,
  );
const row = (name: string) => ({
  type: 'columns' as const,
  columns: [
    { text: name, width: 'rest' as const },
    { text: '25.00', width: 9, align: 'right' as const },
  ],
});

describe('a character that the ROM lacks', () => {
  it('is drawn inside its line: text, ESC * 33 with 24 columns of three bytes, text', () => {
    const bytes = hex(bytesOf(text('中㙓A'), profileWith()));
    expect(bytes).toMatch(new RegExp(`^${prologue}d6d01b2a211800[0-9a-f]{144}410a$`));
  });
  it('takes 12 columns when it is narrow', () => {
    const bytes = hex(bytesOf(text('ñ'), profileWith()));
    expect(bytes).toMatch(new RegExp(`^${prologue}1b2a210c00[0-9a-f]{72}0a$`));
  });
  it('is four bytes for a font with all of GB 18030', () => {
    expect(hex(bytesOf(text('㙓'), profileWith({ charset: 'gb18030' })))).toBe(
      `${prologue}8230ab390a`,
    );
  });
  it('is drawn for such a font as well when it lies outside the basic plane', () => {
    const bytes = hex(bytesOf(text('😀'), profileWith({ charset: 'gb18030' })));
    expect(bytes).toContain('1b2a211800');
  });
  it('is taught to the printer once, and called by its code, where the profile says so', () => {
    const bytes = hex(bytesOf(text('㙓㙓'), profileWith({ rareGlyph: 'defined' })));
    expect(bytes).toMatch(new RegExp(`^${prologue}1c32fea1[0-9a-f]{144}fea1fea10a$`));
  });
  it('is drawn when the printer has learned its six', () => {
    const profile = profileWith({ rareGlyph: 'defined' });
    const { commands } = printOnPaper(text('㐀㐁㐂㐃㐄㐅㐆'), profile);
    expect(commands.filter(({ type }) => type === 'define-hanzi')).toHaveLength(6);
    expect(commands.filter(({ type }) => type === 'inline-image')).toHaveLength(1);
  });
  it('is twice as wide in wide text, and thicker in bold text', () => {
    const plain = bytesOf(text('㙓'), profileWith());
    const bold = bytesOf(text('㙓', 'normal', true), profileWith());
    expect(hex(bytesOf(text('㙓', 'wide'), profileWith()))).toContain('1b2a213000');
    expect(inkOf(bold)).toBeGreaterThan(inkOf(plain));
  });
  it('brings a tall line down to its own height, and only that line', () => {
    const { paper } = printOnPaper(text('店㙓\n店', 'double'), profileWith());
    const heights = paper.map((record) => spansOf(record).map((span) => span.height));
    expect(heights).toEqual([[1, 1], [2]]);
    expect(paper.map(dotsOf)).toEqual([96, 48]);
  });
});

describe('columns with drawn characters', () => {
  it.each<[string, Partial<PrinterProfile>]>([
    ['drawn', {}],
    ['taught', { rareGlyph: 'defined' }],
    ['in the ROM', { charset: 'gb18030' }],
  ])('prices stand under each other: %s', (_, change) => {
    const commands = ['苹果', '冰淇淋🍦㙓', 'ñandú ｱｲｽ', '𬍛记𫖯'].map(row);
    const { paper } = printOnPaper(commands, profileWith(change));
    expect(paper.map(dotsOf)).toEqual([384, 384, 384, 384]);
  });
});

const anyProfile = fc
  .record({
    columns: fc.constantFrom(32 as const, 42 as const, 48 as const),
    charset: fc.constantFrom('gbk' as const, 'gb18030' as const),
    hanziSize: fc.constantFrom('gs' as const, 'fs' as const),
    rareGlyph: fc.constantFrom('image' as const, 'defined' as const),
  })
  .map(({ columns, ...change }) => profileWith(change, columns));
const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '一',
      '，',
      'a',
      ' ',
      '㙓',
      '😀',
      'ñ',
      '𬍛',
      '¥',
      '\u001B',
      '\u0010',
      '\u0004',
      '\n',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 80,
});

describe('any text on any printer', () => {
  it('comes out as it was laid out: nothing injected, nothing too wide, nothing split', () => {
    fc.assert(
      fc.property(
        anyText,
        anyProfile,
        fc.constantFrom<TextSize>('normal', 'tall', 'wide', 'double'),
        fc.boolean(),
        (words, profile, size, bold) => {
          const commands = [{ type: 'text', text: words, size, bold, align: 'left' } as const];
          expect(realTimeAt(bytesOf(commands, profile))).toBe(-1);
          const printed = printOnPaper(commands, profile);
          expect(printed.restBytes).toBe(0);
          expect(printed.commands.filter(({ type }) => type === 'unknown')).toEqual([]);
          const isWide = size === 'wide' || size === 'double';
          const laidOut = wrapText(words, isWide ? profile.columns >> 1 : profile.columns);
          expect(printed.receipts[0]?.lines).toEqual(
            laidOut.map((line) => readable(line, profile).trimEnd()),
          );
          for (const [index, record] of printed.paper.entries()) {
            expect(record.type === 'line' && record.overflowed).toBe(false);
            expect(dotsOf(record)).toBe(widthOf(laidOut[index] ?? '') * (isWide ? 24 : 12));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has the size that the preview is told', () => {
    fc.assert(
      fc.property(
        anyText,
        anyProfile,
        fc.constantFrom<TextSize>('tall', 'double'),
        (words, profile, size) => {
          const { paper } = printOnPaper([{ type: 'text', text: words, size }], profile);
          const lines = wrapText(words, size === 'double' ? profile.columns >> 1 : profile.columns);
          for (const [index, line] of lines.entries()) {
            const spans = spansOf(paper[index]);
            const drawn = spans.filter((span) => span.text === '\uFFFC').length;
            // Beyond its six, a printer that learns characters gets images after all.
            if (spans.length === 0 || (profile.rareGlyph === 'defined' && drawn > 0)) continue;
            const told = sizeOnPaper(line.trimEnd(), size, profile);
            const isTall = told === 'tall' || told === 'double';
            expect(spans.every(({ height }) => height === (isTall ? 2 : 1))).toBe(true);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is the same text when it is printable already', () => {
    fc.assert(
      fc.property(anyText, (words) => {
        const printable = toPrintable(words);
        expect(toPrintable(printable)).toBe(printable);
      }),
      { numRuns: 300 },
    );
  });
});

/** What the paper shows as letters; U+FFFC stands for a drawn one. */
const readable = (line: string, profile: PrinterProfile): string =>
  Array.from(line, (character) => {
    const isLetter =
      isRomText(character) || (profile.charset === 'gb18030' && /[\u3400-\u4DB5]/.test(character));
    return isLetter ? character : '\uFFFC';
  }).join('');
