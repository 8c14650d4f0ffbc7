/** Something that is plugged in, as the operating system describes it. Nothing here opens a port. */
export interface FoundPort {
  readonly kind: 'serial' | 'hid' | 'usb-lp' | 'usb';
  /** What to open: "/dev/ttyUSB0", "COM3", a HID path. Empty for `usb`: there is nothing to open. */
  readonly path: string;
  /** null for what is no USB device, e.g. a port on the mainboard. */
  readonly usb: UsbIds | null;
  /** Maker and product as far as it says; may be empty. At most `labelCharsMax` characters. */
  readonly label: string;
  /** HID usage page and usage; null for everything else. 0x8C/0x02 is a bar code scanner. */
  readonly usage: { readonly page: number; readonly id: number } | null;
  /** It is of the USB printer class (7). */
  readonly printerClass: boolean;
  readonly problem: 'device-driver-missing' | 'device-permission' | null;
  /** The group of the operating system that owns the port, when that is known: "dialout", "lp". */
  readonly group: string | null;
}

export interface UsbIds {
  /** 0..0xFFFF */
  readonly vendorId: number;
  /** 0..0xFFFF */
  readonly productId: number;
  /** Empty when it has none. Cheap devices of one kind often share one. */
  readonly serialNumber: string;
  /** The socket it sits in: "1-1.2" on Linux, a location id elsewhere; empty when not known. */
  readonly place: string;
  /** 0..255; -1 when not known. One device may carry several ports. */
  readonly interfaceNumber: number;
}

/** Why the list may be shorter than what is plugged in. */
export type ListProblem = 'device-list-no-udev' | 'device-list-failed' | 'device-hid-unavailable';

export interface PortList {
  readonly ports: readonly FoundPort[];
  readonly problems: readonly ListProblem[];
}

export const labelCharsMax = 120;
/** More ports than this are not looked at: no counter has them. */
export const portsMax = 48;

/** "0403:6001" */
export const usbIdText = ({ vendorId, productId }: UsbIds): string =>
  `${hex4(vendorId)}:${hex4(productId)}`;

export const hex4 = (value: number): string => value.toString(16).padStart(4, '0');

/** Words of a device about itself: control characters out, bounded. */
export const labelOf = (...words: readonly (string | undefined)[]): string =>
  words
    .map((word) => (word ?? '').replaceAll(/[\p{Cc}\uFFFD]+/gu, ' ').trim())
    .filter((word) => word !== '')
    .join(' ')
    .slice(0, labelCharsMax);
