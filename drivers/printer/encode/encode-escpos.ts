import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { createByteWriter, type ByteWriter } from '#drivers/printer/encode/byte-writer.ts';
import {
  escpos,
  feedLines,
  qrLevel,
  qrModuleDots,
  qrStore,
  rasterHeader,
} from '#drivers/printer/encode/escpos-bytes.ts';
import { layoutColumns, wrapText } from '#drivers/printer/receipt/layout.ts';
import { defused } from '#drivers/printer/receipt/raster.ts';
import { receiptFault } from '#drivers/printer/receipt/receipt-rules.ts';
import type {
  Align,
  LogoCommand,
  PaperWidth,
  QrCommand,
  ReceiptCommand,
  TextSize,
} from '#drivers/printer/receipt/receipt.ts';
import { encodeGb } from '#drivers/printer/receipt/text-gb18030.ts';

/**
 * A receipt as bytes, cut into segments at command boundaries: between two segments a real-time question may be
 * asked, inside one it would be taken for data.
 */
export interface EncodedReceipt {
  readonly segments: readonly Uint8Array[];
  readonly byteCount: number;
  /** Lines of text, and images counted in lines of 24 dots: how long the paper will take. */
  readonly lineCount: number;
  readonly cuts: boolean;
}

/** Segments end at the first command boundary after this many bytes. */
export const segmentBytes = 512;
/** A logo is sent in slices of at most this many bytes. */
const rasterSliceBytesMax = 1_024;
const rasterSliceRowsMax = 255;
const dotsPerLine = 24;
const qrLines = 10;

/** ESC/POS for a receipt, from initialise to cut, without the confirmation request (that belongs to the job). */
export function encodeReceipt(
  commands: readonly ReceiptCommand[],
  paper: PaperWidth,
): Result<EncodedReceipt, { readonly type: 'receipt-invalid'; readonly detail: string }> {
  const fault = receiptFault(commands, paper);
  if (fault !== null) return err({ type: 'receipt-invalid', detail: fault });
  const pen = createPen(createByteWriter(segmentBytes), paper);
  pen.writer.put(escpos.initialize);
  pen.writer.put(escpos.chineseOn);
  pen.writer.put(escpos.chineseSpacingNone);
  for (const command of commands) encodeCommand(pen, command);
  const segments = pen.writer.segments();
  return ok({
    segments,
    byteCount: segments.reduce((sum, segment) => sum + segment.length, 0),
    lineCount: pen.lineCount(),
    cuts: commands.some((command) => command.type === 'cut'),
  });
}

function encodeCommand(pen: Pen, command: ReceiptCommand): void {
  switch (command.type) {
    case 'text': {
      const size = command.size ?? 'normal';
      const columns = size === 'wide' || size === 'double' ? pen.paper >> 1 : pen.paper;
      pen.align(command.align ?? 'left');
      pen.style({ size, bold: command.bold ?? false });
      for (const line of wrapText(command.text, columns)) {
        pen.line(command.align === 'left' ? line : line.trimEnd());
      }
      return;
    }
    case 'columns':
      pen.align('left');
      pen.style({ size: 'normal', bold: command.bold ?? false });
      for (const line of layoutColumns(command.columns, pen.paper)) pen.line(line.trimEnd());
      return;
    case 'rule':
      pen.align('left');
      pen.style({ size: 'normal', bold: false });
      pen.line((command.style === 'single' ? '-' : '=').repeat(pen.paper));
      return;
    case 'qr':
      return encodeQr(pen, command);
    case 'logo':
      return encodeLogo(pen, command);
    case 'feed':
      pen.writer.put(feedLines(command.lines));
      pen.countLines(command.lines);
      return;
    case 'cut':
      pen.align('left');
      pen.writer.put(escpos.cut);
      return;
    default:
      exhaustive(command);
  }
}

function encodeQr(pen: Pen, command: QrCommand): void {
  const text = Buffer.from(command.text, 'utf8');
  pen.align('center');
  pen.writer.put(escpos.qrModel2);
  pen.writer.put(qrModuleDots(command.moduleDots ?? 6));
  pen.writer.put(qrLevel(command.level ?? 'M'));
  pen.writer.putWhole(qrStore(text.length), text);
  pen.writer.put(escpos.qrPrint);
  pen.countLines(qrLines);
}

function encodeLogo(pen: Pen, command: LogoCommand): void {
  const { widthBytes, heightDots, bytes } = defused(command.raster);
  const rowsPerSlice = Math.min(
    rasterSliceRowsMax,
    Math.max(1, (rasterSliceBytesMax / widthBytes) | 0),
  );
  pen.align('center');
  for (let row = 0; row < heightDots; row += rowsPerSlice) {
    const rows = Math.min(rowsPerSlice, heightDots - row);
    const slice = bytes.subarray(row * widthBytes, (row + rows) * widthBytes);
    pen.writer.putWhole(rasterHeader({ widthBytes, rows }), slice);
  }
  pen.countLines(((heightDots + dotsPerLine - 1) / dotsPerLine) | 0);
}

/** Remembers the modes that are on, so that each is sent only when it changes. */
interface Pen {
  readonly writer: ByteWriter;
  readonly paper: PaperWidth;
  align(align: Align): void;
  style(style: { readonly size: TextSize; readonly bold: boolean }): void;
  line(printable: string): void;
  countLines(count: number): void;
  lineCount(): number;
}

const alignBytes = {
  left: escpos.alignLeft,
  center: escpos.alignCenter,
  right: escpos.alignRight,
} as const;

const sizeBytes = {
  normal: escpos.sizeNormal,
  tall: escpos.sizeTall,
  wide: escpos.sizeWide,
  double: escpos.sizeDouble,
} as const;

function createPen(writer: ByteWriter, paper: PaperWidth): Pen {
  let alignNow: Align = 'left';
  let sizeNow: TextSize = 'normal';
  let boldNow = false;
  let lines = 0;
  return {
    writer,
    paper,
    align: (align) => {
      if (align !== alignNow) writer.put(alignBytes[align]);
      alignNow = align;
    },
    style: ({ size, bold }) => {
      if (size !== sizeNow) writer.put(sizeBytes[size]);
      if (bold !== boldNow) writer.put(bold ? escpos.boldOn : escpos.boldOff);
      sizeNow = size;
      boldNow = bold;
    },
    line: (printable) => {
      writer.putWhole(encodeGb(printable), escpos.lineFeed);
      lines += 1;
    },
    countLines: (count) => {
      lines += count;
    },
    lineCount: () => lines,
  };
}
