import type { TemplateLogo } from '#terminal/ipc/receipt-template.ts';
import { dither, fitInto, greyOf } from './dither.ts';

/** Pictures of phones are smaller; what is larger is no logo. */
export const pictureBytesMax = 20_000_000;
const logoHeightDotsMax = 240;

/** A picture from a file, kept so that it can be drawn again in another size; null when it is no picture. */
export async function openPicture(file: Blob): Promise<ImageBitmap | null> {
  if (file.size > pictureBytesMax) return null;
  try {
    return await createImageBitmap(file);
  } catch {
    return null;
  }
}

/** The picture as the printer's dots, at most `widthDots` wide. */
export function logoOf(picture: ImageBitmap, widthDots: number): TemplateLogo | null {
  const { width, height } = fitInto(picture, { width: widthDots, height: logoHeightDotsMax });
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) return null;
  pen.drawImage(picture, 0, 0, width, height);
  const { data } = pen.getImageData(0, 0, width, height);
  const bits = dither({ width, height, grey: greyOf(data) });
  return { widthDots: width, heightDots: height, base64: toBase64(bits) };
}

const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

export const fromBase64 = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
