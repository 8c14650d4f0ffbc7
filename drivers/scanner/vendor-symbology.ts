import type { Symbology } from '#shared/scan/symbology.ts';

/** Whose table the vendor byte of a HID report follows. Of others it means nothing. */
export type ScannerVendor = 'honeywell' | 'other';

/**
 * USB vendor ids whose scanners use Honeywell's table: Metrologic/Honeywell and Youjie. Source:
 * usb.ids, WebHID library.
 */
const honeywellVendorIds: ReadonlySet<number> = new Set([0x0c2e, 0x0536, 0x23d0]);

export const vendorOfUsbId = (vendorId: number | undefined): ScannerVendor =>
  vendorId !== undefined && honeywellVendorIds.has(vendorId) ? 'honeywell' : 'other';

/** Honeywell code ids. Source: Honeywell user guides, "Symbology Charts"; NielsLeenheer/WebHidBarcodeScanner (MIT). */
const honeywellIds: ReadonlyMap<number, Symbology> = new Map([
  [0x3c, 'code-32'],
  [0x44, 'ean-8'],
  [0x45, 'upc-e'],
  [0x48, 'han-xin'],
  [0x49, 'gs1-128'],
  [0x51, 'china-post'],
  [0x52, 'micro-pdf417'],
  [0x56, 'codablock-a'],
  [0x59, 'nec-2-of-5'],
  [0x61, 'codabar'],
  [0x62, 'code-39'],
  [0x63, 'upc-a'],
  [0x64, 'ean-13'],
  [0x65, 'interleaved-2-of-5'],
  [0x66, 'straight-2-of-5'],
  [0x67, 'msi'],
  [0x68, 'code-11'],
  [0x69, 'code-93'],
  [0x6a, 'code-128'],
  [0x6c, 'code-49'],
  [0x6d, 'matrix-2-of-5'],
  [0x71, 'codablock-f'],
  [0x72, 'pdf417'],
  [0x73, 'qr'],
  [0x74, 'telepen'],
  [0x77, 'data-matrix'],
  [0x78, 'maxicode'],
  [0x79, 'databar'],
  [0x7a, 'aztec'],
  [0x7b, 'databar'],
  [0x7d, 'databar'],
]);

/** What the vendor byte says, or undefined when it says nothing that is known. */
export const vendorSymbologyOf = (vendor: ScannerVendor, byte: number): Symbology | undefined =>
  vendor === 'honeywell' ? honeywellIds.get(byte) : undefined;
