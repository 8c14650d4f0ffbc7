import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { HidInfo, SerialInfo, Surroundings } from '#drivers/discovery/surroundings.ts';

/** A /dev and a /sys of our own, as Linux lays them out, in a temporary folder. */
export interface CounterTree {
  readonly around: Surroundings;
  readonly dev: string;
  /** A USB device in a socket, e.g. place "1-1.2". */
  usb(place: string, ids: UsbAttributes): void;
  /** A serial node of one of its interfaces. */
  tty(name: string, at?: { readonly place: string; readonly interfaceNumber?: number }): void;
  lp(name: string, at: { readonly place: string; readonly deviceId: string }): void;
  unplug(node: string): void;
  remove(): void;
}

export interface UsbAttributes {
  readonly idVendor: string;
  readonly idProduct: string;
  readonly serial?: string;
  readonly manufacturer?: string;
  readonly product?: string;
  /** Class of its only interface, hex; "ff" is the maker's own. */
  readonly interfaceClass?: string;
}

export function createCounterTree(change: Partial<Surroundings> = {}): CounterTree {
  const root = mkdtempSync(join(tmpdir(), 'greentill-tree-'));
  const [dev, sys] = [join(root, 'dev'), join(root, 'sys')];
  const devices = join(sys, 'devices/usb1');
  mkdirSync(dev, { recursive: true });
  const interfaceFolder = (place: string, interfaceNumber: number): string =>
    join(devices, place, `${place}:1.${interfaceNumber}`);
  return {
    dev,
    around: {
      platform: 'linux',
      devRoot: dev,
      sysRoot: sys,
      listSerial: () => Promise.reject(Object.assign(new Error('udevadm'), { code: 'ENOENT' })),
      listHid: () => Promise.resolve([]),
      mayOpen: () => Promise.resolve(true),
      groupOf: () => Promise.resolve('dialout'),
      ...change,
    },
    usb: (place, { interfaceClass = 'ff', ...attributes }) => {
      for (const [name, text] of Object.entries(attributes))
        write(join(devices, place, name), text);
      const face = interfaceFolder(place, 0);
      write(join(face, 'bInterfaceClass'), interfaceClass);
      write(join(face, 'bInterfaceNumber'), '00');
      link(join(sys, 'bus/usb/devices', place), join(devices, place));
      link(join(sys, 'bus/usb/devices', `${place}:1.0`), face);
    },
    tty: (name, at) => {
      write(join(dev, name), '');
      if (!at) return write(join(sys, 'class/tty', name, 'type'), '4');
      const face = interfaceFolder(at.place, at.interfaceNumber ?? 0);
      write(join(face, 'bInterfaceNumber'), `0${at.interfaceNumber ?? 0}`);
      mkdirSync(join(face, name), { recursive: true });
      link(join(sys, 'class/tty', name, 'device'), join(face, name));
    },
    lp: (name, { place, deviceId }) => {
      write(join(dev, 'usb', name), '');
      const face = interfaceFolder(place, 0);
      write(join(face, 'ieee1284_id'), deviceId);
      link(join(sys, 'class/usbmisc', name, 'device'), face);
    },
    unplug: (node) => {
      removed(join(dev, node));
      removed(join(sys, 'class/tty', node));
      removed(join(sys, 'class/usbmisc', node));
    },
    remove: () => removed(root),
  };
}

const write = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text}\n`);
};

const link = (path: string, target: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(relative(dirname(path), target), path);
};

const removed = (path: string): void => rmSync(path, { recursive: true, force: true });

/** One row of `SerialPort.list()`. */
export const serialInfo = (info: Partial<SerialInfo> & { readonly path: string }): SerialInfo => ({
  manufacturer: undefined,
  serialNumber: undefined,
  locationId: undefined,
  vendorId: undefined,
  productId: undefined,
  ...info,
});

/** One row of node-hid's list: a Newland scanner in HID POS mode unless told otherwise. */
export const hidInfo = (info: Partial<HidInfo> = {}): HidInfo => ({
  path: '/dev/hidraw0',
  vendorId: 0x1eab,
  productId: 0x0110,
  serialNumber: 'NL1',
  manufacturer: 'Newland',
  product: 'HR200',
  interface: 0,
  usagePage: 0x8c,
  usage: 0x02,
  ...info,
});
