import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { assert } from '#shared/result/assert.ts';

/** A character as dots: columns from the left, three bytes each, the top dot in the highest bit; as ESC * 33 takes it. */
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
  const place = glyphPlaces().get(code);
  if (place === undefined) return null;
  const columns = place.narrow ? 1 : 2;
  return { columns, bytes: place.dots.subarray(0, columns * bytesPerColumn) };
}

export const glyphHeightDots = 24;
export const glyphBytesPerDotColumn = 3;

/** A column of text is 12 dots wide. */
const bytesPerColumn = 36;
const magic = 'GTG1';
/** A bound for the loop over a damaged file. */
const glyphCountMax = 65_536;

interface GlyphPlace {
  readonly narrow: boolean;
  readonly dots: Uint8Array;
}

let opened: ReadonlyMap<number, GlyphPlace> | null = null;

function glyphPlaces(): ReadonlyMap<number, GlyphPlace> {
  opened ??= readPack(
    brotliDecompressSync(readFileSync(new URL('./glyph-pack.br', import.meta.url))),
  );
  return opened;
}

function readPack(pack: Buffer): ReadonlyMap<number, GlyphPlace> {
  assert(pack.toString('latin1', 0, 4) === magic, () => 'glyph pack: not one');
  const count = pack.readUInt32LE(4);
  assert(count <= glyphCountMax, () => `glyph pack: ${count} characters`);
  const heads: { readonly code: number; readonly narrow: boolean }[] = [];
  let at = 8;
  let code = 0;
  for (let index = 0; index < count; index += 1) {
    let value = 0;
    let shift = 0;
    for (; (pack[at] ?? 0) >= 0x80; at += 1, shift += 7) value |= ((pack[at] ?? 0) & 0x7f) << shift;
    value |= (pack[at] ?? 0) << shift;
    at += 1;
    code += value >> 1;
    heads.push({ code, narrow: (value & 1) === 1 });
  }
  const places = new Map<number, GlyphPlace>();
  for (const head of heads) {
    places.set(head.code, { narrow: head.narrow, dots: pack.subarray(at) });
    at += head.narrow ? bytesPerColumn : 2 * bytesPerColumn;
  }
  assert(at === pack.length, () => `glyph pack: ${pack.length} bytes instead of ${at}`);
  return places;
}
