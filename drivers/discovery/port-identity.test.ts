import { describe, expect, it } from 'vitest';
import type { FoundPort, UsbIds } from '#drivers/discovery/found-port.ts';
import { findPort, identityOf, identityText } from '#drivers/discovery/port-identity.ts';
import { suggestRole } from '#drivers/discovery/suggest-role.ts';

const port = (
  path: string,
  usb: Partial<UsbIds> | null,
  rest: Partial<FoundPort> = {},
): FoundPort => ({
  kind: 'serial',
  path,
  usb:
    usb === null
      ? null
      : {
          vendorId: 0x1a86,
          productId: 0x7523,
          serialNumber: '',
          place: '',
          interfaceNumber: 0,
          ...usb,
        },
  label: '',
  usage: null,
  printerClass: false,
  problem: null,
  group: null,
  ...rest,
});

describe('identity of a port', () => {
  it('by its serial number it is found under any name and in any socket', () => {
    const before = port('/dev/ttyUSB0', { serialNumber: 'A1', place: '1-1' });
    const identity = identityOf(before, [before]);
    expect(identityText(identity)).toBe('usb 1a86:7523 A1');
    const after = port('/dev/ttyUSB1', { serialNumber: 'A1', place: '1-4' });
    const other = port('/dev/ttyUSB0', { serialNumber: 'B2', place: '1-1' });
    expect(findPort(identity, 'serial', [other, after])?.path).toBe('/dev/ttyUSB1');
    expect(findPort(identity, 'serial', [other])).toBeNull();
    expect(findPort(identity, 'hid', [after])).toBeNull();
  });

  it('two of one model without serial numbers never change places, whatever their names become', () => {
    const scanner = port('/dev/ttyUSB0', { place: '1-1' });
    const printer = port('/dev/ttyUSB1', { place: '1-2' });
    const identity = identityOf(scanner, [scanner, printer]);
    expect(identity.type).toBe('usb-place');
    const swapped = [
      port('/dev/ttyUSB1', { place: '1-1' }),
      port('/dev/ttyUSB0', { place: '1-2' }),
    ];
    expect(findPort(identity, 'serial', swapped)?.path).toBe('/dev/ttyUSB1');
    expect(findPort(identity, 'serial', [port('/dev/ttyUSB0', { place: '1-2' })])).toBeNull();
  });

  it('a serial number that two devices share identifies neither: the socket does', () => {
    const [one, two] = [
      port('/dev/ttyACM0', { serialNumber: '0001', place: '1-1' }),
      port('/dev/ttyACM1', { serialNumber: '0001', place: '1-2' }),
    ];
    expect(identityOf(one, [one, two]).type).toBe('usb-place');
    // Bound while it was alone, its twin came later.
    const alone = identityOf(one, [one]);
    expect(findPort(alone, 'serial', [two, one])?.path).toBe('/dev/ttyACM0');
    expect(
      findPort(alone, 'serial', [
        two,
        port('/dev/ttyACM2', { serialNumber: '0001', place: '1-3' }),
      ]),
    ).toBeNull();
  });

  it('the second port of one device is another port', () => {
    const [first, second] = [
      port('/dev/ttyACM0', { serialNumber: 'X', place: '1-1', interfaceNumber: 0 }),
      port('/dev/ttyACM1', { serialNumber: 'X', place: '1-1', interfaceNumber: 2 }),
    ];
    const identity = identityOf(second, [first, second]);
    expect(findPort(identity, 'serial', [first, second])?.path).toBe('/dev/ttyACM1');
  });

  it('a port of the mainboard, and one whose socket is not known, is its name', () => {
    for (const each of [port('/dev/ttyS0', null), port('COM3', {})]) {
      const identity = identityOf(each, [each]);
      expect(identityText(identity)).toBe(`path ${each.path}`);
      expect(findPort(identity, 'serial', [each])).toBe(each);
    }
  });
});

describe('suggested role', () => {
  const newland = { vendorId: 0x1eab, productId: 0x0110 };
  it.each([
    [
      'usage page 8C, any maker',
      port('', {}, { usage: { page: 0x8c, id: 2 } }),
      'scanner usage-page likely',
    ],
    ['USB printer class', port('', {}, { printerClass: true }), 'printer printer-class likely'],
    ['a product of the table', port('', newland), 'scanner known-product likely'],
    [
      'a maker of scanners',
      port('', { vendorId: 0x27dd, productId: 1 }),
      'scanner known-vendor possible',
    ],
    [
      'a maker of printers',
      port('', { vendorId: 0x04b8, productId: 1 }),
      'printer known-vendor possible',
    ],
    [
      'its own words',
      port('', {}, { label: 'STM Barcode Scanner' }),
      'scanner description possible',
    ],
    ['a bare CH340', port('', {}, { label: 'USB Serial' }), 'none'],
    [
      'a bare FTDI',
      port('', { vendorId: 0x403, productId: 0x6001 }, { label: 'FT232R USB UART' }),
      'none',
    ],
    ['no USB at all', port('/dev/ttyS0', null), 'none'],
  ])('%s', (_, found, expected) => {
    const told = suggestRole(found);
    expect(told === null ? 'none' : `${told.role} ${told.reason} ${told.certainty}`).toBe(expected);
  });
});
