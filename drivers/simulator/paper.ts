import { dotsOfColumns } from '#drivers/printer/profiles/printer-profile.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import type { ParsedCommand, ParserMode } from '#drivers/simulator/escpos-parser.ts';
import {
  modeAfter,
  modeAtStart,
  type PenMode,
  type PrinterRom,
} from '#drivers/simulator/pen-mode.ts';
import { barcodeOf, qrOf } from '#drivers/simulator/paper-codes.ts';
import { characterOf } from '#drivers/simulator/paper-line.ts';
import { createPaperRoll, type RasterImage } from '#drivers/simulator/paper-roll.ts';

/** What is on the roll, from the top. */
export type PaperRecord =
  | {
      readonly type: 'line';
      readonly spans: readonly PaperSpan[];
      readonly align: PaperAlign;
      /** The text was wider than the paper: the printer broke the line by itself. */
      readonly overflowed: boolean;
    }
  | {
      readonly type: 'raster';
      readonly widthBytes: number;
      readonly rows: number;
      readonly bytes: Uint8Array;
      readonly align: PaperAlign;
    }
  | {
      readonly type: 'qr';
      readonly text: string;
      readonly moduleDots: number;
      readonly level: 'L' | 'M' | 'Q' | 'H';
      readonly align: PaperAlign;
    }
  | {
      readonly type: 'barcode';
      readonly text: string;
      /** Modules from the left, `1` black. */
      readonly bars: string;
      readonly moduleDots: number;
      readonly heightDots: number;
      readonly readable: boolean;
      readonly align: PaperAlign;
    }
  | { readonly type: 'cut'; readonly full: boolean };

export type PaperAlign = 'left' | 'center' | 'right';

export interface PaperSpan {
  /** U+FFFC stands for a drawn character. */
  readonly text: string;
  /** Columns each character takes at single width. */
  readonly columns: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly bold: boolean;
  /** A drawn character, alone in its span: 24 dots high, three bytes per column. */
  readonly image: Uint8Array | null;
}

/** What lies between two cuts. */
export interface PrintedReceipt {
  /** Text lines as read by a person, right end trimmed; U+FFFC stands for a drawn character. */
  readonly lines: readonly string[];
  readonly qrTexts: readonly string[];
  readonly barcodeTexts: readonly string[];
  readonly rasterRows: number;
  /** False for the piece that still hangs in the printer. */
  readonly cut: boolean;
}

/** Turns print commands into paper. Lines are counted, because paper ends. */
export interface PaperPen {
  /** Lines of paper that the command moved; 0 when it only changed a mode. */
  apply(command: ParsedCommand): number;
  /** Power off: the half line and the modes are gone, the paper and the stored images stay. */
  reset(): void;
  mode(): ParserMode;
}

const qrLines = 8;
const barcodeLines = (heightDots: number): number => Math.ceil(heightDots / 24) + 1;
const storedImagesMax = 64;

export function createPaperPen(
  width: PaperWidth,
  paper: PaperRecord[],
  rom: PrinterRom = { charset: 'gbk', hanziSize: 'gs' },
): PaperPen {
  const dots = dotsOfColumns[width];
  const stored = new Map<string, RasterImage>();
  let mode: PenMode = modeAtStart;
  const roll = createPaperRoll(paper, dots);

  const reset = (): void => {
    mode = modeAtStart;
    roll.forgetLine();
  };

  const apply = (command: ParsedCommand): number => {
    mode = modeAfter(mode, command, rom);
    const { align } = mode;
    switch (command.type) {
      case 'character':
      case 'defined-hanzi':
      case 'inline-image':
        return roll.type(characterOf(command, mode), align);
      case 'line-feed':
        return roll.endLine(align);
      case 'feed':
        return roll.feed(command.lines, align);
      case 'raster':
        return roll.raster(command, align);
      case 'image-print':
        return roll.raster(stored.get(command.key) ?? null, align);
      case 'image-store':
      case 'image-delete':
        return rememberImage(stored, command);
      case 'qr-print':
        return roll.put(qrOf(mode, dots), qrLines);
      case 'barcode':
        return roll.put(barcodeOf(command, mode, dots), barcodeLines(mode.barcode.heightDots));
      case 'cut':
        roll.endHalfLine(align);
        return roll.put({ type: 'cut', full: command.full }, 1);
      case 'initialize':
        reset();
        return 0;
      case 'align':
      case 'auto-status':
      case 'barcode-height':
      case 'barcode-module':
      case 'barcode-text':
      case 'bold':
      case 'chinese':
      case 'counter-question':
      case 'define-hanzi':
      case 'drawer':
      case 'hanzi-size':
      case 'identity-question':
      case 'ignored':
      case 'paper-question':
      case 'process-id':
      case 'qr-level':
      case 'qr-module':
      case 'qr-store':
      case 'size':
      case 'unknown':
        return 0;
    }
  };
  return { apply, reset, mode: () => ({ chineseOn: mode.chinese, charset: rom.charset }) };
}

/** Non-volatile memory: no paper moves. */
function rememberImage(
  stored: Map<string, RasterImage>,
  command: Extract<ParsedCommand, { readonly type: 'image-store' | 'image-delete' }>,
): 0 {
  if (command.type === 'image-delete') stored.delete(command.key);
  else if (stored.size < storedImagesMax) stored.set(command.key, command);
  return 0;
}

export function receiptsOn(paper: readonly PaperRecord[]): readonly PrintedReceipt[] {
  const receipts: PrintedReceipt[] = [];
  let piece: PaperRecord[] = [];
  for (const record of paper) {
    if (record.type !== 'cut') piece.push(record);
    else {
      receipts.push(receiptOf(piece, true));
      piece = [];
    }
  }
  return piece.length > 0 ? [...receipts, receiptOf(piece, false)] : receipts;
}

function receiptOf(piece: readonly PaperRecord[], cut: boolean): PrintedReceipt {
  const lines: string[] = [];
  const qrTexts: string[] = [];
  const barcodeTexts: string[] = [];
  let rasterRows = 0;
  for (const record of piece) {
    if (record.type === 'line') {
      const text = record.spans.map((span) => span.text).join('');
      lines.push(text.trimEnd());
    }
    if (record.type === 'qr') qrTexts.push(record.text);
    if (record.type === 'barcode') barcodeTexts.push(record.text);
    if (record.type === 'raster') rasterRows += record.rows;
  }
  return { lines, qrTexts, barcodeTexts, rasterRows, cut };
}
