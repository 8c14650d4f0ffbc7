import type { ByteWriter } from '#drivers/printer/encode/byte-writer.ts';
import { rasterHeader } from '#drivers/printer/encode/escpos-graphics.ts';
import { defused } from '#drivers/printer/receipt/raster.ts';
import type { PackedRaster } from '#drivers/printer/receipt/receipt.ts';

/** An image is sent in slices of at most this many bytes: between two of them the printer can be asked how it is. */
const sliceBytesMax = 1_024;
/** Higher ones are cut off by some printers. */
const sliceRowsMax = 255;
const dotsPerLine = 24;

/** GS v 0, slice by slice, each a segment. */
export function putRaster(writer: ByteWriter, raster: PackedRaster): void {
  for (const slice of slicesOf(raster)) writer.putSegment(slice);
}

/** An image counted in lines of text: how long the paper will take. */
export const linesOfRaster = (heightDots: number): number =>
  ((heightDots + dotsPerLine - 1) / dotsPerLine) | 0;

/** A logo is the same object in every receipt of the day: it is checked and cut once. */
const sliced = new WeakMap<PackedRaster, readonly Uint8Array[]>();

function slicesOf(raster: PackedRaster): readonly Uint8Array[] {
  const known = sliced.get(raster);
  if (known !== undefined) return known;
  const { widthBytes, heightDots, bytes } = defused(raster);
  const rowsMax = Math.min(sliceRowsMax, Math.max(1, (sliceBytesMax / widthBytes) | 0));
  const slices: Uint8Array[] = [];
  for (let row = 0; row < heightDots; row += rowsMax) {
    const rows = Math.min(rowsMax, heightDots - row);
    const header = rasterHeader({ widthBytes, rows });
    const data = bytes.subarray(row * widthBytes, (row + rows) * widthBytes);
    slices.push(Buffer.concat([Uint8Array.from(header), data]));
  }
  sliced.set(raster, slices);
  return slices;
}
