import decodeQr from 'qr/decode.js';
import type { Browser } from 'playwright-core';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** The texts of the QR codes in the picture of the roll, newest last: each is looked for in a band of its own. */
export async function readPaperCodes(browser: Browser, svg: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const band of await paintCodes(browser, svg)) found.push(decodeQr(band));
  return found;
}

/** Paints every QR code with white around it, one pixel per printer dot, as a phone's camera would see it. */
async function paintCodes(browser: Browser, svg: string): Promise<readonly Pixels[]> {
  const page = await browser.newPage();
  try {
    await page.setContent(svg);
    const bands = await page.evaluate(async () => {
      const paper = document.querySelector('svg');
      if (!paper) return [];
      const origin = paper.getBoundingClientRect().top;
      const places = Array.from(paper.querySelectorAll('path'), (path) => {
        const { top, height } = path.getBoundingClientRect();
        return { top: top - origin, height };
      });
      const picture = new Image();
      picture.src = URL.createObjectURL(new Blob([paper.outerHTML], { type: 'image/svg+xml' }));
      await picture.decode();
      return places.map(({ top, height }) => {
        const margin = 24;
        const canvas = new OffscreenCanvas(picture.width, Math.ceil(height) + 2 * margin);
        const brush = canvas.getContext('2d');
        if (!brush) throw new Error('no canvas');
        brush.fillStyle = '#fff';
        brush.fillRect(0, 0, canvas.width, canvas.height);
        brush.drawImage(picture, 0, margin - Math.floor(top));
        const { width, data } = brush.getImageData(0, 0, canvas.width, canvas.height);
        return { width, height: canvas.height, data: Array.from(data) };
      });
    });
    return bands.map(({ data, ...size }) => ({ ...size, data: Uint8ClampedArray.from(data) }));
  } finally {
    await page.close();
  }
}
