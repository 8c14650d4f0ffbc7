import iconv from 'iconv-lite';

/**
 * Text as Chinese receipt printers take it: one byte per ASCII character (1 column), two bytes per hanzi or
 * full-width sign (2 columns). Width and byte count are therefore the same number.
 *
 * GB18030 also has four-byte characters (rare hanzi, emoji). Printers with a GBK font print junk for them, so they are
 * replaced by 〓, the typesetters' sign for a missing character: visible, 2 columns, in every Chinese font. Drawing the
 * glyph as a raster instead was turned down: it needs a font on the till and a line of its own on paper.
 */
export const MISSING_GLYPH = '〓';

/** U+00A5 would be four bytes; the full-width sign is in every font. */
const YEN = '\u00A5';
const YEN_FULL_WIDTH = '\uFFE5';
const TAB_SPACES = '  ';
/** Joiners, variation selectors, marks of direction, byte order mark: no paper for them. */
const INVISIBLE =
  /[\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]|\p{Variation_Selector}/u;

/** Only characters that `encodeGb` can encode in one or two bytes; control characters are gone, newlines too. */
export function toPrintable(text: string): string {
  let printable = '';
  for (const character of text.normalize('NFC')) printable += printableOf(character);
  return printable;
}

/** Columns on paper of text that went through `toPrintable`. */
export function widthOf(printable: string): number {
  let width = 0;
  for (let index = 0; index < printable.length; index += 1) {
    width += printable.charCodeAt(index) < 0x80 ? 1 : 2;
  }
  return width;
}

/** Bytes of text that went through `toPrintable`. */
export function encodeGb(printable: string): Uint8Array {
  return iconv.encode(printable, 'gb18030');
}

const cache = new Map<string, string>();
const CACHE_ENTRIES_MAX = 8_192;

function printableOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code < 0x7f) return character;
  const known = cache.get(character);
  if (known !== undefined) return known;
  const decided = decide(character, code);
  if (cache.size >= CACHE_ENTRIES_MAX) cache.clear();
  cache.set(character, decided);
  return decided;
}

function decide(character: string, code: number): string {
  if (character === '\t') return TAB_SPACES;
  if (character === YEN) return YEN_FULL_WIDTH;
  if (character === '\u00A0') return ' ';
  if (code < 0x20 || (code >= 0x7f && code < 0xa0) || INVISIBLE.test(character)) return '';
  // The user-defined areas have two bytes, and an empty box in most fonts.
  const userDefined = code >= 0xe000 && code <= 0xf8ff;
  const twoBytes = iconv.encode(character, 'gb18030').length === 2;
  return twoBytes && !userDefined ? character : MISSING_GLYPH;
}
