import { dotsOfColumns } from '#drivers/printer/profiles/printer-profile.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import { qrModulesOf } from '#drivers/simulator/paper/paper-codes.ts';
import type { PaperAlign, PaperRecord } from '#drivers/simulator/paper/paper.ts';

/**
 * The dots on simulated paper as a picture that other programs read: PGM (P5), each dot `scale` pixels wide and high.
 * Images, QR codes and bars are drawn, text is left white. Records that touch on paper touch here.
 */
export function paperAsPgm(paper: readonly PaperRecord[], columns: PaperWidth, scale = 2): Buffer {
  const rows: (readonly boolean[])[] = [];
  const width = dotsOfColumns[columns];
  const quiet = Array.from({ length: quietDots }, (): readonly boolean[] => []);
  rows.push(...quiet);
  for (const record of paper) {
    const dots = dotsOf(record);
    if (dots === null) rows.push(...quiet);
    else rows.push(...dots.rows.map((row) => placed(row, dots.align, width)));
  }
  rows.push(...quiet);

  const pixelWidth = (width + 2 * quietDots) * scale;
  const pixels = Buffer.alloc(pixelWidth * rows.length * scale, white);
  for (const [y, row] of rows.entries()) {
    const start = y * scale * pixelWidth;
    for (const [x, isBlack] of row.entries()) {
      const at = start + (quietDots + x) * scale;
      if (isBlack) pixels.fill(black, at, at + scale);
    }
    for (let copy = 1; copy < scale; copy += 1) {
      pixels.copy(pixels, start + copy * pixelWidth, start, start + pixelWidth);
    }
  }
  return Buffer.concat([
    Buffer.from(`P5\n${pixelWidth} ${rows.length * scale}\n255\n`, 'latin1'),
    pixels,
  ]);
}

const white = 0xff;
const black = 0x00;
/** Blank paper around what is printed. */
const quietDots = 24;

/** Rows of dots; null for what leaves no picture here. */
function dotsOf(
  record: PaperRecord,
): { readonly rows: readonly (readonly boolean[])[]; readonly align: PaperAlign } | null {
  switch (record.type) {
    case 'line':
    case 'cut':
      return null;
    case 'raster': {
      const { widthBytes, bytes, align } = record;
      const bit = (row: number, x: number): boolean =>
        ((bytes[row * widthBytes + (x >> 3)] ?? 0) & (0x80 >> (x & 7))) !== 0;
      return { rows: grid(record.rows, widthBytes * 8, bit), align };
    }
    case 'qr': {
      const { moduleDots, align } = record;
      const modules = qrModulesOf(record.text, record.level);
      const side = modules.length * moduleDots;
      const bit = (row: number, x: number): boolean =>
        modules[(row / moduleDots) | 0]?.[(x / moduleDots) | 0] === true;
      return { rows: grid(side, side, bit), align };
    }
    case 'barcode': {
      const { bars, moduleDots, heightDots, align } = record;
      const bit = (_: number, x: number): boolean => bars[(x / moduleDots) | 0] === '1';
      return { rows: grid(heightDots, bars.length * moduleDots, bit), align };
    }
  }
}

const grid = (
  rows: number,
  columns: number,
  bit: (row: number, x: number) => boolean,
): readonly (readonly boolean[])[] =>
  Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (__, x) => bit(row, x)));

function placed(row: readonly boolean[], align: PaperAlign, width: number): readonly boolean[] {
  const free = Math.max(0, width - row.length);
  const left = align === 'left' ? 0 : align === 'center' ? free >> 1 : free;
  return [...Array.from({ length: left }, () => false), ...row];
}
