import type { FoundPort } from '#drivers/discovery/found-port.ts';
import { usbDevices, type UsbDevice } from '#drivers/discovery/linux-usb.ts';
import type { Surroundings } from '#drivers/discovery/surroundings.ts';
import { makerOf } from '#drivers/discovery/usb-products.ts';

const printerClass = 0x07;
const hidClass = 0x03;

/**
 * USB devices that ought to be a port and are none: a serial bridge (CH340, PL2303, FTDI, CP210x)
 * or a printer whose driver is missing, or was taken by another program (brltty is known to take
 * the CH340). Linux only: elsewhere a device without a driver cannot be seen from here.
 */
export async function listDriverless(
  around: Surroundings,
  ports: readonly FoundPort[],
): Promise<readonly FoundPort[]> {
  if (around.platform !== 'linux') return [];
  const devices = await usbDevices(around.sysRoot);
  return devices.filter((device) => isExpected(device) && !isPort(device, ports)).map(asPort);
}

function isExpected({ ids, interfaces }: UsbDevice): boolean {
  if (hasPrinter(interfaces)) return true;
  // The makers of bridges build HID things too; those need no serial driver.
  const onlyHid = interfaces.length > 0 && interfaces.every((each) => each.usbClass === hidClass);
  return makerOf(ids.vendorId)?.makes === 'bridge' && !onlyHid;
}

const hasPrinter = (interfaces: UsbDevice['interfaces']): boolean =>
  interfaces.some((each) => each.usbClass === printerClass);

const isPort = ({ ids }: UsbDevice, ports: readonly FoundPort[]): boolean =>
  ports.some(({ usb }) => usb?.place === ids.place);

const asPort = ({ ids, label, interfaces }: UsbDevice): FoundPort => ({
  kind: 'usb',
  path: '',
  usb: ids,
  label,
  usage: null,
  printerClass: hasPrinter(interfaces),
  problem: 'device-driver-missing',
  group: null,
});
