import { afterEach, describe, expect, it } from 'vitest';
import { listPorts } from '#drivers/discovery/list-ports.ts';
import { readDeviceId } from '#drivers/discovery/list-usb-lp.ts';
import { groupNamed, thisMachine } from '#drivers/discovery/surroundings.ts';
import {
  createCounterTree,
  hidInfo,
  serialInfo,
  type CounterTree,
} from '#drivers/discovery/testing/counter-tree.ts';
import type { Surroundings } from '#drivers/discovery/surroundings.ts';

let tree: CounterTree;
afterEach(() => tree.remove());

const counter = (change: Partial<Surroundings> = {}): CounterTree => {
  tree = createCounterTree(change);
  return tree;
};
const ftdi = { idVendor: '0403', idProduct: '6001', serial: 'A50285BI', product: 'FT232R' };
const ch340 = { idVendor: '1a86', idProduct: '7523', product: 'USB Serial' };

const failing = () => Promise.reject(new Error('registry'));

describe('listing ports', () => {
  it('without udevadm: the nodes of /dev with all that /sys knows, and the list says so', async () => {
    const here = counter();
    here.usb('1-1.2', ftdi);
    here.tty('ttyUSB0', { place: '1-1.2' });
    here.tty('tty7');
    expect(await listPorts(here.around)).toMatchObject({
      problems: ['device-list-no-udev'],
      ports: [
        {
          kind: 'serial',
          path: `${here.dev}/ttyUSB0`,
          label: 'FT232R',
          usb: { vendorId: 0x403, productId: 0x6001, serialNumber: 'A50285BI', place: '1-1.2' },
          problem: null,
        },
      ],
    });
  });

  it('the real lister, with a PATH that has no udevadm, rejects nothing and says why it is poorer', async () => {
    counter();
    const { PATH } = process.env;
    process.env['PATH'] = '/nonexistent';
    try {
      const around = { ...tree.around, listSerial: thisMachine.listSerial };
      if (process.platform === 'linux')
        expect((await listPorts(around)).problems).toEqual(['device-list-no-udev']);
    } finally {
      process.env['PATH'] = PATH;
    }
  });

  it('a list that fails for another reason says so, on any system', async () => {
    expect(await listPorts(counter({ platform: 'win32', listSerial: failing }).around)).toEqual({
      ports: [],
      problems: ['device-list-failed'],
    });
    tree.remove();
    expect((await listPorts(counter({ listSerial: failing }).around)).problems).toEqual([
      'device-list-failed',
    ]);
  });

  it('a mainboard port without a chip behind its node is not shown', async () => {
    const here = counter();
    here.tty('ttyS0');
    here.tty('ttyS1');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${here.around.sysRoot}/class/tty/ttyS1/type`, '0\n');
    expect((await listPorts(here.around)).ports.map(({ path }) => path)).toEqual([
      `${here.dev}/ttyS0`,
    ]);
  });

  it('a port that this user may not open says so, and which group may', async () => {
    const here = counter({ mayOpen: () => Promise.resolve(false) });
    here.usb('1-1', ftdi);
    here.tty('ttyUSB0', { place: '1-1' });
    expect((await listPorts(here.around)).ports).toMatchObject([
      { problem: 'device-permission', group: 'dialout' },
    ]);
    expect(groupNamed('root:x:0:\ndialout:x:20:till,anna\nlp:x:7:', 20)).toBe('dialout');
    expect(groupNamed('root:x:0:', 20)).toBeNull();
  });

  it.each(['1a86', '067b', '0403', '10c4'])(
    'a bridge %s without a port has no driver; with its port it is fine',
    async (idVendor) => {
      const here = counter();
      here.usb('1-1', { idVendor, idProduct: '0001', product: 'USB Serial' });
      expect((await listPorts(here.around)).ports).toMatchObject([
        { kind: 'usb', path: '', problem: 'device-driver-missing', label: 'USB Serial' },
      ]);
      here.tty('ttyUSB0', { place: '1-1' });
      expect((await listPorts(here.around)).ports).toMatchObject([
        { kind: 'serial', problem: null },
      ]);
    },
  );

  it('what a maker of bridges builds as HID, and what is no bridge, is left alone', async () => {
    const here = counter();
    here.usb('1-1', { ...ch340, interfaceClass: '03' });
    here.usb('1-2', { idVendor: '046d', idProduct: 'c077' });
    expect((await listPorts(here.around)).ports).toEqual([]);
  });

  it('a USB printer is found by its node and names itself; without its node its driver is missing', async () => {
    const here = counter();
    here.usb('1-3', { idVendor: '0416', idProduct: '5011', interfaceClass: '07' });
    expect((await listPorts(here.around)).ports).toMatchObject([
      { kind: 'usb', problem: 'device-driver-missing', printerClass: true },
    ]);
    here.lp('lp0', { place: '1-3', deviceId: 'MFG:Xprinter;CMD:ESC/POS;MDL:XP-58;' });
    expect((await listPorts(here.around)).ports).toMatchObject([
      { kind: 'usb-lp', path: `${here.dev}/usb/lp0`, label: 'Xprinter XP-58', printerClass: true },
    ]);
  });

  it('of the HID devices only scanners are shown: by usage page, or as a keyboard of a maker of scanners', async () => {
    const keyboard = { usagePage: 1, usage: 6 };
    const listHid = () =>
      Promise.resolve([
        hidInfo(),
        hidInfo({ path: '/dev/hidraw1', productId: 0x0103, ...keyboard }),
        hidInfo({ path: '/dev/hidraw2', vendorId: 0x046d, ...keyboard }),
        hidInfo({ path: '/dev/hidraw3', vendorId: 0x046d, usagePage: 1, usage: 2 }),
      ]);
    const { ports } = await listPorts(counter({ listHid }).around);
    expect(ports.map(({ path, usage }) => [path, usage?.page])).toEqual([
      ['/dev/hidraw0', 0x8c],
      ['/dev/hidraw1', 0x01],
    ]);
  });

  it('a machine whose HID library does not load lists everything else', async () => {
    const here = counter({ listHid: () => Promise.reject(new Error('no prebuild')) });
    here.tty('ttyUSB0');
    const { ports, problems } = await listPorts(here.around);
    expect(ports).toHaveLength(1);
    expect(problems).toContain('device-hid-unavailable');
  });

  it.each([
    {
      platform: 'win32',
      info: { path: 'COM3', vendorId: '1A86', productId: '7523', serialNumber: '5&2f3d9a1&0&3' },
      usb: { vendorId: 0x1a86, productId: 0x7523, serialNumber: '' },
    },
    {
      platform: 'darwin',
      info: {
        path: '/dev/tty.usbserial-A5',
        vendorId: '0403',
        productId: '6001',
        locationId: '14',
      },
      usb: { vendorId: 0x403, productId: 0x6001, place: '14' },
    },
    { platform: 'win32', info: { path: 'COM1' }, usb: null },
  ] as const)('$platform: reads what the system says of $info.path', async (row) => {
    const listSerial = () => Promise.resolve([serialInfo(row.info)]);
    const { ports } = await listPorts(counter({ platform: row.platform, listSerial }).around);
    expect(ports).toMatchObject([{ path: row.info.path, usb: row.usb }]);
  });
});

describe('IEEE 1284 device id', () => {
  it.each([
    ['MFG:EPSON;MDL:TM-T20;CLS:PRINTER;', { maker: 'EPSON', model: 'TM-T20' }],
    ['manufacturer:Gprinter ;MODEL: GP-58;', { maker: 'Gprinter', model: 'GP-58' }],
    ['', { maker: '', model: '' }],
    [';;:;MDL;', { maker: '', model: '' }],
  ])('%s', (text, expected) => expect(readDeviceId(text)).toEqual(expected));
});
