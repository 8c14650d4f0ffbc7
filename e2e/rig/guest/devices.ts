import type { PluggedDevice } from '../far-end.ts';
import { createGadget, createGadgetDevice } from './gadget.ts';
import { createHidScannerDevice } from './hid-gadget.ts';

/** The devices that live inside the guest, on its virtual USB busses; unplugged until a check plugs them. */
export interface Devices {
  /** A 58 mm printer of the USB printer class. */
  readonly usbPrinter: PluggedDevice;
  /** A box POS, or anything else, on USB-COM (CDC-ACM). */
  readonly box: PluggedDevice;
  readonly hidScanner: PluggedDevice;
}

export const usbPrinterPath = '/dev/usb/lp0';
export const boxPath = '/dev/ttyACM0';

export function createDevices(): Devices {
  const printer = createGadget({
    name: 'receipt',
    vendorId: '0x0416',
    productId: '0x5011',
    function: 'printer.receipt',
    attributes: {
      pnp_string: 'MFG:Greentill;MDL:RIG-58;CMD:ESC/POS;CLS:PRINTER;\n',
      q_len: '10',
    },
  });
  const box = createGadget({
    name: 'box',
    vendorId: '0x2fb8',
    productId: '0x2102',
    function: 'acm.box',
  });
  return {
    usbPrinter: createGadgetDevice({
      gadget: printer,
      farNode: '/dev/g_printer0',
      nearNode: usbPrinterPath,
    }),
    box: createGadgetDevice({ gadget: box, farNode: '/dev/ttyGS0', nearNode: boxPath }),
    hidScanner: createHidScannerDevice(),
  };
}
