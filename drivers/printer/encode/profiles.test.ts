import decodeQr from 'qr/decode.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { encodeReceipt } from '#drivers/printer/encode/encode-escpos.ts';
import { qrModulesMax } from '#drivers/printer/encode/qr-code.ts';
import { qrModules } from '#drivers/printer/encode/qr-modules.ts';
import { storedLogoBytesMax, storeLogo } from '#drivers/printer/encode/stored-logo.ts';
import { packRaster, realTimeAt } from '#drivers/printer/receipt/raster.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import {
  bytesOf,
  obey,
  printOnPaper,
  profileWith,
} from '#drivers/printer/testing/print-on-paper.ts';
import { createPaperPen } from '#drivers/simulator/paper/paper-pen.ts';
import type { PaperRecord } from '#drivers/simulator/paper/paper.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const prologue = '1b401c261c530000';

describe('hanzi that GS ! leaves small', () => {
  const commands: readonly ReceiptCommand[] = [
    { type: 'text', text: '店A', size: 'double' },
    { type: 'text', text: '宽', size: 'wide' },
    { type: 'text', text: '高', size: 'tall' },
    { type: 'text', text: '平' },
  ];
  const heightsOn = (profileSize: 'gs' | 'fs') =>
    printOnPaper(commands, profileWith({ hanziSize: profileSize }), {
      charset: 'gbk',
      hanziSize: 'fs',
    })
      .paper.map((record) => (record.type === 'line' ? record.spans : []))
      .map((spans) => spans.map(({ width, height }) => `${width}x${height}`).join(' '));

  it('are enlarged by FS ! and FS W, and brought back', () =>
    expect(heightsOn('fs')).toEqual(['2x2', '2x1', '1x2', '1x1']));
  it('stay small without them: the paper of this test can tell', () =>
    expect(heightsOn('gs')).toEqual(['1x1 2x2', '1x1', '1x1', '1x1']));
});

describe('cut', () => {
  it.each([
    ['partial', '1d564200', true],
    ['full', '1d564100', true],
    ['none', '1b6404', false],
  ] as const)('%s', (cut, bytes, cuts) => {
    const profile = profileWith({ cut });
    expect(hex(bytesOf([{ type: 'cut' }], profile))).toBe(prologue + bytes);
    expect(getOrThrow(encodeReceipt([{ type: 'cut' }], profile)).cuts).toBe(cuts);
  });
});

const whiteLogo = (widthBytes: number): ReceiptCommand => ({
  type: 'logo',
  raster: { widthBytes, heightDots: 1, bytes: new Uint8Array(widthBytes) },
});

describe('paper of 42 columns and 512 dots', () => {
  const profile = profileWith({}, 42);
  it('has rules of 42 and takes a logo of 512 dots, not one of 520', () => {
    expect(printOnPaper([{ type: 'rule', style: 'single' }], profile).receipts[0]?.lines).toEqual([
      '-'.repeat(42),
    ]);
    expect(encodeReceipt([whiteLogo(64)], profile).ok).toBe(true);
    expect(encodeReceipt([whiteLogo(65)], profile).ok).toBe(false);
  });
  it('wraps double text at 21 columns: ten hanzi', () => {
    const text = { type: 'text', text: '一'.repeat(11), size: 'double' } as const;
    expect(printOnPaper([text], profile).receipts[0]?.lines).toEqual(['一'.repeat(10), '一']);
  });
});

describe('QR codes', () => {
  it('the number of modules is foretold for text in bytes', () => {
    for (const byteCount of [1, 14, 15, 106, 107, 180, 181, 271, 512]) {
      for (const level of ['L', 'M', 'Q', 'H'] as const) {
        const text = 'a'.repeat(byteCount);
        expect(qrModulesMax(byteCount, level)).toBe(qrModules({ type: 'qr', text, level }).length);
      }
    }
  });

  it('a long text gets modules small enough for the paper, or the printer would leave it out', () => {
    const long = {
      type: 'qr',
      text: `https://${'x'.repeat(490)}`,
      level: 'H',
      moduleDots: 6,
    } as const;
    const printed = printOnPaper([long], profileWith());
    expect(printed.receipts[0]?.qrTexts).toEqual([long.text]);
    expect(printed.paper).toMatchObject([{ type: 'qr', moduleDots: 3 }]);
  });

  it.each(['短', 'https://greentill.example/r/01K3ZQ4Y7M9T2V5W8X1B6C0D3E', 'A1'.repeat(200)])(
    'drawn, for printers without GS ( k, it can be read off the paper: %s',
    (text) => {
      const profile = profileWith({ qr: 'raster' });
      const printed = printOnPaper([{ type: 'qr', text }], profile);
      expect(printed.commands.some(({ type }) => type.startsWith('qr-'))).toBe(false);
      expect(readRasters(printed.paper)).toBe(text);
    },
  );
});

const logo = packRaster({ widthDots: 384, heightDots: 96, isBlack: (x, y) => (x * y) % 7 === 0 });
const otherLogo = packRaster({ widthDots: 384, heightDots: 96, isBlack: (x, y) => x === y });
const stored = profileWith({ logo: 'stored' });

describe('a logo kept by the printer', () => {
  it('is stored once under a key of its own: GS ( L 67, 12 bytes of parameters, the dots', () => {
    const first = storeLogo(logo, null);
    expect(hex(first?.bytes ?? new Uint8Array())).toMatch(
      /^1d284c0b12304330[2-7][0-9a-f][2-7][0-9a-f]018001600031/,
    );
    expect(first?.bytes.length).toBe(16 + 48 * 96);
    expect(storeLogo(logo, first?.held ?? null)).toBeNull();
  });

  it('is called in eleven bytes, and looks as if it had been sent', () => {
    const first = storeLogo(logo, null);
    const paper: PaperRecord[] = [];
    const pen = createPaperPen(32, paper);
    obey(pen, paper, first?.bytes ?? new Uint8Array());
    pen.reset();
    const bytes = bytesOf([{ type: 'logo', raster: logo }], stored, first?.held ?? null);
    expect(bytes.length).toBe(8 + 3 + 11);
    obey(pen, paper, bytes);
    expect(paper).toMatchObject([{ type: 'raster', widthBytes: 48, rows: 96, align: 'center' }]);
    expect(paper[0]?.type === 'raster' && hex(paper[0].bytes)).toBe(hex(logo.bytes));
  });

  it.each([
    ['the printer holds none', stored, null],
    [
      'it holds another',
      stored,
      { fingerprint: storeLogo(otherLogo, null)?.held.fingerprint ?? '' },
    ],
    ['its profile keeps none', profileWith(), storeLogo(logo, null)?.held ?? null],
  ])('is sent with the receipt when %s', (_, profile, held) => {
    const bytes = bytesOf([{ type: 'logo', raster: logo }], profile, held);
    expect(hex(bytes)).toContain('1d763000');
    expect(hex(bytes)).not.toContain('1d284c');
  });

  it('takes the place of the one before', () => {
    const before = storeLogo(otherLogo, null)?.held ?? null;
    expect(hex(storeLogo(logo, before)?.bytes ?? new Uint8Array())).toMatch(/^1d284c04003042/);
  });

  it('is not stored when it is greater than a flush could fill', () => {
    const great = { widthBytes: 48, heightDots: 200, bytes: new Uint8Array(48 * 200) };
    expect(great.bytes.length).toBeGreaterThan(storedLogoBytesMax);
    expect(storeLogo(great, null)).toBeNull();
  });

  it('never reads as a real-time command, not even in its length', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 72 }),
        fc.integer({ min: 1, max: 110 }),
        (widthBytes, heightDots) => {
          const bytes = new Uint8Array(widthBytes * heightDots).fill(0x10);
          const put = storeLogo({ widthBytes, heightDots, bytes }, null);
          expect(realTimeAt(put?.bytes ?? new Uint8Array())).toBe(-1);
          expect(obey(createPaperPen(48, []), [], put?.bytes ?? new Uint8Array())).toMatchObject({
            restBytes: 0,
            commands: [{ type: 'image-store' }],
          });
        },
      ),
      { examples: [[3, 343]], numRuns: 200 },
    );
  });
});

describe('a receipt of many', () => {
  it('packs its logo once: the same bytes, not a copy, in the second receipt', () => {
    const commands: readonly ReceiptCommand[] = [{ type: 'logo', raster: logo }];
    expect(hex(bytesOf(commands, profileWith()))).toBe(hex(bytesOf(commands, profileWith())));
  });
});

/** Rasters one under the other into a picture with a white margin, read by the decoder of the qr package. */
function readRasters(paper: readonly PaperRecord[]): string {
  const side = 512;
  const margin = 40;
  const data = new Uint8Array(side * side * 4).fill(255);
  let top = margin;
  for (const record of paper) {
    if (record.type !== 'raster') continue;
    for (let dot = 0; dot < record.rows * record.widthBytes * 8; dot += 1) {
      const x = dot % (record.widthBytes * 8);
      const y = (dot - x) / (record.widthBytes * 8);
      if (((record.bytes[dot >> 3] ?? 0) & (0x80 >> (dot & 7))) === 0) continue;
      data.fill(0, ((top + y) * side + margin + x) * 4, ((top + y) * side + margin + x) * 4 + 3);
    }
    top += record.rows;
  }
  return decodeQr({ width: side, height: side, data });
}
