/** A picture in shades of grey: 0 black, 255 white; row by row. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly grey: ArrayLike<number>;
}

const white = 255;
const middle = 128;

/**
 * Black and white dots that look grey from afar (Floyd and Steinberg, 1976): what a dot is too light or too dark is
 * handed to its neighbours. Rows are padded with white to whole bytes, most significant bit left, 1 = black.
 */
export function dither({ width, height, grey }: GreyPicture): Uint8Array {
  const rowBytes = (width + 7) >> 3;
  const bits = new Uint8Array(rowBytes * height);
  const shades = Float32Array.from(grey);
  const hand = (x: number, y: number, share: number): void => {
    if (x >= 0 && x < width && y < height) shades[y * width + x]! += share;
  };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const shade = shades[y * width + x] ?? white;
      const black = shade < middle;
      if (black) bits[y * rowBytes + (x >> 3)]! |= 0x80 >> (x & 7);
      const rest = (shade - (black ? 0 : white)) / 16;
      hand(x + 1, y, rest * 7);
      hand(x - 1, y + 1, rest * 3);
      hand(x, y + 1, rest * 5);
      hand(x + 1, y + 1, rest);
    }
  }
  return bits;
}

/** Brightness of RGBA pixels on white paper (ITU-R BT.601 weights). */
export function greyOf(rgba: ArrayLike<number>): Float32Array {
  const grey = new Float32Array(rgba.length >> 2);
  for (let index = 0; index < grey.length; index += 1) {
    const at = index * 4;
    const bright =
      0.299 * (rgba[at] ?? 0) + 0.587 * (rgba[at + 1] ?? 0) + 0.114 * (rgba[at + 2] ?? 0);
    const cover = (rgba[at + 3] ?? 0) / white;
    grey[index] = bright * cover + white * (1 - cover);
  }
  return grey;
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

/** The size of a picture inside a box, as large as fits, its width a whole number of bytes of dots. */
export function fitInto(picture: Box, box: Box): Box {
  const isFlat = picture.width * box.height >= picture.height * box.width;
  const widest = isFlat ? box.width : (picture.width * box.height) / picture.height;
  const width = Math.max(8, Math.floor(widest / 8) * 8);
  const height = Math.round((picture.height * width) / picture.width);
  return { width, height: Math.max(1, Math.min(box.height, height)) };
}
