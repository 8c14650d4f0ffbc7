import iconv from 'iconv-lite';
import {
  defineHanziHeader,
  definedLead,
  definedTrailFirst,
  inlineImageHeader,
} from '#drivers/printer/encode/escpos-graphics.ts';
import { glyphBytesPerDotColumn, glyphOf, type Glyph } from '#drivers/printer/glyphs/glyph-pack.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import type { TextSize } from '#drivers/printer/receipt/receipt.ts';
import { defusedBytes } from '#drivers/printer/receipt/raster.ts';
import { encodeGb, isRomCharacter } from '#drivers/printer/receipt/text-gb18030.ts';

/** A line with characters that the ROM lacks, as commands in their order; the line end is not among them. */
export interface RareLine {
  /** Sent before the line: definitions of characters (FS 2). */
  readonly definitions: readonly Uint8Array[];
  readonly parts: readonly Uint8Array[];
  /** It holds images, which are always 24 dots high: the text beside them must be as well. */
  readonly hasImage: boolean;
}

/** Characters that the printer was taught in this receipt, by their second byte. ESC @ makes it forget them. */
export type DefinedHanzi = Map<number, number>;

/** Some printers keep no more than six at a time. */
const definedMax = 6;

/**
 * Characters that the ROM lacks, in one line with the others: taught to the printer (FS 2) or drawn in place (ESC * 33,
 * which moves the print position by its own width, so that columns stay where they are).
 * @param style `wide` doubles the dots of an image; `bold` thickens it, which a printer does to letters only
 */
export function encodeRareLine(
  printable: string,
  style: { readonly wide: boolean; readonly bold: boolean },
  printer: { readonly profile: PrinterProfile; readonly defined: DefinedHanzi },
): RareLine {
  const definitions: Uint8Array[] = [];
  const parts: Uint8Array[] = [];
  let plain = '';
  let hasImage = false;
  const flush = (): void => {
    if (plain !== '') parts.push(encodeGb(plain));
    plain = '';
  };
  for (const character of printable) {
    const code = character.codePointAt(0) ?? 0;
    if (isRomCharacter(code)) {
      plain += character;
      continue;
    }
    flush();
    const glyph = glyphOf(code);
    const pair = printer.profile.rareGlyph === 'defined' ? printer.defined.get(code) : undefined;
    if (isFourByte(code, printer.profile)) parts.push(iconv.encode(character, 'gb18030'));
    else if (pair !== undefined) parts.push(Uint8Array.of(definedLead, pair));
    else if (glyph !== null && mayDefine(glyph, printer)) {
      const trail = definedTrailFirst + printer.defined.size;
      printer.defined.set(code, trail);
      definitions.push(joined(defineHanziHeader(trail), defusedBytes(glyph.bytes)));
      parts.push(Uint8Array.of(definedLead, trail));
    } else if (glyph !== null) {
      hasImage = true;
      parts.push(imageOf(glyph, style));
    }
  }
  flush();
  return { definitions, parts, hasImage };
}

/**
 * The size a line comes out in: one that holds an image is one line high. Right as long as a receipt asks a printer to
 * learn no more characters than it can (profile.rareGlyph `defined`).
 */
export function sizeOnPaper(printable: string, size: TextSize, profile: PrinterProfile): TextSize {
  const hasImage =
    (size === 'tall' || size === 'double') &&
    Array.from(printable).some((character) => isImage(character.codePointAt(0) ?? 0, profile));
  return hasImage ? flatSize[size] : size;
}

/** Images are one line high. Letters twice as high beside them look broken, and clones set them on no common line. */
export const flatSize = { normal: 'normal', tall: 'normal', wide: 'wide', double: 'wide' } as const;

const isImage = (code: number, profile: PrinterProfile): boolean =>
  !isRomCharacter(code) &&
  !isFourByte(code, profile) &&
  (profile.rareGlyph !== 'defined' || glyphOf(code)?.columns === 1);

/** CJK extension A: what GB 18030-2000 asks of a font beyond two bytes. Other four-byte characters are drawn. */
const isFourByte = (code: number, profile: PrinterProfile): boolean =>
  profile.charset === 'gb18030' && code >= 0x3400 && code <= 0x4db5;

const mayDefine = (
  glyph: Glyph,
  { profile, defined }: { readonly profile: PrinterProfile; readonly defined: DefinedHanzi },
): boolean => profile.rareGlyph === 'defined' && glyph.columns === 2 && defined.size < definedMax;

function imageOf(
  glyph: Glyph,
  { wide, bold }: { readonly wide: boolean; readonly bold: boolean },
): Uint8Array {
  const width = glyph.bytes.length / glyphBytesPerDotColumn;
  const inked = bold ? thickened(glyph.bytes) : glyph.bytes;
  const data = wide ? doubled(inked) : inked;
  return joined(inlineImageHeader(wide ? width * 2 : width), defusedBytes(data));
}

/** Each dot also blackens the one to its right. */
function thickened(columns: Uint8Array): Uint8Array {
  return columns.map((byte, at) => byte | (columns[at - glyphBytesPerDotColumn] ?? 0));
}

function doubled(columns: Uint8Array): Uint8Array {
  const wide = new Uint8Array(columns.length * 2);
  for (let at = 0; at < columns.length; at += glyphBytesPerDotColumn) {
    const column = columns.subarray(at, at + glyphBytesPerDotColumn);
    wide.set(column, at * 2);
    wide.set(column, at * 2 + glyphBytesPerDotColumn);
  }
  return wide;
}

function joined(head: ArrayLike<number>, tail: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head, 0);
  bytes.set(tail, head.length);
  return bytes;
}
