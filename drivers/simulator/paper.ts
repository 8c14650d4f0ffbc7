import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import type { ParsedCommand } from '#drivers/simulator/escpos-parser.ts';

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
  | { readonly type: 'cut' };

export type PaperAlign = 'left' | 'center' | 'right';

export interface PaperSpan {
  readonly text: string;
  /** Columns each character takes at single width. */
  readonly columns: readonly (1 | 2)[];
  readonly width: number;
  readonly height: number;
  readonly bold: boolean;
}

/** What lies between two cuts. */
export interface PrintedReceipt {
  /** Text lines as read by a person, right end trimmed. */
  readonly lines: readonly string[];
  readonly qrTexts: readonly string[];
  readonly rasterRows: number;
  /** False for the piece that still hangs in the printer. */
  readonly cut: boolean;
}

/** Turns print commands into paper. Lines are counted, because paper ends. */
export interface PaperPen {
  /** Lines of paper that the command moved; 0 when it only changed a mode. */
  apply(command: ParsedCommand): number;
  /** Power off: the half line and the modes are gone, the paper stays. */
  reset(): void;
  chineseOn(): boolean;
}

export const paperRecordsMax = 4_000;
const dotsPerLine = 24;
const qrLines = 8;

export function createPaperPen(width: PaperWidth, paper: PaperRecord[]): PaperPen {
  let mode = modeAtStart;
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
  const type = (text: string, columns: 1 | 2): number => {
    const { style } = mode;
    const used = line.reduce((sum, each) => sum + each.columns * each.style.width, 0);
    const moved = used + columns * style.width > width ? endLine(true) : 0;
    line = [...line, { text, columns, style }];
    return moved;
  };
  const feed = (lines: number): number => {
    let moved = line.length > 0 ? endLine(false) : 0;
    for (; moved < lines; moved += 1) endLine(false);
    return moved;
  };
  const reset = (): void => {
    mode = modeAtStart;
    line = [];
  };

  const apply = (command: ParsedCommand): number => {
    mode = modeAfter(mode, command);
    switch (command.type) {
      case 'character':
        return type(command.text, command.columns);
      case 'line-feed':
        return endLine(false);
      case 'feed':
        return feed(command.lines);
      case 'raster':
        put({ ...command, align: mode.align });
        return Math.ceil(command.rows / dotsPerLine);
      case 'qr-print':
        put({ type: 'qr', ...mode.qr, align: mode.align });
        return qrLines;
      case 'cut':
        if (line.length > 0) endLine(false);
        put({ type: 'cut' });
        return 1;
      case 'initialize':
        reset();
        return 0;
      case 'align':
      case 'bold':
      case 'size':
      case 'chinese':
      case 'qr-module':
      case 'qr-level':
      case 'qr-store':
      case 'drawer':
      case 'process-id':
      case 'paper-question':
      case 'counter-question':
      case 'identity-question':
      case 'auto-status':
      case 'ignored':
      case 'unknown':
        return 0;
    }
  };
  return { apply, reset, chineseOn: () => mode.chinese };
}

/** What holds until it is changed, by the commands that move no paper. */
interface PenMode {
  readonly align: PaperAlign;
  readonly style: Style;
  /** Printers with a Chinese font start in it. */
  readonly chinese: boolean;
  readonly qr: Omit<Extract<PaperRecord, { readonly type: 'qr' }>, 'type' | 'align'>;
}

interface Style {
  readonly width: number;
  readonly height: number;
  readonly bold: boolean;
}

const modeAtStart: PenMode = {
  align: 'left',
  style: { width: 1, height: 1, bold: false },
  chinese: true,
  qr: { text: '', moduleDots: 3, level: 'L' },
};

function modeAfter(mode: PenMode, command: ParsedCommand): PenMode {
  const { style, qr } = mode;
  if (command.type === 'align') return { ...mode, align: command.align };
  if (command.type === 'bold') return { ...mode, style: { ...style, bold: command.on } };
  if (command.type === 'size') {
    return { ...mode, style: { ...style, width: command.width, height: command.height } };
  }
  if (command.type === 'chinese') return { ...mode, chinese: command.on };
  if (command.type === 'qr-module') return { ...mode, qr: { ...qr, moduleDots: command.dots } };
  if (command.type === 'qr-level') return { ...mode, qr: { ...qr, level: command.level } };
  if (command.type === 'qr-store') return { ...mode, qr: { ...qr, text: command.text } };
  return mode;
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
  let rasterRows = 0;
  for (const record of piece) {
    if (record.type === 'line')
      lines.push(
        record.spans
          .map((span) => span.text)
          .join('')
          .trimEnd(),
      );
    if (record.type === 'qr') qrTexts.push(record.text);
    if (record.type === 'raster') rasterRows += record.rows;
  }
  return { lines, qrTexts, rasterRows, cut };
}

interface PaperCharacter {
  readonly text: string;
  readonly columns: 1 | 2;
  readonly style: Style;
}

function spansOf(line: readonly PaperCharacter[]): readonly PaperSpan[] {
  const spans: PaperSpan[] = [];
  for (const { text, columns, style } of line) {
    const last = spans.at(-1);
    const same =
      last?.width === style.width && last.height === style.height && last.bold === style.bold;
    if (last !== undefined && same) {
      spans[spans.length - 1] = {
        ...last,
        text: last.text + text,
        columns: [...last.columns, columns],
      };
    } else spans.push({ text, columns: [columns], ...style });
  }
  return spans;
}
