import { assert } from '#shared/result/assert.ts';
import type { PackedRaster } from '#drivers/printer/receipt/receipt.ts';

/** 80 mm paper has 576 dots = 72 bytes. */
export const rasterWidthBytesMax = 72;
export const rasterHeightDotsMax = 1_024;

const dle = 0x10;
/** EOT, ENQ, DC4: after DLE they are real-time commands, executed even inside image data (Epson, DLE EOT notes). */
const realTimeSecond = new Set([0x04, 0x05, 0x14]);
/** One more black dot beside an existing one turns DLE into a harmless byte. */
const dleDefused = 0x18;

/**
 * Packs a picture once, so that printing it costs a copy. Byte pairs that the printer would execute as real-time
 * commands (10 04, 10 05, 10 14) lose one white dot.
 * @param widthDots 1..576, padded with white to a multiple of 8
 */
export function packRaster(picture: {
  readonly widthDots: number;
  readonly heightDots: number;
  readonly isBlack: (x: number, y: number) => boolean;
}): PackedRaster {
  const { widthDots, heightDots } = picture;
  const widthBytes = (widthDots + 7) >> 3;
  assert(widthBytes >= 1 && widthBytes <= rasterWidthBytesMax, () => `raster width ${widthDots}`);
  assert(heightDots >= 1 && heightDots <= rasterHeightDotsMax, () => `raster height ${heightDots}`);
  const bytes = new Uint8Array(widthBytes * heightDots);
  for (let y = 0; y < heightDots; y += 1) {
    for (let x = 0; x < widthDots; x += 1) {
      if (!picture.isBlack(x, y)) continue;
      const at = y * widthBytes + (x >> 3);
      bytes[at] = (bytes[at] ?? 0) | (0x80 >> (x & 7));
    }
  }
  defuseInPlace(bytes);
  return { widthBytes, heightDots, bytes };
}

/** Offset of the first real-time command inside the bytes, or -1. */
export function realTimeAt(bytes: Uint8Array): number {
  for (let at = 0; at + 1 < bytes.length; at += 1) {
    if (bytes[at] === dle && realTimeSecond.has(bytes[at + 1] ?? 0)) return at;
  }
  return -1;
}

/** A raster from elsewhere, made safe: the same object when it already is. */
export function defused(raster: PackedRaster): PackedRaster {
  const bytes = defusedBytes(raster.bytes);
  return bytes === raster.bytes ? raster : { ...raster, bytes };
}

/** Image data made safe in the same way, whatever its layout. */
export function defusedBytes(bytes: Uint8Array): Uint8Array {
  if (realTimeAt(bytes) < 0) return bytes;
  const safe = Uint8Array.from(bytes);
  defuseInPlace(safe);
  return safe;
}

function defuseInPlace(bytes: Uint8Array): void {
  for (let at = 0; at + 1 < bytes.length; at += 1) {
    if (bytes[at] === dle && realTimeSecond.has(bytes[at + 1] ?? 0)) bytes[at] = dleDefused;
  }
}
