import type { PackedRaster } from '#drivers/printer/receipt/receipt.ts';
import { packRaster } from '#drivers/printer/receipt/raster.ts';
import type { TemplateLogo } from '#terminal/ipc/receipt-template.ts';

/** A template's logo as the printer takes it, drawn smaller when the paper is narrower than what it was made for. */
export function logoRaster(logo: TemplateLogo, paperDots: number): PackedRaster {
  const bits = Buffer.from(logo.base64, 'base64');
  const rowBytes = logo.widthDots >> 3;
  const shrink = Math.min(1, paperDots / logo.widthDots);
  const widthDots = Math.trunc(logo.widthDots * shrink);
  const heightDots = Math.max(1, Math.trunc(logo.heightDots * shrink));
  return packRaster({
    widthDots,
    heightDots,
    isBlack: (x, y) => {
      const fromX = Math.trunc(x / shrink);
      const fromY = Math.trunc(y / shrink);
      return ((bits[fromY * rowBytes + (fromX >> 3)] ?? 0) & (0x80 >> (fromX & 7))) !== 0;
    },
  });
}
