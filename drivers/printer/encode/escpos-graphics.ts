/**
 * The ESC/POS sequences that draw, by their names in Epson's command reference. Lengths count bytes, low byte first.
 */
export const escposGraphics = {
  /** GS ( k 65: QR model 2. */
  qrModel2: [0x1d, 0x28, 0x6b, 0x04, 0x00, 0x31, 0x41, 0x32, 0x00],
  /** GS ( k 81: prints what was stored. */
  qrPrint: [0x1d, 0x28, 0x6b, 0x03, 0x00, 0x31, 0x51, 0x30],
  /** GS H: readable characters of a barcode, none or below; GS f 0: in font A. */
  barcodeTextNone: [0x1d, 0x48, 0x00],
  barcodeTextBelow: [0x1d, 0x48, 0x02],
  barcodeTextFontA: [0x1d, 0x66, 0x00],
} as const satisfies Record<string, readonly number[]>;

const qrSet = [0x1d, 0x28, 0x6b, 0x03, 0x00, 0x31];

/** GS ( k 67: dots per module, 1..16. */
export const qrModuleDots = (dots: number): readonly number[] => [...qrSet, 0x43, dots];

const qrLevels = { L: 0x30, M: 0x31, Q: 0x32, H: 0x33 } as const;

/** GS ( k 69: error correction. */
export const qrLevel = (level: keyof typeof qrLevels): readonly number[] => [
  ...qrSet,
  0x45,
  qrLevels[level],
];

/** GS ( k 80: stores `byteCount` bytes of text that follow; the length field counts three more. */
export const qrStore = (byteCount: number): readonly number[] => {
  const length = byteCount + 3;
  return [0x1d, 0x28, 0x6b, length & 0xff, length >> 8, 0x31, 0x50, 0x30];
};

/** GS v 0: raster image, `rows` 1..255 of `widthBytes` follow. */
export const rasterHeader = (size: {
  readonly widthBytes: number;
  readonly rows: number;
}): readonly number[] => [0x1d, 0x76, 0x30, 0x00, size.widthBytes, 0x00, size.rows, 0x00];

/** ESC * 33: an image of 24 dots height inside the line; three bytes for each of `widthDots` 1..255 columns follow. */
export const inlineImageHeader = (widthDots: number): readonly number[] => [
  0x1b,
  0x2a,
  0x21,
  widthDots,
  0x00,
];

/** First byte of the area of user-defined hanzi on Chinese models; the second is A1..FE. */
export const definedLead = 0xfe;
export const definedTrailFirst = 0xa1;

/** FS 2: defines the hanzi FE `trail`; 72 bytes follow, three per column. Holds until ESC @. */
export const defineHanziHeader = (trail: number): readonly number[] => [
  0x1c,
  0x32,
  definedLead,
  trail,
];

/** GS h: height of the bars in dots, 1..255. */
export const barcodeHeight = (dots: number): readonly number[] => [0x1d, 0x68, dots];

/** GS w: dots of the narrowest bar, 2..6. */
export const barcodeModule = (dots: number): readonly number[] => [0x1d, 0x77, dots];

const barcodeSystems = { ean13: 0x43, ean8: 0x44, code128: 0x49 } as const;

/** GS k, function B: `byteCount` 1..255 bytes follow. */
export const barcodeHeader = (
  symbology: keyof typeof barcodeSystems,
  byteCount: number,
): readonly number[] => [0x1d, 0x6b, barcodeSystems[symbology], byteCount];

/** A key code: two characters 20..7E under which a printer keeps an image. */
export type KeyCode = readonly [number, number];

const imageCommand = [0x1d, 0x28, 0x4c];
const word = (value: number): readonly number[] => [value & 0xff, value >> 8];

/**
 * GS ( L 67: stores an image of one colour in non-volatile memory; its bytes follow. Width and height are in dots, the
 * length counts eleven bytes of parameters and the data: at most 65,535 in all, more would need GS 8 L.
 */
export function storeImageHeader(image: {
  readonly key: KeyCode;
  readonly widthDots: number;
  readonly heightDots: number;
}): readonly number[] {
  const { key, widthDots, heightDots } = image;
  const length = word(((widthDots + 7) >> 3) * heightDots + 11);
  const size = [...word(widthDots), ...word(heightDots)];
  return [...imageCommand, ...length, 0x30, 0x43, 0x30, ...key, 0x01, ...size, 0x31];
}

/** GS ( L 66: forgets a stored image. */
export const deleteImage = (key: KeyCode): readonly number[] => [
  ...imageCommand,
  ...word(4),
  0x30,
  0x42,
  ...key,
];

/** GS ( L 69: prints a stored image, dot by dot. */
export const printImage = (key: KeyCode): readonly number[] => [
  ...imageCommand,
  ...word(6),
  0x30,
  0x45,
  ...key,
  0x01,
  0x01,
];

/**
 * GS ( L 64 "KC": which images are stored. Answered `37 72` with 40 (the last block) or 41 (more follow), the two
 * characters of each key, and `00`; the printer waits for ACK after each block.
 */
export const listImages: readonly number[] = [...imageCommand, ...word(4), 0x30, 0x40, 0x4b, 0x43];

/** ACK: the block was received, the next one may come. */
export const blockReceived: readonly number[] = [0x06];
