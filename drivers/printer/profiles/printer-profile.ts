/**
 * What has to be known of a printer model before the first byte: what its ROM can draw and how. What it answers is
 * not here: that is asked of the very printer, once (printer-probe.ts), because clones share names and not abilities.
 */
export interface PrinterProfile {
  /** Lower-case with dashes, e.g. "epson-tm-t82iii"; the name of its JSON file. */
  readonly id: string;
  /** For people, e.g. "Epson TM-T82III". */
  readonly name: string;
  /** Millimetres of the roll. */
  readonly paperMm: 58 | 80;
  /** Single-width characters per line of font A: 32 on 384 dots, 42 on 512, 48 on 576. */
  readonly columns: 32 | 42 | 48;
  /** Dots per line. */
  readonly dots: 384 | 512 | 576;
  /** `gb18030`: the ROM has the four-byte characters too. `gbk`: two-byte characters only; the rest is drawn. */
  readonly charset: 'gb18030' | 'gbk';
  /** GS ! enlarges hanzi as well, or they need FS ! (and FS W on some clones). */
  readonly hanziSize: 'gs' | 'fs';
  /** GS ( k is understood, or a QR code has to be drawn. */
  readonly qr: 'native' | 'raster';
  /** GS k with a length byte (function B) is understood, or bars have to be drawn. */
  readonly barcode: 'native' | 'raster';
  /** Where a logo is kept: sent each time, or stored once in non-volatile memory by GS ( L and called by its key. */
  readonly logo: 'inline' | 'stored';
  readonly cut: 'partial' | 'full' | 'none';
  /**
   * How a character that the ROM lacks gets on paper: as a 24-dot image inside the line (ESC * 33, every printer), or
   * defined as a character of its own (FS 2), which then grows and thickens like the others. Default: `image`.
   */
  readonly rareGlyph?: 'image' | 'defined';
  /**
   * GS ( D is understood: DLE DC4 1 and 2 (drawer, power) can be switched off. DLE EOT, DLE ENQ and DLE DC4 8 can not,
   * on any printer, so images are made free of real-time commands whatever stands here.
   */
  readonly realTimeSwitch: boolean;
  /** How the serial line keeps the printer from being overrun. */
  readonly flow: 'hardware' | 'xon-xoff' | 'none';
  /** Bits per second it is delivered with, most likely first. */
  readonly bauds: readonly number[];
}

/**
 * A printer that does what Epson's command reference says, for paper of so many columns: what is assumed of a printer
 * of which nothing is known yet but its paper.
 */
export function referenceProfile(columns: PrinterProfile['columns']): PrinterProfile {
  return {
    id: `escpos-${columns}`,
    name: `ESC/POS ${columns}`,
    paperMm: columns === 32 ? 58 : 80,
    columns,
    dots: dotsOfColumns[columns],
    charset: 'gbk',
    hanziSize: 'gs',
    qr: 'native',
    barcode: 'native',
    logo: 'inline',
    cut: 'partial',
    realTimeSwitch: false,
    flow: 'none',
    bauds: [9_600, 115_200, 19_200, 38_400],
  };
}

/** Dots of the print head for each number of columns; 42 columns leave 8 dots over. */
export const dotsOfColumns = { 32: 384, 42: 512, 48: 576 } as const;
