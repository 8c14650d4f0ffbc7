import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { checkDigitHolds } from '#shared/scan/check-digit.ts';
import { gs1CharsMax, gs1ElementsMax, gs1Separator, parseGs1 } from '#shared/scan/gs1.ts';
import {
  expandUpcE,
  readDigitalLink,
  readGs1Product,
  readRetailCode,
} from '#shared/scan/product-code.ts';

const told = (text: string): string => {
  const parsed = parseGs1(text);
  return parsed.ok
    ? parsed.value.map(({ ai, value }) => `(${ai})${value}`).join('')
    : `!${parsed.error.type}`;
};

describe('GS1 element strings', () => {
  test.each([
    [
      'fixed lengths need no separator',
      '01069012345678921726123110B7',
      '(01)06901234567892(17)261231(10)B7',
    ],
    ['a batch ends at the separator', '10AB-1\x1d17261200', '(10)AB-1(17)261200'],
    ['FNC1 before the first element is skipped', '\x1d0106901234567892', '(01)06901234567892'],
    [
      'a separator after a fixed length is harmless',
      '0106901234567892\x1d21S1',
      '(01)06901234567892(21)S1',
    ],
    [
      'weights have AIs of four digits',
      '010690123456789231030012503922995',
      '(01)06901234567892(3103)001250(3922)995',
    ],
    ['a place is a key with a check digit', '4106901234567892', '(410)6901234567892'],
    ['company-internal', '99ANY/THING', '(99)ANY/THING'],
    ['nothing', '', '!gs1-empty'],
    ['only separators', '\x1d\x1d', '!gs1-empty'],
    ['an AI that is not assigned', '05123', '!gs1-ai-unknown'],
    ['letters for an AI', 'AB12', '!gs1-ai-unknown'],
    ['an AI without its last digit', '31', '!gs1-ai-unknown'],
    ['a GTIN that is too short', '01069012345', '!gs1-value'],
    ['a GTIN with a wrong check digit', '0106901234567893', '!gs1-check-digit'],
    ['an empty batch', '10\x1d17261231', '!gs1-value'],
    ['a batch of 21 characters', `10${'A'.repeat(21)}`, '!gs1-value'],
    ['month 13', '17261331', '!gs1-value'],
    ['30 February', '17260230', '!gs1-value'],
    ['control bytes in a value', '10A\x02B', '!gs1-value'],
  ])('%s', (_, text, expected) => expect(told(text)).toBe(expected));

  it('is bounded: no more elements and no more characters than any print holds', () => {
    const many = Array.from({ length: gs1ElementsMax + 1 }, () => '20AA'.replace('AA', '07')).join(
      '',
    );
    expect(told(many)).toBe('!gs1-too-long');
    expect(told(many.slice(4))).toContain('(20)07');
    expect(told('9'.repeat(gs1CharsMax + 1))).toBe('!gs1-too-long');
  });

  it('any text gets an answer, and what is answered is exactly what was written', () => {
    const text = fc.array(
      fc.oneof(
        fc.constantFrom('0106901234567892', '10AB', '17261231', '21X', gs1Separator, '3103001250'),
        fc.string({ maxLength: 5, unit: 'binary' }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(text, (parts) => {
        const whole = parts.join('');
        const parsed = parseGs1(whole);
        if (!parsed.ok) return;
        const back = parsed.value.map(({ ai, value }) => ai + value).join('');
        expect(back).toBe(whole.replaceAll(gs1Separator, ''));
      }),
    );
  });
});

describe('product codes', () => {
  test.each([
    ['EAN-13', '6901234567892', undefined, '06901234567892'],
    ['EAN-13 with a 2-digit add-on', '690123456789205', 'ean-13', '06901234567892'],
    ['EAN-13 with a 5-digit add-on', '690123456789254321', 'ean-13', '06901234567892'],
    ['EAN-8', '96385074', undefined, '00000096385074'],
    ['UPC-A', '036000291452', undefined, '00036000291452'],
    ['UPC-E', '04252614', 'upc-e', '00042100005264'],
    ['UPC-E of a scanner that does not say so', '04252614', undefined, '00042100005264'],
    ['ITF-14', '16901234567899', undefined, '16901234567899'],
  ] as const)('%s', (_, text, symbology, gtin) => {
    expect(readRetailCode(text, symbology)).toEqual({ gtin });
  });

  test.each(['6901234567893', '690123456789', '134567890123456789', '69012345678x2', '', '7'])(
    '%s is none',
    (text) => expect(readRetailCode(text, undefined)).toBeUndefined(),
  );

  test.each([
    ['04252614', '042100005264'],
    ['01234531', '012300000451'],
    ['01234543', '012340000053'],
    ['01234565', '012345000065'],
  ])('UPC-E %s stands for %s', (short, long) => {
    expect([expandUpcE(short), checkDigitHolds(long)]).toEqual([long, true]);
  });

  it('reads batch, expiry and serial next to the GTIN', () => {
    expect(readGs1Product('01069012345678921726123110B7\x1d21S-1')).toEqual({
      gtin: '06901234567892',
      batch: 'B7',
      expiry: '261231',
      serial: 'S-1',
    });
    expect(readGs1Product('10B7')).toBeUndefined();
  });

  it('reads the GTIN in a web address', () => {
    const gtin = '06901234567892';
    expect(readDigitalLink('https://id.gs1.org/01/06901234567892/10/B7?17=261231')).toEqual({
      gtin,
    });
    expect(readDigitalLink('HTTPS://SHOP.CN/p/01/6901234567892')).toEqual({ gtin });
    expect(readDigitalLink('https://id.gs1.org/01/06901234567893')).toBeUndefined();
    expect(readDigitalLink('https://id.gs1.org/?x=/01/06901234567892')).toBeUndefined();
  });

  it('one wrong digit is always found', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[0-9]{12}$/),
        fc.nat(11),
        fc.integer({ min: 1, max: 9 }),
        (body, at, by) => {
          const check = '0123456789'.split('').find((digit) => checkDigitHolds(body + digit)) ?? '';
          const wrong = String((Number(body.charAt(at)) + by) % 10);
          expect(checkDigitHolds(body + check)).toBe(true);
          expect(checkDigitHolds(body.slice(0, at) + wrong + body.slice(at + 1) + check)).toBe(
            false,
          );
        },
      ),
    );
  });
});
