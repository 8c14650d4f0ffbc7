import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, obey, profileWith } from '#drivers/printer/testing/print-on-paper.ts';
import { parseCommand } from '#drivers/simulator/escpos/escpos-parser.ts';
import { renderPaperSvg } from '#drivers/simulator/paper/paper-svg.ts';
import { createPaperPen } from '#drivers/simulator/paper/paper-pen.ts';
import type { PaperRecord } from '#drivers/simulator/paper/paper.ts';

const gbk = { chineseOn: true, charset: 'gbk' } as const;
const parse = (hex: string) => parseCommand(Buffer.from(hex.replaceAll(' ', ''), 'hex'), gbk);

describe('ESC/POS as a printer reads it', () => {
  it.each([
    ['ESC * 33, two columns', '1B 2A 21 02 00 01 02 03 04 05 06', 'inline-image'],
    ['FS 2', `1C 32 FE A1 ${'00'.repeat(72)}`, 'define-hanzi'],
    ['a taught hanzi', 'FE A1', 'defined-hanzi'],
    ['FS !', '1C 21 0C', 'hanzi-size'],
    ['FS W', '1C 57 01', 'hanzi-size'],
    ['GS k with a length', '1D 6B 44 08 39 36 33 38 35 30 37 34', 'barcode'],
    ['GS k ended by NUL', '1D 6B 03 39 36 33 38 35 30 37 34 00', 'barcode'],
    ['GS ( L 67', '1D 28 4C 0C 00 30 43 30 41 42 01 08 00 01 00 31 FF', 'image-store'],
    ['GS 8 L 67', '1D 38 4C 0C 00 00 00 30 43 30 41 42 01 08 00 01 00 31 FF', 'image-store'],
    ['GS ( L 69', '1D 28 4C 06 00 30 45 41 42 01 01', 'image-print'],
    ['GS ( L 66', '1D 28 4C 04 00 30 42 41 42', 'image-delete'],
    ['GS ( D', '1D 28 44 03 00 14 01 00', 'ignored'],
  ])('%s', (_, hex, type) => {
    const bytes = hex.replaceAll(' ', '').length / 2;
    expect(parse(hex)).toMatchObject({ type: 'command', command: { type }, length: bytes });
    // Each byte less, and the printer still waits.
    for (let length = 1; length < bytes; length += 1) {
      expect(parse(hex.replaceAll(' ', '').slice(0, length * 2)).type).toBe('need-more');
    }
  });

  it('an image of eight dots is brought to 24, and one of single density to double width', () => {
    expect(parse('1B 2A 00 01 00 81')).toMatchObject({
      command: { columns: Uint8Array.from([0xe0, 0x00, 0x07, 0xe0, 0x00, 0x07]) },
    });
  });

  it.each([
    ['wrong check digit', '1D 6B 43 0D 36 39 30 31 32 33 34 35 36 37 38 39 33'],
    ['Code 128 without a set', '1D 6B 49 02 41 42'],
    ['Code 128 that shifts out of C', '1D 6B 49 05 7B 43 7B 53 41'],
  ])('prints no bars for %s', (_, hex) => {
    const paper: PaperRecord[] = [];
    obey(createPaperPen(32, paper), paper, Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    expect(paper).toEqual([]);
  });
});

describe('any bytes at all', () => {
  /** Pieces of real commands between noise: noise alone hardly ever begins one. */
  const pieces = [
    '1b40',
    '1c26',
    '1c2e',
    '1b2a21',
    '1b2a00',
    '1c32fea1',
    '1d6b49',
    '1d6b43',
    '1d6b03',
    '1d284c',
    '1d384c',
    '1d286b',
    '1d2848',
    '1d763000',
    '1d5642',
    '1b6403',
    '1d2111',
    '1c210c',
    '1c5701',
    'd6d0',
    '8230ab39',
    'fea1',
    '1d286b0300315130',
    '1d286b0400315030',
    '0a',
    '30433041',
    '01000100',
    '7b42',
  ].map((hex) => Buffer.from(hex, 'hex'));
  const anyBytes = fc
    .array(fc.oneof(fc.constantFrom(...pieces), fc.uint8Array({ maxLength: 12 })), {
      maxLength: 40,
    })
    .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

  it('are read to their end or wait for more, and are drawn, without a throw', () => {
    fc.assert(
      fc.property(
        anyBytes,
        fc.constantFrom('gbk' as const, 'gb18030' as const),
        (bytes, charset) => {
          const paper: PaperRecord[] = [];
          const pen = createPaperPen(42, paper, { charset, hanziSize: 'fs' });
          const { restBytes } = obey(pen, paper, bytes);
          expect(restBytes).toBeLessThanOrEqual(bytes.length);
          expect(renderPaperSvg(paper, 42)).toContain('</svg>');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('after a receipt of ours leave nothing half read', () => {
    const commands = [
      { type: 'text', text: '犇㙓' },
      { type: 'qr', text: 'x' },
      { type: 'cut' },
    ] as const;
    const bytes = bytesOf(commands, profileWith());
    for (let length = 0; length <= bytes.length; length += 1) {
      const pen = createPaperPen(32, []);
      obey(pen, [], bytes.subarray(0, length));
    }
    expect(obey(createPaperPen(32, []), [], bytes).restBytes).toBe(0);
  });
});
