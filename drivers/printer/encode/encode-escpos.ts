import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { encodeBarcode } from '#drivers/printer/encode/barcode/encode-barcode.ts';
import { createByteWriter } from '#drivers/printer/encode/byte-writer.ts';
import { escpos, feedLines } from '#drivers/printer/encode/escpos-bytes.ts';
import { linesOfRaster, putRaster } from '#drivers/printer/encode/images.ts';
import { createPen, plainStyle, type Pen } from '#drivers/printer/encode/pen.ts';
import { encodeQrCode } from '#drivers/printer/encode/qr-code.ts';
import { callLogo, type StoredLogo } from '#drivers/printer/encode/stored-logo.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import { layoutColumns, wrapText } from '#drivers/printer/receipt/layout.ts';
import { receiptFault } from '#drivers/printer/receipt/receipt-rules.ts';
import type { LogoCommand, ReceiptCommand, TextCommand } from '#drivers/printer/receipt/receipt.ts';

/**
 * A receipt as bytes, cut into segments at command boundaries: between two segments a real-time question may be
 * asked, inside one it would be taken for data.
 */
export interface EncodedReceipt {
  readonly segments: readonly Uint8Array[];
  readonly byteCount: number;
  /** Lines of text, and images counted in lines of 24 dots: how long the paper will take. */
  readonly lineCount: number;
  /** The cutter will move: false as well when the printer has none. */
  readonly cuts: boolean;
}

/** Segments end at the first command boundary after this many bytes. */
export const segmentBytes = 512;
/** Without a cutter: past the edge where the paper is torn by hand. */
const tearOffLines = 4;

/**
 * ESC/POS for a receipt, from initialise to cut, without the confirmation request (that belongs to the job).
 * @param held what the printer keeps in its memory, for profiles with a stored logo; see stored-logo.ts
 */
export function encodeReceipt(
  commands: readonly ReceiptCommand[],
  profile: PrinterProfile,
  held: StoredLogo | null = null,
): Result<EncodedReceipt, { readonly type: 'receipt-invalid'; readonly detail: string }> {
  const fault = receiptFault(commands, profile);
  if (fault !== null) return err({ type: 'receipt-invalid', detail: fault });
  const pen = createPen(createByteWriter(segmentBytes), profile);
  pen.writer.put(prologue);
  for (const command of commands) encodeCommand(pen, command, held);
  const segments = pen.writer.segments();
  return ok({
    segments,
    byteCount: segments.reduce((sum, segment) => sum + segment.length, 0),
    lineCount: pen.lineCount(),
    cuts: profile.cut !== 'none' && commands.some((command) => command.type === 'cut'),
  });
}

const prologue = Uint8Array.from([
  ...escpos.initialize,
  ...escpos.chineseOn,
  ...escpos.chineseSpacingNone,
]);

const cutBytes = {
  partial: escpos.cutPartial,
  full: escpos.cutFull,
  none: feedLines(tearOffLines),
} as const;

function encodeCommand(pen: Pen, command: ReceiptCommand, held: StoredLogo | null): void {
  const { columns, cut } = pen.profile;
  switch (command.type) {
    case 'text':
      return encodeText(pen, command);
    case 'columns': {
      const style = { size: 'normal', bold: command.bold ?? false } as const;
      pen.align('left');
      for (const line of layoutColumns(command.columns, columns)) pen.line(line.trimEnd(), style);
      return;
    }
    case 'rule':
      pen.align('left');
      return pen.line((command.style === 'single' ? '-' : '=').repeat(columns), plainStyle);
    case 'qr':
      return encodeQrCode(pen, command);
    case 'barcode':
      return encodeBarcode(pen, command);
    case 'logo':
      return encodeLogo(pen, command, held);
    case 'feed':
      pen.writer.put(feedLines(command.lines));
      return pen.countLines(command.lines);
    case 'cut':
      pen.align('left');
      return pen.writer.put(cutBytes[cut]);
    default:
      exhaustive(command);
  }
}

function encodeText(pen: Pen, command: TextCommand): void {
  const size = command.size ?? 'normal';
  const { columns } = pen.profile;
  const style = { size, bold: command.bold ?? false, small: command.small ?? false };
  pen.align(command.align ?? 'left');
  for (const line of wrapText(command.text, isWide(size) ? columns >> 1 : columns)) {
    pen.line(command.align === 'left' ? line : line.trimEnd(), style);
  }
}

const isWide = (size: TextCommand['size']): boolean => size === 'wide' || size === 'double';

function encodeLogo(pen: Pen, { raster }: LogoCommand, held: StoredLogo | null): void {
  pen.align('center');
  const call = pen.profile.logo === 'stored' ? callLogo(raster, held) : null;
  if (call === null) putRaster(pen.writer, raster);
  else pen.writer.put(call);
  pen.countLines(linesOfRaster(raster.heightDots));
}
