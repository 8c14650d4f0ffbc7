import encodeQR from 'qr';
import { code128Bars, eanBars } from '#drivers/printer/encode/barcode/bars.ts';
import { eanDigits } from '#drivers/printer/encode/barcode/ean.ts';
import { readCode128 } from '#drivers/simulator/paper/barcode-reader.ts';
import type { ParsedCommand } from '#drivers/simulator/escpos/escpos-command.ts';
import type { PaperRecord } from '#drivers/simulator/paper/paper.ts';
import type { PenMode } from '#drivers/simulator/paper/pen-mode.ts';

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
export function qrOf({ qr, align }: PenMode, dots: number): PaperRecord | null {
  const byteCount = Buffer.byteLength(qr.text, 'utf8');
  if (byteCount === 0 || byteCount > qrBytesMax[qr.level]) return null;
  const side = qrModulesOf(qr.text, qr.level).length * qr.moduleDots;
  return side > dots ? null : { type: 'qr', ...qr, align };
}

/** Nothing is printed for wrong data either. */
export function barcodeOf(
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
