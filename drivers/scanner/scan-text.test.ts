import { describe, expect, it, test } from 'vitest';
import { scanOfBytes } from '#drivers/scanner/scan-text.ts';
import { vendorOfUsbId, vendorSymbologyOf } from '#drivers/scanner/vendor-symbology.ts';

const latin = (text: string): Uint8Array => Buffer.from(text, 'latin1');
// 苹果 in GB 18030.
const apple = [0xc6, 0xbb, 0xb9, 0xfb];

describe('what a scanner read', () => {
  test.each([
    ['UTF-8', Buffer.from('苹果'), null, '苹果'],
    ['GB 18030', Uint8Array.from(apple), null, '苹果'],
    ['UTF-8 announced by ECI', Buffer.from('\\000026苹果'), ']Q2', '苹果'],
    ['GB 18030 announced by ECI', Uint8Array.from([...latin('\\000032'), ...apple]), ']Q2', '苹果'],
    ['a doubled backslash under ECI', latin('a\\\\b'), ']Q2', 'a\\b'],
    ['six digits after a backslash without ECI are data', latin('\\000026a'), ']Q1', '\\000026a'],
    ['digits announced by ECI', latin('\\000003134567890123456789'), ']Q2', '134567890123456789'],
  ])('%s', (_, data, aim, text) => expect(scanOfBytes({ data, aim })?.text).toBe(text));

  it('names the print by AIM first and by the vendor where AIM says nothing', () => {
    const data = latin('134567890123456789');
    expect(scanOfBytes({ data, aim: ']Q1', vendorSymbology: 'ean-13' })).toEqual({
      text: '134567890123456789',
      aim: ']Q1',
      symbology: 'qr',
    });
    expect(scanOfBytes({ data, aim: null, vendorSymbology: 'qr' })).toMatchObject({
      symbology: 'qr',
    });
    expect(scanOfBytes({ data, aim: ']X0', vendorSymbology: 'qr' })).toMatchObject({
      symbology: 'qr',
    });
    expect(scanOfBytes({ data, aim: null })).toEqual({ text: '134567890123456789' });
  });

  it('what is no text in any encoding is nothing', () => {
    expect(scanOfBytes({ data: Uint8Array.of(0xff, 0xff), aim: null })).toBeNull();
    expect(scanOfBytes({ data: latin('\\000026'), aim: ']Q2' })).toBeNull();
  });

  it('believes the vendor byte of Honeywell and Youjie only', () => {
    expect(vendorSymbologyOf(vendorOfUsbId(0x0c2e), 0x73)).toBe('qr');
    expect(vendorSymbologyOf(vendorOfUsbId(0x23d0), 0x64)).toBe('ean-13');
    expect(vendorSymbologyOf(vendorOfUsbId(0x1eab), 0x73)).toBeUndefined();
    expect(vendorSymbologyOf('honeywell', 0x00)).toBeUndefined();
    expect(vendorOfUsbId(undefined)).toBe('other');
  });
});
