/** One command of ESC/POS as a printer understands it; escpos-parser.ts reads it from bytes. */
export type ParsedCommand =
  | { readonly type: 'character'; readonly text: string; readonly columns: 1 | 2 }
  | { readonly type: 'line-feed' }
  | { readonly type: 'feed'; readonly lines: number }
  | { readonly type: 'initialize' }
  | { readonly type: 'align'; readonly align: 'left' | 'center' | 'right' }
  | { readonly type: 'bold'; readonly on: boolean }
  /** ESC M: font B, of ASCII. */
  | { readonly type: 'font'; readonly small: boolean }
  /** GS ! and ESC ! (of all characters or of ASCII, as the ROM has it); FS ! and FS W (of hanzi alone). */
  | {
      readonly type: 'size' | 'hanzi-size';
      readonly width: number;
      readonly height: number;
    }
  | { readonly type: 'chinese'; readonly on: boolean }
  | {
      readonly type: 'raster';
      readonly widthBytes: number;
      readonly rows: number;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'qr-module'; readonly dots: number }
  | { readonly type: 'qr-level'; readonly level: 'L' | 'M' | 'Q' | 'H' }
  | { readonly type: 'qr-store'; readonly text: string }
  | { readonly type: 'qr-print' }
  /** FS 2: 72 bytes, three per column. */
  | { readonly type: 'define-hanzi'; readonly trail: number; readonly columns: Uint8Array }
  | { readonly type: 'defined-hanzi'; readonly trail: number }
  /** ESC *, brought to 24 dots height: three bytes per column. */
  | { readonly type: 'inline-image'; readonly columns: Uint8Array }
  | {
      readonly type: 'image-store';
      readonly key: string;
      readonly widthBytes: number;
      readonly rows: number;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'image-delete'; readonly key: string }
  | { readonly type: 'image-print'; readonly key: string }
  | { readonly type: 'barcode-height' | 'barcode-module'; readonly dots: number }
  | { readonly type: 'barcode-text'; readonly below: boolean }
  | { readonly type: 'barcode'; readonly system: number; readonly data: Uint8Array }
  | { readonly type: 'cut'; readonly full: boolean }
  | { readonly type: 'drawer'; readonly pin: 2 | 5 }
  | { readonly type: 'process-id'; readonly digits: readonly number[] }
  | { readonly type: 'paper-question' }
  | { readonly type: 'counter-question'; readonly counter: number }
  /** GS ( L 64. */
  | { readonly type: 'image-keys-question' }
  /** GS I: 67 model, 68 serial number. */
  | { readonly type: 'identity-question'; readonly what: number }
  /** GS a: which changes are told by themselves; 0 none. */
  | { readonly type: 'auto-status'; readonly mask: number }
  /** Known, and without effect on paper. */
  | { readonly type: 'ignored' }
  | { readonly type: 'unknown'; readonly hex: string };

/** What decides how bytes are read. */
export interface ParserMode {
  readonly chineseOn: boolean;
  /** `gb18030`: the font has characters of four bytes too. */
  readonly charset: 'gbk' | 'gb18030';
}
