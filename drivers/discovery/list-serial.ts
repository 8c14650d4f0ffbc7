import { basename, join } from 'node:path';
import {
  labelOf,
  type FoundPort,
  type ListProblem,
  type PortList,
} from '#drivers/discovery/found-port.ts';
import { namesIn, readAttribute, usbBehind, type UsbFacts } from '#drivers/discovery/linux-usb.ts';
import type { SerialInfo, Surroundings } from '#drivers/discovery/surroundings.ts';

/** Names under /dev that are serial ports worth showing, when there is no udev to ask. */
const serialNames = /^tty(USB|ACM|S|AMA|WCHUSB)\d+$/;
/** Ports on the mainboard exist as nodes whether there is a chip behind them or not: type 0 is "no chip". */
const noChip = '0';

/** Serial ports that are plugged in. Without `udevadm` the nodes of /dev are read instead, and the list says so. */
export async function listSerialPorts(around: Surroundings): Promise<PortList> {
  const { infos, problems } = await readList(around);
  const ports: FoundPort[] = [];
  for (const info of infos) {
    if (!(await hasChip(around, info.path))) continue;
    ports.push(await portOf(around, info));
  }
  return { ports, problems };
}

async function readList(around: Surroundings): Promise<{
  readonly infos: readonly SerialInfo[];
  readonly problems: readonly ListProblem[];
}> {
  try {
    return { infos: await around.listSerial(), problems: [] };
  } catch (failure) {
    const { code } = failure as NodeJS.ErrnoException;
    if (around.platform !== 'linux') return { infos: [], problems: ['device-list-failed'] };
    const names = (await namesIn(around.devRoot)).filter((name) => serialNames.test(name));
    return {
      infos: names.map((name) => bare(join(around.devRoot, name))),
      problems: [code === 'ENOENT' ? 'device-list-no-udev' : 'device-list-failed'],
    };
  }
}

const bare = (path: string): SerialInfo => ({
  path,
  manufacturer: undefined,
  serialNumber: undefined,
  locationId: undefined,
  vendorId: undefined,
  productId: undefined,
});

async function hasChip({ platform, sysRoot }: Surroundings, path: string): Promise<boolean> {
  const name = basename(path);
  if (platform !== 'linux' || !/^ttyS\d+$/.test(name)) return true;
  return (await readAttribute(join(sysRoot, 'class/tty', name, 'type'))) !== noChip;
}

async function portOf(around: Surroundings, info: SerialInfo): Promise<FoundPort> {
  const name = basename(info.path);
  const facts =
    around.platform === 'linux'
      ? ((await usbBehind(join(around.sysRoot, 'class/tty', name, 'device'))) ?? usbOf(info))
      : usbOf(info);
  const allowed = await around.mayOpen(info.path);
  return {
    kind: 'serial',
    path: info.path,
    usb: facts?.ids ?? null,
    label: facts?.label ?? labelOf(info.manufacturer),
    usage: null,
    printerClass: false,
    problem: allowed ? null : 'device-permission',
    group: await around.groupOf(info.path),
  };
}

/** From what the list itself says: Windows writes 1A86, macOS 0x1a86 or 1a86. */
function usbOf(info: SerialInfo): UsbFacts | null {
  const vendorId = Number.parseInt(info.vendorId ?? '', 16);
  const productId = Number.parseInt(info.productId ?? '', 16);
  if (!isUsbNumber(vendorId) || !isUsbNumber(productId)) return null;
  return {
    ids: {
      vendorId,
      productId,
      serialNumber: serialNumberOf(info),
      place: info.locationId ?? '',
      interfaceNumber: -1,
    },
    label: labelOf(info.manufacturer),
  };
}

const isUsbNumber = (value: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= 0xffff;

/** Windows makes a serial number up ("5&2F3D9A1&0&3") where the device has none: the socket is in it, no identity. */
const serialNumberOf = ({ serialNumber = '' }: SerialInfo): string =>
  serialNumber.includes('&') ? '' : labelOf(serialNumber);
