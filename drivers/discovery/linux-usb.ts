import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { labelOf, type UsbIds } from '#drivers/discovery/found-port.ts';

/** What Linux tells of a USB device in /sys, without udev and without opening anything. */
export interface UsbFacts {
  readonly ids: UsbIds;
  readonly label: string;
}

/** From a port's device link (…/1-1.2/1-1.2:1.0/ttyUSB0) up to its USB device is a handful of folders. */
const levelsMax = 8;
const attributeCharsMax = 400;

/** The USB device that the node at `deviceLink` (e.g. /sys/class/tty/ttyUSB0/device) belongs to; null when none. */
export async function usbBehind(deviceLink: string): Promise<UsbFacts | null> {
  let folder: string;
  try {
    folder = await realpath(deviceLink);
  } catch {
    return null;
  }
  let interfaceNumber = -1;
  for (let level = 0; level < levelsMax; level += 1) {
    const number = await readHex(join(folder, 'bInterfaceNumber'));
    if (number !== null) interfaceNumber = number;
    const facts = await readUsb(folder, interfaceNumber);
    if (facts !== null) return facts;
    folder = dirname(folder);
  }
  return null;
}

/** One interface of a USB device: its class, and whether a driver took it. */
export interface UsbInterface {
  readonly usbClass: number;
}

export interface UsbDevice extends UsbFacts {
  readonly interfaces: readonly UsbInterface[];
}

/** Every USB device on the bus, ports or not. */
export async function usbDevices(sysRoot: string): Promise<readonly UsbDevice[]> {
  const folder = join(sysRoot, 'bus/usb/devices');
  const names = await namesIn(folder);
  const found: UsbDevice[] = [];
  for (const name of names) {
    if (name.includes(':')) continue;
    const facts = await readUsb(join(folder, name), -1, name);
    if (facts === null) continue;
    const interfaces: UsbInterface[] = [];
    for (const other of names.filter((each) => each.startsWith(`${name}:`))) {
      const usbClass = await readHex(join(folder, other, 'bInterfaceClass'));
      if (usbClass !== null) interfaces.push({ usbClass });
    }
    found.push({ ...facts, interfaces });
  }
  return found;
}

/** Names in a folder, sorted; none when it is not there. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch {
    return [];
  }
}

/** One attribute file as text without its line end; empty when it is not there. */
export async function readAttribute(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).slice(0, attributeCharsMax).trim();
  } catch {
    return '';
  }
}

async function readUsb(
  folder: string,
  interfaceNumber: number,
  place = basename(folder),
): Promise<UsbFacts | null> {
  const vendorId = await readHex(join(folder, 'idVendor'));
  const productId = await readHex(join(folder, 'idProduct'));
  if (vendorId === null || productId === null) return null;
  const [serialNumber, maker, product] = await Promise.all(
    ['serial', 'manufacturer', 'product'].map((name) => readAttribute(join(folder, name))),
  );
  return {
    ids: { vendorId, productId, serialNumber: labelOf(serialNumber), place, interfaceNumber },
    label: labelOf(maker, product),
  };
}

async function readHex(path: string): Promise<number | null> {
  const text = await readAttribute(path);
  return /^[0-9a-f]{1,4}$/i.test(text) ? Number.parseInt(text, 16) : null;
}
