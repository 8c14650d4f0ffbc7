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
