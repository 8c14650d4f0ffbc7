/**
 * What is known of makers and products by their USB numbers, as data. Source: usb.ids of 2025-07-26
 * (http://www.linux-usb.org/usb.ids) and the makers' manuals. A number proves little: bridges carry anything, and
 * clones carry the numbers of others, so a row is a reason to suggest and never a decision.
 */
export interface UsbMaker {
  /** 0..0xFFFF */
  readonly vendorId: number;
  readonly name: string;
  readonly makes: 'scanner' | 'printer' | 'bridge';
}

export interface UsbProduct {
  readonly vendorId: number;
  readonly productId: number;
  readonly name: string;
  readonly role: 'scanner' | 'printer';
}

export const usbMakers: readonly UsbMaker[] = [
  { vendorId: 0x1eab, name: 'Newland 新大陆', makes: 'scanner' },
  { vendorId: 0x0c2e, name: 'Metrologic/Honeywell', makes: 'scanner' },
  { vendorId: 0x0536, name: 'Hand Held Products/Honeywell', makes: 'scanner' },
  { vendorId: 0x05e0, name: 'Symbol/Zebra', makes: 'scanner' },
  { vendorId: 0x05f9, name: 'PSC/Datalogic', makes: 'scanner' },
  { vendorId: 0x080c, name: 'Datalogic', makes: 'scanner' },
  { vendorId: 0x065a, name: 'Opticon', makes: 'scanner' },
  { vendorId: 0x076d, name: 'Denso', makes: 'scanner' },
  { vendorId: 0x27dd, name: 'Mindeo 民德', makes: 'scanner' },
  { vendorId: 0x23d0, name: 'Youjie 优解', makes: 'scanner' },
  { vendorId: 0x04b8, name: 'Epson', makes: 'printer' },
  { vendorId: 0x154f, name: 'SNBC 新北洋', makes: 'printer' },
  { vendorId: 0x1a86, name: 'WCH CH340', makes: 'bridge' },
  { vendorId: 0x067b, name: 'Prolific PL2303', makes: 'bridge' },
  { vendorId: 0x0403, name: 'FTDI', makes: 'bridge' },
  { vendorId: 0x10c4, name: 'Silicon Labs CP210x', makes: 'bridge' },
];

export const usbProducts: readonly UsbProduct[] = [
  { vendorId: 0x1eab, productId: 0x0103, name: 'Newland HR200 (keyboard)', role: 'scanner' },
  { vendorId: 0x1eab, productId: 0x0106, name: 'Newland HR200 (CDC)', role: 'scanner' },
  { vendorId: 0x1eab, productId: 0x0110, name: 'Newland HR200 (HID POS)', role: 'scanner' },
  { vendorId: 0x1eab, productId: 0x0c03, name: 'Newland HR100', role: 'scanner' },
  { vendorId: 0x1eab, productId: 0x0c06, name: 'Newland HR100', role: 'scanner' },
  { vendorId: 0x0c2e, productId: 0x0200, name: 'Metrologic scanner', role: 'scanner' },
  { vendorId: 0x0c2e, productId: 0x0204, name: 'Metrologic scanner (keyboard)', role: 'scanner' },
  { vendorId: 0x0c2e, productId: 0x0700, name: 'Metrologic scanner (serial)', role: 'scanner' },
  { vendorId: 0x05e0, productId: 0x1200, name: 'Symbol scanner', role: 'scanner' },
  { vendorId: 0x05e0, productId: 0x1701, name: 'Symbol scanner (CDC)', role: 'scanner' },
  { vendorId: 0x05f9, productId: 0x2202, name: 'PSC scanner', role: 'scanner' },
  { vendorId: 0x05f9, productId: 0x2601, name: 'Datalogic scanner', role: 'scanner' },
];

export const makerOf = (vendorId: number): UsbMaker | undefined =>
  usbMakers.find((maker) => maker.vendorId === vendorId);
