import {
  barcodeHeightDotsDefault,
  planBarcode,
} from '#drivers/printer/encode/barcode/barcode-plan.ts';
import { qrModuleDotsFor } from '#drivers/printer/encode/qr-code.ts';
import { qrModules } from '#drivers/printer/encode/qr-modules.ts';
import { isSmallOnPaper } from '#drivers/printer/encode/pen.ts';
import { sizeOnPaper } from '#drivers/printer/encode/rare-line.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import { layoutColumns, wrapText } from '#drivers/printer/receipt/layout.ts';
import type { BarcodeCommand, ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import { widthOf } from '#drivers/printer/receipt/text-gb18030.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { PaperItem, ReceiptPreview } from '#terminal/ipc/receipt-template.ts';

/**
 * What a printer of this profile makes of the records: wrapped and laid out by the very functions that the encoder
 * calls. A test compares it with the paper of the simulated printer.
 */
export const previewOf = (
  commands: readonly ReceiptCommand[],
  profile: PrinterProfile,
): ReceiptPreview => ({
  columns: profile.columns,
  dots: profile.dots,
  items: commands.flatMap((command) => itemsOf(command, profile)),
});

function itemsOf(command: ReceiptCommand, profile: PrinterProfile): readonly PaperItem[] {
  const { columns } = profile;
  switch (command.type) {
    case 'text': {
      const { align = 'left', size = 'normal', bold = false, small = false } = command;
      const width = size === 'wide' || size === 'double' ? columns >> 1 : columns;
      return wrapText(command.text, width).map((line) =>
        lineItem(line, {
          align,
          size: sizeOnPaper(line, size, profile),
          bold,
          ...(small && isSmallOnPaper(line, size) ? { small } : {}),
        }),
      );
    }
    case 'columns':
      return layoutColumns(command.columns, columns).map((line) =>
        plainLine(line, command.bold ?? false),
      );
    case 'rule':
      return [plainLine((command.style === 'single' ? '-' : '=').repeat(columns), false)];
    case 'qr': {
      const moduleDots = qrModuleDotsFor(command, profile);
      return [{ type: 'qr', text: command.text, moduleDots, rows: [...qrModules(command)] }];
    }
    case 'barcode':
      return barcodeItem(command, profile);
    case 'logo': {
      const { widthBytes, heightDots, bytes } = command.raster;
      const base64 = Buffer.from(bytes).toString('base64');
      return [{ type: 'logo', widthDots: widthBytes * 8, heightDots, base64 }];
    }
    case 'feed':
      return [{ type: 'feed', lines: command.lines }];
    case 'cut':
      return [{ type: 'cut' }];
    default:
      return exhaustive(command);
  }
}

const plainLine = (text: string, bold: boolean): PaperItem =>
  lineItem(text, { align: 'left', size: 'normal', bold });

/** A character that the printer lacks is drawn for it, in one column or two: which, only the printer's room knows. */
function lineItem(
  line: string,
  style: Pick<Extract<PaperItem, { type: 'line' }>, 'align' | 'size' | 'bold' | 'small'>,
): PaperItem {
  const text = line.trimEnd();
  const narrow = [...new Set(text)].filter((one) => one > '\u007F' && widthOf(one) === 1).join('');
  return { type: 'line', text, ...style, ...(narrow === '' ? {} : { narrow }) };
}

function barcodeItem(command: BarcodeCommand, profile: PrinterProfile): readonly PaperItem[] {
  const plan = planBarcode(command, profile);
  if ('fault' in plan) return [];
  const { heightDots = barcodeHeightDotsDefault, readable = true } = command;
  const { text, moduleDots } = plan;
  return [{ type: 'barcode', text, heightDots, moduleDots, modules: plan.bars(), readable }];
}
