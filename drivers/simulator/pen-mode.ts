import type { ParsedCommand } from '#drivers/simulator/escpos-parser.ts';

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
  style: single,
  hanzi: single,
  chinese: true,
  defined: new Map(),
  qr: { text: '', moduleDots: 3, level: 'L' },
  barcode: { heightDots: 162, moduleDots: 3, readable: false },
};

export function modeAfter(mode: PenMode, command: ParsedCommand, rom: PrinterRom): PenMode {
  const { qr, barcode } = mode;
  switch (command.type) {
    case 'align':
      return { ...mode, align: command.align };
    case 'bold':
      return { ...mode, bold: command.on };
    case 'size': {
      const { width, height } = command;
      const style = { width, height };
      return rom.hanziSize === 'gs' ? { ...mode, style, hanzi: style } : { ...mode, style };
    }
    case 'hanzi-size':
      return { ...mode, hanzi: { width: command.width, height: command.height } };
    case 'chinese':
      return { ...mode, chinese: command.on };
    case 'define-hanzi':
      return { ...mode, defined: new Map(mode.defined).set(command.trail, command.columns) };
    case 'qr-module':
      return { ...mode, qr: { ...qr, moduleDots: command.dots } };
    case 'qr-level':
      return { ...mode, qr: { ...qr, level: command.level } };
    case 'qr-store':
      return { ...mode, qr: { ...qr, text: command.text } };
    case 'barcode-height':
      return { ...mode, barcode: { ...barcode, heightDots: command.dots } };
    case 'barcode-module':
      return { ...mode, barcode: { ...barcode, moduleDots: command.dots } };
    case 'barcode-text':
      return { ...mode, barcode: { ...barcode, readable: command.below } };
    default:
      return mode;
  }
}
