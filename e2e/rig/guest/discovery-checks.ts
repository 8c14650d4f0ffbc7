import { listPorts } from '#drivers/discovery/list-ports.ts';
import { usbIdText, type FoundPort } from '#drivers/discovery/found-port.ts';
import { thisMachine } from '#drivers/discovery/surroundings.ts';
import { until, type Check } from './checks.ts';
import type { Devices } from './devices.ts';

/** Kind and USB ids of everything that the rig has; each must be found with its own path. */
const expected = [
  'serial 0403:6001',
  'serial 2fb8:2102',
  'usb-lp 0416:5011',
  'hid 0c2e:0b6a',
] as const;

const kindAndIds = (port: FoundPort): string =>
  `${port.kind} ${port.usb === null ? '' : usbIdText(port.usb)}`;

/** Our discovery against what the kernel and udev say of real devices. */
export const discoveryChecks = (devices: Devices): readonly Check[] => [
  {
    name: 'discovery: finds cable, box, printer and scanner by their ids, and loses what was pulled',
    run: async () => {
      await Promise.all([devices.box.plug(), devices.usbPrinter.plug(), devices.hidScanner.plug()]);
      const found = await until(
        'all four kinds in the list',
        async () => {
          const { ports } = await listPorts(thisMachine);
          const seen = ports.map((port) => kindAndIds(port));
          return expected.every((one) => seen.includes(one)) && ports;
        },
        15_000,
      );
      await devices.box.pull();
      await devices.usbPrinter.pull();
      await devices.hidScanner.pull();
      await until('only the cable left', async () => {
        const { ports } = await listPorts(thisMachine);
        return (
          ports
            .filter((port) => port.usb !== null)
            .map((port) => kindAndIds(port))
            .join() === expected[0]
        );
      });
      return found
        .filter((port) => port.usb !== null)
        .map((port) => `${kindAndIds(port)} ${port.path} "${port.label}"`)
        .join('; ');
    },
  },
];
