import { existsSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createFarEnd, type PluggedDevice } from '../far-end.ts';
import { until } from './checks.ts';
import { createGadget } from './gadget.ts';

/**
 * A HID point-of-sale scanner by its report descriptor: usage page 0x8C, input report 2 of 64 bytes with its id. Usages
 * from the USB-IF HID Point of Sale Usage Tables 1.02, section 5; the same layout as in drivers/scanner/hid-pos.ts.
 */
const posScannerDescriptor = Buffer.from(
  [
    '058c 0902 a101', // page bar code scanner, usage scanner, collection application
    '0912 a102 8502', // usage scanned data report, collection logical, report id 2
    '1500 26ff00 7508', // bytes of 0..255
    '0501 093b 9501 8102', // page desktop, byte count
    '058c 09fb 09fc 09fd 9503 8102', // AIM identifier
    '09fe 9538 820201', // 56 bytes of data
    '0666ff 0904 0900 9502 8102', // two bytes of the vendor
    '058c 09ff 2501 7501 9501 8102', // more reports follow
    '7507 8103 c0c0', // seven bits of padding, both collections end
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
);
const reportBytes = 64;
export const hidScannerPath = '/dev/hidraw0';
const farNode = '/dev/hidg0';

/** The scanner's own end: one send is one report. Reports that nobody reads any more are lost, as on a real cable. */
export function createHidScannerDevice(): PluggedDevice {
  const gadget = createGadget({
    name: 'scanner',
    vendorId: '0x0c2e',
    productId: '0x0b6a',
    function: 'hid.scanner',
    attributes: { report_length: String(reportBytes), report_desc: posScannerDescriptor },
  });
  let file: FileHandle | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  const far = createFarEnd({
    address: farNode,
    send: (report) => {
      const to = file;
      turn = turn.then(() => to?.write(report)).catch(() => undefined);
    },
    isPresent: () => file !== null,
  });
  return {
    hand: () => far.hand(),
    plug: async () => {
      if (file !== null) return;
      gadget.plug();
      await until(hidScannerPath, () => existsSync(hidScannerPath) && existsSync(farNode));
      file = await open(farNode, 'r+');
      far.tellPresence(true);
    },
    pull: async () => {
      const gone = file;
      if (gone === null) return;
      gadget.pull();
      file = null;
      await turn;
      await gone.close();
      far.tellPresence(false);
    },
  };
}
