import type { ParsedCommand } from '#drivers/simulator/escpos/escpos-command.ts';

/** How a model reads its bytes, beyond the command reference. */
export interface PrinterRom {
  readonly charset: 'gbk' | 'gb18030';
  /** `gs`: GS ! enlarges hanzi as well. `fs`: they need FS ! or FS W. */
  readonly hanziSize: 'gs' | 'fs';
}

/** What holds until it is changed, by the commands that move no paper. */
export interface PenMode {
  readonly align: 'left' | 'center' | 'right';
  readonly bold: boolean;
  /** Font B: three quarters of font A. */
  readonly small: boolean;
  /** Of single-width characters. */
  readonly style: PenSize;
  readonly hanzi: PenSize;
  /** Printers with a Chinese font start in it. */
  readonly chinese: boolean;
  /** Characters taught by FS 2, by their second byte. */
  readonly defined: ReadonlyMap<number, Uint8Array>;
  readonly qr: {
    readonly text: string;
    readonly moduleDots: number;
    readonly level: 'L' | 'M' | 'Q' | 'H';
  };
  readonly barcode: {
    readonly heightDots: number;
    readonly moduleDots: number;
    readonly readable: boolean;
  };
}

export interface PenSize {
  readonly width: number;
  readonly height: number;
}

const single: PenSize = { width: 1, height: 1 };

export const modeAtStart: PenMode = {
  align: 'left',
  bold: false,
  small: false,
  style: single,
  hanzi: single,
  chinese: true,
  defined: new Map(),
  qr: { text: '', moduleDots: 3, level: 'L' },
  barcode: { heightDots: 162, moduleDots: 3, readable: false },
};

export function modeAfter(mode: PenMode, command: ParsedCommand, rom: PrinterRom): PenMode {
  if (command.type === 'align') return { ...mode, align: command.align };
  if (command.type === 'bold') return { ...mode, bold: command.on };
  if (command.type === 'font') return { ...mode, small: command.small };
  if (command.type === 'chinese') return { ...mode, chinese: command.on };
  if (command.type === 'size') {
    const { width, height } = command;
    const style = { width, height };
    return rom.hanziSize === 'gs' ? { ...mode, style, hanzi: style } : { ...mode, style };
  }
  if (command.type === 'hanzi-size') {
    return { ...mode, hanzi: { width: command.width, height: command.height } };
  }
  if (command.type === 'define-hanzi') {
    return { ...mode, defined: new Map(mode.defined).set(command.trail, command.columns) };
  }
  return { ...mode, qr: qrAfter(mode, command), barcode: barcodeAfter(mode, command) };
}

function qrAfter({ qr }: PenMode, command: ParsedCommand): PenMode['qr'] {
  if (command.type === 'qr-module') return { ...qr, moduleDots: command.dots };
  if (command.type === 'qr-level') return { ...qr, level: command.level };
  if (command.type === 'qr-store') return { ...qr, text: command.text };
  return qr;
}

function barcodeAfter({ barcode }: PenMode, command: ParsedCommand): PenMode['barcode'] {
  if (command.type === 'barcode-height') return { ...barcode, heightDots: command.dots };
  if (command.type === 'barcode-module') return { ...barcode, moduleDots: command.dots };
  if (command.type === 'barcode-text') return { ...barcode, readable: command.below };
  return barcode;
}
