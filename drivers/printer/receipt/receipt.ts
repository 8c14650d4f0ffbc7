import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';

/**
 * A receipt as data. Nothing here knows a byte: encode-escpos.ts turns it into ESC/POS, the tests read it as it is.
 * A drawer kick is no receipt command on purpose: a receipt may be printed again, a drawer must not open again.
 */
export type ReceiptCommand =
  | TextCommand
  | ColumnsCommand
  | { readonly type: 'rule'; readonly style: 'single' | 'double' }
  | QrCommand
  | BarcodeCommand
  | LogoCommand
  /** `lines`: 1..20 empty lines. */
  | { readonly type: 'feed'; readonly lines: number }
  /** Feeds to the cutter and cuts, leaving one point. At most one per receipt, at its end. */
  | { readonly type: 'cut' };

export type TextSize = 'normal' | 'tall' | 'wide' | 'double';
export type Align = 'left' | 'center' | 'right';

/** Text of any length: wrapped to the paper, never inside a character. Newlines are kept. */
export interface TextCommand {
  readonly type: 'text';
  readonly text: string;
  readonly align?: Align;
  readonly size?: TextSize;
  readonly bold?: boolean;
  /**
   * In the printer's smaller font (ESC M 1), for long numbers: ASCII at size 'normal' only, all
   * else stays as it is. It is wrapped as if it were not small, so that a printer without that font
   * prints the same lines.
   */
  readonly small?: boolean;
}

/** One table row. Exactly one column may have the width 'rest': it takes what the others leave. */
export interface ColumnsCommand {
  readonly type: 'columns';
  readonly columns: readonly Column[];
  readonly bold?: boolean;
}

export interface Column {
  readonly text: string;
  /** In single-width characters; a hanzi takes 2. */
  readonly width: number | 'rest';
  readonly align?: 'left' | 'right';
}

export interface QrCommand {
  readonly type: 'qr';
  /** 1..512 bytes of UTF-8 without control characters. */
  readonly text: string;
  /** Dots per module, 1..16; default 6. */
  readonly moduleDots?: number;
  /** Error correction; default 'M'. */
  readonly level?: 'L' | 'M' | 'Q' | 'H';
}

/** Bars, centred. The widest module that fits the paper is used, up to `moduleDots`. */
export interface BarcodeCommand {
  readonly type: 'barcode';
  readonly symbology: 'code128' | 'ean13' | 'ean8';
  /**
   * code128: 1..80 characters U+0000..U+007F. ean13: 12 or 13 digits, ean8: 7 or 8; the check digit is added when it is
   * left out, and must be right when it is there.
   */
  readonly text: string;
  /** 1..255; default 80 (10 mm). */
  readonly heightDots?: number;
  /** Dots of the narrowest bar, 2..6; default 2. */
  readonly moduleDots?: number;
  /** The text in digits and letters under the bars; default true. */
  readonly readable?: boolean;
}

export interface LogoCommand {
  readonly type: 'logo';
  readonly raster: PackedRaster;
}

/** One bit per dot, rows padded to whole bytes, most significant bit left, 1 = black. Made by raster.ts. */
export interface PackedRaster {
  readonly widthBytes: number;
  readonly heightDots: number;
  readonly bytes: Uint8Array;
}

/** Columns of single-width characters: 32 on 58 mm paper (384 dots), 42 or 48 on 80 mm (512, 576 dots). */
export type PaperWidth = PrinterProfile['columns'];
