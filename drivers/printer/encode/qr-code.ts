import { _BYTES, _ECC_BLOCKS, _WORDS_PER_BLOCK } from 'qr';
import {
  escposGraphics,
  qrLevel,
  qrModuleDots,
  qrStore,
} from '#drivers/printer/encode/escpos-graphics.ts';
import { linesOfRaster, putRaster } from '#drivers/printer/encode/images.ts';
import type { Pen } from '#drivers/printer/encode/pen.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import { qrModules } from '#drivers/printer/encode/qr-modules.ts';
import { packRaster } from '#drivers/printer/receipt/raster.ts';
import type { PackedRaster, QrCommand } from '#drivers/printer/receipt/receipt.ts';

const moduleDotsDefault = 6;
/** White modules that a scanner wants on each side (ISO/IEC 18004, 6.3.8). */
const quietModules = 4;
const levels = { L: 'low', M: 'medium', Q: 'quartile', H: 'high' } as const;
type Level = keyof typeof levels;

/** By GS ( k or as a raster, in modules small enough for the paper: a printer would leave a wider code out. */
export function encodeQrCode(pen: Pen, command: QrCommand): void {
  const level = command.level ?? 'M';
  const text = Buffer.from(command.text, 'utf8');
  const modules = qrModulesMax(text.length, level);
  const moduleDots = qrModuleDotsFor(command, pen.profile);
  pen.align('center');
  if (pen.profile.qr === 'raster') {
    const raster = qrRaster(command, moduleDots);
    putRaster(pen.writer, raster);
    pen.countLines(linesOfRaster(raster.heightDots));
    return;
  }
  pen.writer.put(escposGraphics.qrModel2);
  pen.writer.put(qrModuleDots(moduleDots));
  pen.writer.put(qrLevel(level));
  pen.writer.putWhole(qrStore(text.length), text);
  pen.writer.put(escposGraphics.qrPrint);
  pen.countLines(linesOfRaster(modules * moduleDots));
}

/** Dots per module: what was asked for, or what fits the paper. */
export function qrModuleDotsFor(
  { text, level = 'M', moduleDots = moduleDotsDefault }: QrCommand,
  profile: PrinterProfile,
): number {
  const modules = qrModulesMax(Buffer.byteLength(text, 'utf8'), level);
  const fitting = (profile.dots / (modules + 2 * quietModules)) | 0;
  return Math.max(1, Math.min(moduleDots, fitting));
}

/** Modules per side of a code for so many bytes; fewer when the text is all digits or capitals. */
export function qrModulesMax(byteCount: number, level: Level): number {
  for (const [index, codewords] of _BYTES.entries()) {
    const version = index + 1;
    const corrected = correctionBytes(index, level);
    const lengthBits = version < 10 ? 8 : 16;
    // Four bits say "bytes follow", then their number.
    const room = codewords - corrected - (((4 + lengthBits + 7) / 8) | 0);
    if (byteCount <= room) return 17 + 4 * version;
  }
  return 177;
}

const correctionBytes = (index: number, level: Level): number =>
  (_WORDS_PER_BLOCK[levels[level]][index] ?? 0) * (_ECC_BLOCKS[levels[level]][index] ?? 0);

function qrRaster(command: QrCommand, moduleDots: number): PackedRaster {
  const modules = qrModules(command);
  const side = modules.length * moduleDots;
  return packRaster({
    widthDots: side,
    heightDots: side,
    isBlack: (x, y) => modules[(y / moduleDots) | 0]?.[(x / moduleDots) | 0] === '1',
  });
}
