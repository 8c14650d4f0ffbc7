import type { ByteWriter } from '#drivers/printer/encode/byte-writer.ts';
import { escpos } from '#drivers/printer/encode/escpos-bytes.ts';
import { encodeRareLine, flatSize, type DefinedHanzi } from '#drivers/printer/encode/rare-line.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import type { Align, TextSize } from '#drivers/printer/receipt/receipt.ts';
import { encodeGbInto, isRomText } from '#drivers/printer/receipt/text-gb18030.ts';

/** Remembers the modes that are on, so that each is sent only when it changes. */
export interface Pen {
  readonly writer: ByteWriter;
  readonly profile: PrinterProfile;
  align(align: Align): void;
  /** One line that went through `toPrintable` and fits the paper at its size. */
  line(printable: string, style: PenStyle): void;
  countLines(count: number): void;
  lineCount(): number;
}

export interface PenStyle {
  readonly size: TextSize;
  readonly bold: boolean;
  readonly small?: boolean;
}

export const plainStyle: PenStyle = { size: 'normal', bold: false };

export function createPen(writer: ByteWriter, profile: PrinterProfile): Pen {
  const sizeBytes = sizeBytesOf[profile.hanziSize];
  const defined: DefinedHanzi = new Map();
  let alignNow: Align = 'left';
  let sizeNow: TextSize = 'normal';
  let boldNow = false;
  let smallNow = false;
  let lines = 0;

  const setStyle = (size: TextSize, bold: boolean): void => {
    if (size !== sizeNow) writer.put(sizeBytes[size]);
    if (bold !== boldNow) writer.put(bold ? boldOn : boldOff);
    sizeNow = size;
    boldNow = bold;
  };
  const setFont = (small: boolean): void => {
    if (small !== smallNow) writer.put(small ? fontSmall : fontNormal);
    smallNow = small;
  };
  const rareLine = (printable: string, { size, bold }: PenStyle): void => {
    const wide = size === 'wide' || size === 'double';
    const line = encodeRareLine(printable, { wide, bold }, { profile, defined });
    for (const definition of line.definitions) writer.put(definition);
    setStyle(line.hasImage ? flatSize[size] : size, bold);
    for (const part of line.parts) writer.put(part);
    writer.put(lineFeed);
  };

  return {
    writer,
    profile,
    align: (align) => {
      if (align !== alignNow) writer.put(alignBytes[align]);
      alignNow = align;
    },
    line: (printable, style) => {
      lines += 1;
      setFont(style.small === true && isSmallOnPaper(printable, style.size));
      if (!isRomText(printable)) return rareLine(printable, style);
      setStyle(style.size, style.bold);
      writer.putInPlace(printable.length * 2 + 1, (buffer, at) => {
        const end = encodeGbInto(printable, buffer, at);
        buffer[end] = 0x0a;
        return end + 1;
      });
    },
    countLines: (count) => {
      lines += count;
    },
    lineCount: () => lines,
  };
}

/** Copying a typed array costs a tenth of copying a list. */
const packed = (...parts: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flat());

const lineFeed = packed(escpos.lineFeed);
/** Hanzi have no second font on most printers, and a line half small looks broken. */
export const isSmallOnPaper = (printable: string, size: TextSize): boolean =>
  size === 'normal' && /^[ -~]*$/.test(printable);

const fontNormal = packed(escpos.fontNormal);
const fontSmall = packed(escpos.fontSmall);
const boldOn = packed(escpos.boldOn);
const boldOff = packed(escpos.boldOff);

const alignBytes = {
  left: packed(escpos.alignLeft),
  center: packed(escpos.alignCenter),
  right: packed(escpos.alignRight),
} as const;

const sizeBytesOf = {
  gs: {
    normal: packed(escpos.sizeNormal),
    tall: packed(escpos.sizeTall),
    wide: packed(escpos.sizeWide),
    double: packed(escpos.sizeDouble),
  },
  fs: {
    normal: packed(escpos.sizeNormal, escpos.hanziNormal),
    tall: packed(escpos.sizeTall, escpos.hanziTall),
    wide: packed(escpos.sizeWide, escpos.hanziWide),
    double: packed(escpos.sizeDouble, escpos.hanziDouble),
  },
} as const satisfies Record<PrinterProfile['hanziSize'], Record<TextSize, Uint8Array>>;
