import { basename, join } from 'node:path';
import { labelOf, type FoundPort, type PortList } from '#drivers/discovery/found-port.ts';
import { usbBehind } from '#drivers/discovery/linux-usb.ts';
import { scannerUsagePage } from '#drivers/discovery/suggest-role.ts';
import type { HidInfo, Surroundings } from '#drivers/discovery/surroundings.ts';
import { makerOf } from '#drivers/discovery/usb-products.ts';

/** Page 1, usage 6: a keyboard. A scanner that shows itself so types into the window. */
const keyboardUsage = { page: 0x01, id: 0x06 } as const;

/** Scanners among the HID devices. Mice, keyboards and the rest of the desk are left out. */
export async function listHidPorts(around: Surroundings): Promise<PortList> {
  let infos: readonly HidInfo[];
  try {
    infos = await around.listHid();
  } catch {
    return { ports: [], problems: ['device-hid-unavailable'] };
  }
  const ports: FoundPort[] = [];
  for (const info of infos) {
    if (isPosScanner(info) || isTypingScanner(info)) ports.push(await portOf(around, info));
  }
  return { ports, problems: [] };
}

const isPosScanner = (info: HidInfo): boolean => info.usagePage === scannerUsagePage;

const isTypingScanner = (info: HidInfo): boolean =>
  info.usagePage === keyboardUsage.page &&
  info.usage === keyboardUsage.id &&
  makerOf(info.vendorId)?.makes === 'scanner';

/** It shows itself as a keyboard: the window hears it, nothing else may. */
export const typesLikeKeyboard = (port: FoundPort): boolean =>
  port.kind === 'hid' && port.usage?.page === keyboardUsage.page;

async function portOf(around: Surroundings, info: HidInfo): Promise<FoundPort> {
  const path = info.path ?? '';
  const linux = around.platform === 'linux';
  const link = join(around.sysRoot, 'class/hidraw', basename(path), 'device');
  const facts = linux && path !== '' ? await usbBehind(link) : null;
  const typing = isTypingScanner(info);
  const allowed = typing || !linux || (await around.mayOpen(path));
  return {
    kind: 'hid',
    path,
    usb: {
      vendorId: info.vendorId,
      productId: info.productId,
      serialNumber: labelOf(info.serialNumber),
      place: facts?.ids.place ?? '',
      interfaceNumber: info.interface,
    },
    label: labelOf(info.manufacturer, info.product),
    usage: { page: info.usagePage ?? 0, id: info.usage ?? 0 },
    printerClass: false,
    problem: allowed ? null : 'device-permission',
    group: linux && path !== '' ? await around.groupOf(path) : null,
  };
}
