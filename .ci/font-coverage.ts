import { inflateSync } from 'node:zlib';

/**
 * The code points that a font has a glyph for: reads the `cmap` table of TrueType, OpenType, WOFF and the first face of
 * a collection (OpenType 1.9, "cmap": formats 4 and 12). A browser would silently take another font instead.
 */
export function codePointsOf(font: Buffer): ReadonlySet<number> {
  const cmap = tableOf(font, 'cmap');
  const points = new Set<number>();
  const tableCount = cmap.readUInt16BE(2);
  for (let index = 0; index < tableCount; index += 1) {
    const offset = cmap.readUInt32BE(4 + index * 8 + 4);
    const format = cmap.readUInt16BE(offset);
    if (format === 12) addSegmented(cmap.subarray(offset), points);
    if (format === 4) addSegmentDeltas(cmap.subarray(offset), points);
  }
  return points;
}

function tableOf(font: Buffer, tag: string): Buffer {
  const kind = font.toString('latin1', 0, 4);
  if (kind === 'wOFF') return woffTable(font, tag);
  const start = kind === 'ttcf' ? font.readUInt32BE(12) : 0;
  const count = font.readUInt16BE(start + 4);
  for (let index = 0; index < count; index += 1) {
    const at = start + 12 + index * 16;
    if (font.toString('latin1', at, at + 4) !== tag) continue;
    const offset = font.readUInt32BE(at + 8);
    return font.subarray(offset, offset + font.readUInt32BE(at + 12));
  }
  throw new Error(`a font without a ${tag} table`);
}

/** WOFF 1.0: a directory of 20-byte entries, each table deflated when that is shorter. */
function woffTable(font: Buffer, tag: string): Buffer {
  const count = font.readUInt16BE(12);
  for (let index = 0; index < count; index += 1) {
    const at = 44 + index * 20;
    if (font.toString('latin1', at, at + 4) !== tag) continue;
    const [offset, packed, plain] = [4, 8, 12].map((each) => font.readUInt32BE(at + each));
    const bytes = font.subarray(offset, (offset ?? 0) + (packed ?? 0));
    return packed === plain ? bytes : inflateSync(bytes);
  }
  throw new Error(`a WOFF font without a ${tag} table`);
}

function addSegmented(table: Buffer, points: Set<number>): void {
  const groups = table.readUInt32BE(12);
  for (let index = 0; index < groups; index += 1) {
    const at = 16 + index * 12;
    for (let code = table.readUInt32BE(at); code <= table.readUInt32BE(at + 4); code += 1) {
      points.add(code);
    }
  }
}

function addSegmentDeltas(table: Buffer, points: Set<number>): void {
  const segments = table.readUInt16BE(6) / 2;
  for (let index = 0; index < segments; index += 1) {
    const end = table.readUInt16BE(14 + index * 2);
    const start = table.readUInt16BE(16 + segments * 2 + index * 2);
    const delta = table.readUInt16BE(16 + segments * 4 + index * 2);
    const rangeAt = 16 + segments * 6 + index * 2;
    const range = table.readUInt16BE(rangeAt);
    for (let code = start; code <= end && code !== 0xffff; code += 1) {
      const glyph =
        range === 0
          ? (code + delta) & 0xffff
          : table.readUInt16BE(rangeAt + range + (code - start) * 2);
      if (glyph !== 0) points.add(code);
    }
  }
}
