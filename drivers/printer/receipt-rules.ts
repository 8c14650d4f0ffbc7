import { exhaustive } from '#shared/result/exhaustive.ts';
import { RASTER_HEIGHT_DOTS_MAX } from '#drivers/printer/raster.ts';
import type { PaperWidth, ReceiptCommand } from '#drivers/printer/receipt.ts';

export const RECEIPT_COMMANDS_MAX = 1_000;
export const TEXT_CHARACTERS_MAX = 4_000;
export const QR_TEXT_BYTES_MAX = 512;
export const FEED_LINES_MAX = 20;
const DOTS_PER_COLUMN = 12;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL_CHARACTER = /[\u0000-\u001F\u007F]/;

/** What makes a receipt unprintable, in words; null when nothing does. The first fault found is told. */
export function receiptFault(
  commands: readonly ReceiptCommand[],
  paper: PaperWidth,
): string | null {
  if (commands.length > RECEIPT_COMMANDS_MAX) return `${commands.length} commands`;
  for (const [index, command] of commands.entries()) {
    const fault =
      command.type === 'cut' && index !== commands.length - 1
        ? 'cut before the end'
        : commandFault(command, paper);
    if (fault !== null) return `command ${index}: ${fault}`;
  }
  return null;
}

function commandFault(command: ReceiptCommand, paper: PaperWidth): string | null {
  switch (command.type) {
    case 'text':
      return command.text.length > TEXT_CHARACTERS_MAX ? 'text too long' : null;
    case 'columns':
      return columnsFault(command.columns, paper);
    case 'qr':
      return qrFault(command);
    case 'logo': {
      const { widthBytes, heightDots, bytes } = command.raster;
      if (widthBytes < 1 || widthBytes * 8 > paper * DOTS_PER_COLUMN) return 'logo too wide';
      if (heightDots < 1 || heightDots > RASTER_HEIGHT_DOTS_MAX) return 'logo too high';
      return bytes.length === widthBytes * heightDots ? null : 'logo bytes do not fit its size';
    }
    case 'feed':
      return inRange(command.lines, 1, FEED_LINES_MAX) ? null : 'feed out of range';
    case 'rule':
    case 'cut':
      return null;
    default:
      return exhaustive(command);
  }
}

function columnsFault(
  columns: Extract<ReceiptCommand, { readonly type: 'columns' }>['columns'],
  paper: PaperWidth,
): string | null {
  if (columns.some((column) => column.text.length > TEXT_CHARACTERS_MAX)) return 'text too long';
  if (columns.filter((column) => column.width === 'rest').length > 1) return 'two rest columns';
  const fixed = columns.map((column) => (column.width === 'rest' ? 0 : column.width));
  if (!fixed.every((width) => inRange(width, 0, paper))) return 'column width out of range';
  return fixed.reduce((sum, width) => sum + width, 0) <= paper ? null : 'columns exceed the paper';
}

function qrFault(command: Extract<ReceiptCommand, { readonly type: 'qr' }>): string | null {
  const byteCount = Buffer.byteLength(command.text, 'utf8');
  if (!inRange(byteCount, 1, QR_TEXT_BYTES_MAX)) return `QR text of ${byteCount} bytes`;
  if (CONTROL_CHARACTER.test(command.text)) return 'control character in QR text';
  return inRange(command.moduleDots ?? 1, 1, 16) ? null : 'QR module out of range';
}

const inRange = (value: number, min: number, max: number): boolean =>
  Number.isInteger(value) && value >= min && value <= max;
