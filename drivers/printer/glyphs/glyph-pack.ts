import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { assert } from '#shared/result/assert.ts';

/**
 * A character as dots: columns from the left, three bytes each, the top dot in the highest bit; as
 * ESC * 33 takes it.
 */
export interface Glyph {
  /** 2: 24 dots, 1: 12 dots. */
  readonly columns: 1 | 2;
  readonly bytes: Uint8Array;
}

/**
 * The characters that ROMs lack, drawn beforehand by .ci/make-glyph-pack.ts. Packed with Brotli; inside: `GTG1`, the
 * count (four bytes, little end first), for each character a varint of (distance to the one before) * 2 + narrow, then
 * the dots of each, 72 bytes, or 36 when narrow. Opened when the first such character is met: most tills never do.
 */
export function glyphOf(code: number): Glyph | null {
  opened ??= openPack(readFileSync(new URL('./glyph-pack.br', import.meta.url)));
  const place = opened.places.get(code);
  if (place === undefined) return null;
  const columns = (place & 1) === 1 ? 1 : 2;
  const at = place >> 1;
  return { columns, bytes: opened.dots.subarray(at, at + columns * bytesPerColumn) };
}

/** Three bytes for each column of dots. */
export const glyphBytesPerDotColumn = 3;

/** A column of text is 12 dots wide. */
const bytesPerColumn = 12 * glyphBytesPerDotColumn;
const magic = 'GTG1';
/** A bound for the loop over a damaged file. */
const glyphCountMax = 65_536;

interface GlyphPack {
  readonly dots: Uint8Array;
  /** By code point: where its dots begin, times two, plus one when it is narrow. */
  readonly places: ReadonlyMap<number, number>;
}

let opened: GlyphPack | null = null;

function openPack(packed: Uint8Array): GlyphPack {
  const pack = brotliDecompressSync(packed);
  assert(pack.toString('latin1', 0, 4) === magic, () => 'glyph pack: not one');
  const count = pack.readUInt32LE(4);
  assert(count <= glyphCountMax, () => `glyph pack: ${count} characters`);
  const places = new Map<number, number>();
  let at = 8;
  let code = 0;
  let dotsAt = 0;
  for (let index = 0; index < count; index += 1) {
    let value = 0;
    let shift = 0;
    for (; (pack[at] ?? 0) >= 0x80; at += 1, shift += 7) value |= ((pack[at] ?? 0) & 0x7f) << shift;
    value |= (pack[at] ?? 0) << shift;
    at += 1;
    code += value >> 1;
    places.set(code, dotsAt * 2 + (value & 1));
    dotsAt += (value & 1) === 1 ? bytesPerColumn : 2 * bytesPerColumn;
  }
  const dots = pack.subarray(at);
  assert(dots.length === dotsAt, () => `glyph pack: ${dots.length} bytes instead of ${dotsAt}`);
  return { dots, places };
}
