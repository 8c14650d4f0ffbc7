import { exhaustive } from '#shared/result/exhaustive.ts';
import { planBarcode } from '#drivers/printer/encode/barcode/barcode-plan.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import { rasterHeightDotsMax } from '#drivers/printer/receipt/raster.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';

export const receiptCommandsMax = 1_000;
export const textCharactersMax = 4_000;
export const qrTextBytesMax = 512;
export const feedLinesMax = 20;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const controlCharacter = /[\u0000-\u001F\u007F]/;

/** What makes a receipt unprintable, in words; null when nothing does. The first fault found is told. */
export function receiptFault(
  commands: readonly ReceiptCommand[],
  profile: PrinterProfile,
): string | null {
  if (commands.length > receiptCommandsMax) return `${commands.length} commands`;
  for (const [index, command] of commands.entries()) {
    const fault =
      command.type === 'cut' && index !== commands.length - 1
        ? 'cut before the end'
        : commandFault(command, profile);
    if (fault !== null) return `command ${index}: ${fault}`;
  }
  return null;
}

function commandFault(command: ReceiptCommand, profile: PrinterProfile): string | null {
  switch (command.type) {
    case 'text':
      return command.text.length > textCharactersMax ? 'text too long' : null;
    case 'columns':
      return columnsFault(command.columns, profile.columns);
    case 'qr':
      return qrFault(command);
    case 'barcode': {
      const plan = planBarcode(command, profile);
      return 'fault' in plan ? plan.fault : null;
    }
    case 'logo': {
      const { widthBytes, heightDots, bytes } = command.raster;
      if (widthBytes < 1 || widthBytes * 8 > profile.dots) return 'logo too wide';
      if (heightDots < 1 || heightDots > rasterHeightDotsMax) return 'logo too high';
      return bytes.length === widthBytes * heightDots ? null : 'logo bytes do not fit its size';
    }
    case 'feed':
      return inRange(command.lines, 1, feedLinesMax) ? null : 'feed out of range';
    case 'rule':
    case 'cut':
      return null;
    default:
      return exhaustive(command);
  }
}

function columnsFault(
  columns: Extract<ReceiptCommand, { readonly type: 'columns' }>['columns'],
  paper: number,
): string | null {
  if (columns.some((column) => column.text.length > textCharactersMax)) return 'text too long';
  if (columns.filter((column) => column.width === 'rest').length > 1) return 'two rest columns';
  const fixed = columns.map((column) => (column.width === 'rest' ? 0 : column.width));
  if (!fixed.every((width) => inRange(width, 0, paper))) return 'column width out of range';
  return fixed.reduce((sum, width) => sum + width, 0) <= paper ? null : 'columns exceed the paper';
}

function qrFault(command: Extract<ReceiptCommand, { readonly type: 'qr' }>): string | null {
  const byteCount = Buffer.byteLength(command.text, 'utf8');
  if (!inRange(byteCount, 1, qrTextBytesMax)) return `QR text of ${byteCount} bytes`;
  if (controlCharacter.test(command.text)) return 'control character in QR text';
  return inRange(command.moduleDots ?? 1, 1, 16) ? null : 'QR module out of range';
}

const inRange = (value: number, min: number, max: number): boolean =>
  Number.isInteger(value) && value >= min && value <= max;
