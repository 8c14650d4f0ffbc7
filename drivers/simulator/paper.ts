import encodeQR from 'qr';
import { code128Bars, eanBars } from '#drivers/printer/encode/barcode/bars.ts';
import { eanDigits } from '#drivers/printer/encode/barcode/ean.ts';
import { dotsOfColumns } from '#drivers/printer/profiles/printer-profile.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import { readCode128 } from '#drivers/simulator/barcode-reader.ts';
import type { ParsedCommand, ParserMode } from '#drivers/simulator/escpos-parser.ts';
import {
  modeAfter,
  modeAtStart,
  type PenMode,
  type PrinterRom,
} from '#drivers/simulator/pen-mode.ts';
import { addCharacter, spansOf, type PaperCharacter } from '#drivers/simulator/paper-line.ts';

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
  const raster = ({ widthBytes, rows, bytes }: RasterImage): number => {
    const moved = line.length > 0 ? endLine(false) : 0;
    put({ type: 'raster', widthBytes, rows, bytes, align: mode.align });
    return moved + Math.ceil(rows / dotsPerLine);
  };
  const print = (record: PaperRecord | null, lines: number): number => {
    if (record === null) return 0;
    put(record);
    return lines;
  };
  const keep = (command: Extract<ParsedCommand, { readonly type: 'image-store' }>): void => {
    if (stored.size < storedImagesMax) stored.set(command.key, command);
  };
  const reset = (): void => {
    mode = modeAtStart;
    line = [];
  };

  const apply = (command: ParsedCommand): number => {
    mode = modeAfter(mode, command, rom);
    switch (command.type) {
      case 'character': {
        const style = command.columns === 2 ? mode.hanzi : mode.style;
        const { text, columns } = command;
        return type({ text, columns, style: { ...style, bold: mode.bold }, image: null });
      }
      case 'defined-hanzi': {
        // A character that was never defined prints as a space (Epson, FS 2).
        const image = mode.defined.get(command.trail) ?? new Uint8Array();
        const style = { ...mode.hanzi, bold: mode.bold };
        return type({ text: drawnCharacter, columns: 2, style, image });
      }
      case 'inline-image': {
        const { columns: image } = command;
        const style = { width: 1, height: 1, bold: false };
        return type({ text: drawnCharacter, columns: image.length / 36, style, image });
      }
      case 'line-feed':
        return endLine(false);
      case 'feed':
        return feed(command.lines);
      case 'raster':
        return raster(command);
      case 'image-print': {
        const image = stored.get(command.key);
        return image === undefined ? 0 : raster(image);
      }
      case 'image-store':
        keep(command);
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
      default:
        return 0;
    }
  };
  return { apply, reset, mode: () => ({ chineseOn: mode.chinese, charset: rom.charset }) };
}

const drawnCharacter = '\uFFFC';

/** Bytes of the greatest QR code (ISO/IEC 18004, table 7). */
const qrBytesMax = { L: 2_953, M: 2_331, Q: 1_663, H: 1_273 } as const;
const qrEcc = { L: 'low', M: 'medium', Q: 'quartile', H: 'high' } as const;

/** Rows of modules, without a border. */
export function qrModulesOf(text: string, level: 'L' | 'M' | 'Q' | 'H'): readonly boolean[][] {
  // The library insists on a border; printers leave the quiet zone to the paper.
  const bordered = encodeQR(text, 'raw', { ecc: qrEcc[level], border: 1 });
  return bordered.slice(1, -1).map((row) => row.slice(1, -1));
}

/** Nothing is printed for a code without text, with too much of it, or wider than the paper. */
function qrOf({ qr, align }: PenMode, dots: number): PaperRecord | null {
  const byteCount = Buffer.byteLength(qr.text, 'utf8');
  if (byteCount === 0 || byteCount > qrBytesMax[qr.level]) return null;
  const side = qrModulesOf(qr.text, qr.level).length * qr.moduleDots;
  return side > dots ? null : { type: 'qr', ...qr, align };
}

function barcodeOf(
  { system, data }: Extract<ParsedCommand, { readonly type: 'barcode' }>,
  { barcode, align }: PenMode,
  dots: number,
): PaperRecord | null {
  const read = barsOf(system, data);
  if (read === null || read.bars.length * barcode.moduleDots > dots) return null;
  return { type: 'barcode', ...read, ...barcode, align };
}

function barsOf(
  system: number,
  data: Uint8Array,
): { readonly text: string; readonly bars: string } | null {
  if (system === 0x49) {
    const code = readCode128(data);
    return code && { text: code.text, bars: code128Bars(code.symbols) };
  }
  const symbology = system === 0x43 ? 'ean13' : system === 0x44 ? 'ean8' : null;
  if (symbology === null) return null;
  const ean = eanDigits(symbology, Buffer.from(data).toString('latin1'));
  return 'fault' in ean ? null : { text: ean.digits, bars: eanBars(symbology, ean.digits) };
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
