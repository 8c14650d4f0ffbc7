import iconv from 'iconv-lite';

/**
 * Text as Chinese receipt printers take it: one byte per ASCII character (1 column), two bytes per hanzi or
 * full-width sign (2 columns). Width and byte count are therefore the same number.
 *
 * GB18030 also has four-byte characters (rare hanzi, emoji). Printers with a GBK font print junk for them, so they are
 * replaced by 〓, the typesetters' sign for a missing character: visible, 2 columns, in every Chinese font. Drawing the
 * glyph as a raster instead was turned down: it needs a font on the till and a line of its own on paper.
 */
export const missingGlyph = '〓';

/** U+00A5 would be four bytes; the full-width sign is in every font. */
const yen = '\u00A5';
const yenFullWidth = '\uFFE5';
const tabSpaces = '  ';
/** Joiners, variation selectors, marks of direction, byte order mark: no paper for them. */
const invisible =
  /[\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]|\p{Variation_Selector}/u;

/** Only characters that `encodeGb` can encode in one or two bytes; control characters are gone, newlines too. */
export function toPrintable(text: string): string {
  if (isPrintable(text)) return text;
  let printable = '';
  for (const character of text.normalize('NFC')) printable += printableOf(character);
  return printable;
}

/** Columns on paper of text that went through `toPrintable`. */
export function widthOf(printable: string): number {
  let width = printable.length;
  for (let index = 0; index < printable.length; index += 1) {
    if (printable.charCodeAt(index) >= 0x80) width += 1;
  }
  return width;
}

/** Bytes of text that went through `toPrintable`. */
export function encodeGb(printable: string): Uint8Array {
  const bytes = new Uint8Array(widthOf(printable));
  let at = 0;
  for (let index = 0; index < printable.length; index += 1) {
    const unit = printable.charCodeAt(index);
    const pair = unit < 0x80 ? unit : (twoBytes[unit] ?? 0);
    if (unit >= 0x80) {
      bytes[at] = pair >> 8;
      at += 1;
    }
    bytes[at] = pair & 0xff;
    at += 1;
  }
  return bytes;
}

/** For each UTF-16 unit its two bytes in GB18030, or 0. Asking iconv-lite per line was the slowest part of a receipt. */
const twoBytes = buildTwoBytes();

function buildTwoBytes(): Uint16Array {
  const table = new Uint16Array(0x10000);
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail === 0x7f) continue;
      const character = iconv.decode(Buffer.from([lead, trail]), 'gb18030');
      const unit = character.length === 1 ? character.charCodeAt(0) : 0xfffd;
      if (unit === 0xfffd || isUserDefined(unit)) continue;
      // Some characters have two codes: the encoder's own choice is the one that every font has.
      const isSecond = table[unit] !== 0;
      table[unit] = isSecond
        ? iconv.encode(character, 'gb18030').readUInt16BE(0)
        : lead * 256 + trail;
    }
  }
  return table;
}

function isPrintable(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    const fits = unit < 0x80 ? unit >= 0x20 && unit < 0x7f : twoBytes[unit] !== 0;
    if (!fits) return false;
  }
  return true;
}

function printableOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code < 0x7f) return character;
  if (code >= 0x80 && (twoBytes[code] ?? 0) !== 0) return character;
  if (character === '\t') return tabSpaces;
  if (character === yen) return yenFullWidth;
  if (character === '\u00A0') return ' ';
  const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
  return isControl || invisible.test(character) ? '' : missingGlyph;
}

/** The user-defined areas have two bytes, and an empty box in most fonts. */
function isUserDefined(code: number): boolean {
  return code >= 0xe000 && code <= 0xf8ff;
}
