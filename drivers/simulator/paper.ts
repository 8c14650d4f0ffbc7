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
import {
  addCharacter,
  characterOf,
  spansOf,
  type PaperCharacter,
} from '#drivers/simulator/paper-line.ts';

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

export const paperRecordsMax = 4_000;
const dotsPerLine = 24;
const qrLines = 8;
const storedImagesMax = 64;

type RasterImage = Pick<
  Extract<PaperRecord, { readonly type: 'raster' }>,
  'widthBytes' | 'rows' | 'bytes'
>;

export function createPaperPen(
  width: PaperWidth,
  paper: PaperRecord[],
  rom: PrinterRom = { charset: 'gbk', hanziSize: 'gs' },
): PaperPen {
  const dots = dotsOfColumns[width];
  const stored = new Map<string, RasterImage>();
  let mode: PenMode = modeAtStart;
  let line: readonly PaperCharacter[] = [];

  const put = (record: PaperRecord): void => {
    paper.push(record);
    if (paper.length > paperRecordsMax) paper.shift();
  };
  const endLine = (overflowed: boolean): number => {
    const height = Math.max(1, ...line.map((character) => character.style.height));
    put({ type: 'line', spans: spansOf(line), align: mode.align, overflowed });
    line = [];
    return height;
  };
  const type = (character: PaperCharacter): number => {
    const added = addCharacter(line, character, dots);
    const moved = added === null ? endLine(true) : 0;
    line = added ?? [character];
    return moved;
  };
  const feed = (lines: number): number => {
    let moved = line.length > 0 ? endLine(false) : 0;
    for (; moved < lines; moved += 1) endLine(false);
    return moved;
  };
  const raster = (image: RasterImage | null): number => {
    if (image === null) return 0;
    const { widthBytes, rows, bytes } = image;
    const moved = line.length > 0 ? endLine(false) : 0;
    put({ type: 'raster', widthBytes, rows, bytes, align: mode.align });
    return moved + Math.ceil(rows / dotsPerLine);
  };
  const print = (record: PaperRecord | null, lines: number): number => {
    if (record === null) return 0;
    put(record);
    return lines;
  };
  const reset = (): void => {
    mode = modeAtStart;
    line = [];
  };

  const apply = (command: ParsedCommand): number => {
    mode = modeAfter(mode, command, rom);
    switch (command.type) {
      case 'character':
      case 'defined-hanzi':
      case 'inline-image':
        return type(characterOf(command, mode));
      case 'line-feed':
        return endLine(false);
      case 'feed':
        return feed(command.lines);
      case 'raster':
        return raster(command);
      case 'image-print':
        return raster(stored.get(command.key) ?? null);
      case 'image-store':
        if (stored.size < storedImagesMax) stored.set(command.key, command);
        return 0;
      case 'image-delete':
        stored.delete(command.key);
        return 0;
      case 'qr-print':
        return print(qrOf(mode, dots), qrLines);
      case 'barcode':
        return print(barcodeOf(command, mode, dots), Math.ceil(mode.barcode.heightDots / 24) + 1);
      case 'cut':
        if (line.length > 0) endLine(false);
        put({ type: 'cut', full: command.full });
        return 1;
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
