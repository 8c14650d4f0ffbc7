import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { createFarEnd, type PluggedDevice } from '../far-end.ts';
import { until } from './checks.ts';
import { openPump, type Pump } from './pump.ts';

/**
 * A USB device made of Linux's gadget functions, on the virtual bus of dummy_hcd:
 * docs.kernel.org/usb/gadget_configfs.
 */
export interface Gadget {
  plug(): void;
  /** As quick as a hand on the cable: the host side sees a disconnect, whatever was under way. */
  pull(): void;
}

export interface GadgetDeps {
  /** Product name and, with a G before it, the serial number. */
  readonly name: string;
  /** "0x2fb8" */
  readonly vendorId: string;
  readonly productId: string;
  /** Kind and instance of the function: "acm.box", "printer.receipt", "hid.scanner". */
  readonly function: string;
  readonly attributes?: Readonly<Record<string, string | Uint8Array>>;
}

const gadgets = '/sys/kernel/config/usb_gadget';
const english = '0x409';

export function createGadget(deps: GadgetDeps): Gadget {
  const folder = path.join(gadgets, deps.name);
  const strings = path.join(folder, 'strings', english);
  const config = path.join(folder, 'configs/c.1');
  const part = path.join(folder, 'functions', deps.function);
  mkdirSync(folder);
  for (const made of [strings, config, part]) mkdirSync(made);
  writeFileSync(path.join(folder, 'idVendor'), deps.vendorId);
  writeFileSync(path.join(folder, 'idProduct'), deps.productId);
  writeFileSync(path.join(strings, 'manufacturer'), 'Greentill rig');
  writeFileSync(path.join(strings, 'product'), deps.name);
  writeFileSync(path.join(strings, 'serialnumber'), `G${deps.name}`);
  for (const [name, value] of Object.entries(deps.attributes ?? {})) {
    writeFileSync(path.join(part, name), value);
  }
  symlinkSync(part, path.join(config, deps.function));
  const controller = path.join(folder, 'UDC');
  return {
    plug: () => {
      if (readFileSync(controller, 'utf8').trim() === '')
        writeFileSync(controller, freeController());
    },
    pull: () => {
      if (readFileSync(controller, 'utf8').trim() !== '') writeFileSync(controller, '\n');
    },
  };
}

function freeController(): string {
  const taken = readdirSync(gadgets).map((name) =>
    readFileSync(path.join(gadgets, name, 'UDC'), 'utf8').trim(),
  );
  const free = readdirSync('/sys/class/udc').find((name) => !taken.includes(name));
  if (free === undefined) throw new Error('every virtual USB bus is taken');
  return free;
}

export interface GadgetDeviceDeps {
  readonly gadget: Gadget;
  /** The device's own end: "/dev/ttyGS0", "/dev/g_printer0". */
  readonly farNode: string;
  /** Where the kernel's driver offers the device to us: "/dev/ttyACM0", "/dev/usb/lp0". */
  readonly nearNode: string;
}

/** A gadget whose own end is a stream of bytes, for our simulators. */
export function createGadgetDevice({ gadget, farNode, nearNode }: GadgetDeviceDeps): PluggedDevice {
  let pump: Pump | null = null;
  const far = createFarEnd({
    address: farNode,
    send: (bytes) => pump?.send(bytes),
    isPresent: () => pump !== null,
  });
  return {
    hand: () => far.hand(),
    plug: async () => {
      if (pump !== null) return;
      gadget.plug();
      // A printer gadget that is polled before its host has configured it never wakes up again.
      await until(nearNode, () => existsSync(nearNode) && existsSync(farNode));
      // A terminal must carry bytes as they are.
      const fresh = openPump(farNode.includes('tty') ? `${farNode},raw,echo=0` : farNode);
      pump = fresh;
      fresh.onBytes((chunk) => {
        if (pump === fresh) far.deliver(chunk);
      });
      far.tellPresence(true);
    },
    pull: async () => {
      const gone = pump;
      if (gone === null) return;
      gadget.pull();
      pump = null;
      await gone.stop();
      far.tellPresence(false);
    },
  };
}
