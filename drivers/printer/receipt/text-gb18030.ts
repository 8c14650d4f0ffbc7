import iconv from 'iconv-lite';
import { glyphOf } from '#drivers/printer/glyphs/glyph-pack.ts';

/**
 * Text as Chinese receipt printers take it: one byte per ASCII character (1 column), two bytes per hanzi or full-width
 * sign (2 columns). For what their ROM has, width and byte count are therefore the same number.
 *
 * GB18030 also has four-byte characters (rare hanzi, emoji), for which most printers print junk. Those in our glyph
 * pack stay in the text and are drawn (encode/rare-line.ts); the rest becomes □, which every Chinese font has: visible,
 * 2 columns.
 */
export const missingSign = '□';

/** U+00A5 would be four bytes; the full-width sign is in every font. */
const yen = '\u00A5';
const yenFullWidth = '\uFFE5';
const tabSpaces = '  ';
/**
 * No paper for joiners, variation selectors, marks of direction, soft hyphens, the byte order mark, the keycap frame,
 * flag tags and skin tones: what they change, 24 dots in one colour do not show.
 */
const invisible =
  /[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF\u{E0020}-\u{E007F}]|\u20E3|\p{Variation_Selector}|\p{Emoji_Modifier}/u;
const otherSpace = /[\u00A0\u2000-\u200A\u2028\u2029\u202F\u205F]/;

/** Only characters that are in the ROM or in the glyph pack; control characters are gone, newlines too. */
export function toPrintable(text: string): string {
  if (isRomText(text)) return text;
  let printable = '';
  for (const character of text.normalize('NFC')) printable += printableOf(character);
  return printable;
}

/** Columns on paper of text that went through `toPrintable`. */
export function widthOf(printable: string): number {
  let width = printable.length;
  for (let index = 0; index < printable.length; index += 1) {
    const unit = printable.charCodeAt(index);
    if (unit < 0x80) continue;
    if (twoBytes[unit] !== 0) width += 1;
    else return widthWithRare(printable);
  }
  return width;
}

function widthWithRare(printable: string): number {
  let width = 0;
  for (const character of printable) {
    const code = character.codePointAt(0) ?? 0;
    if (isRomCharacter(code)) width += code < 0x80 ? 1 : 2;
    else width += glyphOf(code)?.columns ?? 0;
  }
  return width;
}

/** Bytes of text of which `isRomText` is true. */
export function encodeGb(romText: string): Uint8Array {
  const bytes = new Uint8Array(widthOf(romText));
  encodeGbInto(romText, bytes, 0);
  return bytes;
}

/** The same into a buffer with room for two bytes per character; answers where it stopped. */
export function encodeGbInto(romText: string, buffer: Uint8Array, start: number): number {
  let at = start;
  for (let index = 0; index < romText.length; index += 1) {
    const unit = romText.charCodeAt(index);
    const pair = unit < 0x80 ? unit : (twoBytes[unit] ?? 0);
    if (unit >= 0x80) {
      buffer[at] = pair >> 8;
      at += 1;
    }
    buffer[at] = pair & 0xff;
    at += 1;
  }
  return at;
}

/**
 * For each UTF-16 unit its two bytes in GB18030, or 0. Asking iconv-lite per line was the slowest
 * part of a receipt.
 */
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

/** Does every Chinese printer have it: ASCII, or two bytes in GB18030? */
export function isRomCharacter(code: number): boolean {
  return code < 0x80 ? code >= 0x20 && code < 0x7f : (twoBytes[code] ?? 0) !== 0;
}

/** Is every character one that every Chinese printer has? */
export function isRomText(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    const fits = unit < 0x80 ? unit >= 0x20 && unit < 0x7f : twoBytes[unit] !== 0;
    if (!fits) return false;
  }
  return true;
}

function printableOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (isRomCharacter(code)) return character;
  if (character === '\t') return tabSpaces;
  if (character === yen) return yenFullWidth;
  if (otherSpace.test(character)) return ' ';
  const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
  if (isControl || invisible.test(character)) return '';
  return glyphOf(code) === null ? missingSign : character;
}

/** The user-defined areas have two bytes, and an empty box in most fonts. */
function isUserDefined(code: number): boolean {
  return code >= 0xe000 && code <= 0xf8ff;
}
