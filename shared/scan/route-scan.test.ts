import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { undoCapsLock } from '#shared/scan/caps-lock.ts';
import { fitsKnownCode } from '#shared/scan/fits-known-code.ts';
import { routeScan, staticPaymentPrefixes, type RoutedScan } from '#shared/scan/route-scan.ts';
import type { Scan } from '#shared/scan/scan.ts';

const wechat = '134567890123456789';
const alipay = '287654321098765432';
const unionpay = '6212345678901234567';
const member = '99'.padEnd(262, '7');
const claimBaseUrl = 'https://points.example/c/';

const told = (routed: RoutedScan): string => {
  switch (routed.type) {
    case 'payment':
      return `payment ${routed.wallet}`;
    case 'product':
      return `product ${routed.product.gtin} by ${routed.by}`;
    case 'coupon':
      return `coupon ${routed.token}`;
    case 'voucher':
      return `voucher by ${routed.by}`;
    case 'link':
      return `link ${routed.purpose}`;
    case 'unknown':
      return `unknown ${routed.reason}`;
    case 'member':
      return 'member';
  }
};

const isToken = (text: string): boolean => text === 'fp77';

const wide = (text: string): string =>
  text.replaceAll(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));

describe('routeScan', () => {
  const cases: readonly (readonly [string, Scan, string])[] = [
    ['a payment code, print unknown', { text: wechat }, 'payment wechat'],
    ['our own coupon', { text: 'GTC10EYS5PMZ6T0W74T5' }, 'coupon 0EYS5PMZ6T0W74T5'],
    ['our own coupon, caps lock', { text: 'gtc10eys5pmz6t0w74t5' }, 'coupon 0EYS5PMZ6T0W74T5'],
    [
      'our own coupon as QR',
      { text: 'GTC10EYS5PMZ6T0W74T5', aim: ']Q1' },
      'coupon 0EYS5PMZ6T0W74T5',
    ],
    ['a coupon cut off', { text: 'GTC10EYS5PMZ6T0W74T' }, 'unknown no-rule'],
    ['a coupon as Code 39', { text: 'GTC10EYS5PMZ6T0W74T5', aim: ']A0' }, 'unknown wrong-carrier'],
    ['a payment code as QR', { text: alipay, aim: ']Q1' }, 'payment alipay'],
    ['a payment code as Code 128', { text: unionpay, aim: ']C0' }, 'payment unionpay'],
    [
      'a payment code, kind told by the vendor',
      { text: wechat, symbology: 'qr' },
      'payment wechat',
    ],
    ['a payment code of a scanner without names', { text: wechat, aim: ']X0' }, 'payment wechat'],
    ['a member code', { text: member, aim: ']Q1' }, 'member'],
    ['payment digits in a Code 39', { text: wechat, aim: ']A0' }, 'unknown wrong-carrier'],
    ['payment digits in a DataMatrix', { text: wechat, aim: ']d1' }, 'unknown wrong-carrier'],
    ['payment digits in a GS1-128', { text: wechat, aim: ']C1' }, 'unknown gs1-without-product'],
    ['payment digits in a retail print', { text: wechat, aim: ']E0' }, 'unknown no-rule'],
    [
      'a magazine: EAN-13 and add-on have 18 digits',
      { text: '130123456789554321', aim: ']E3' },
      'product 01301234567895 by digits',
    ],
    ['EAN-13', { text: '6901234567892' }, 'product 06901234567892 by digits'],
    [
      'EAN-13 with its name',
      { text: '6901234567892', aim: ']E0' },
      'product 06901234567892 by digits',
    ],
    ['EAN-13 with a wrong check digit', { text: '6901234567893' }, 'unknown no-rule'],
    ['EAN-8', { text: '96385074', aim: ']E4' }, 'product 00000096385074 by digits'],
    ['UPC-A', { text: '036000291452', aim: ']E0' }, 'product 00036000291452 by digits'],
    ['UPC-E', { text: '04252614', aim: ']E0' }, 'product 00042100005264 by digits'],
    ['ITF-14', { text: '16901234567899', aim: ']I1' }, 'product 16901234567899 by digits'],
    [
      'a product in a Code 128',
      { text: '6901234567892', aim: ']C0' },
      'product 06901234567892 by digits',
    ],
    ['GS1-128', { text: '0106901234567892', aim: ']C1' }, 'product 06901234567892 by gs1'],
    [
      'GS1 DataMatrix',
      { text: '010690123456789210B\x1d21S', aim: ']d2' },
      'product 06901234567892 by gs1',
    ],
    ['GS1 QR', { text: '0106901234567892', aim: ']Q3' }, 'product 06901234567892 by gs1'],
    ['GS1 DataBar', { text: '0106901234567892', aim: ']e0' }, 'product 06901234567892 by gs1'],
    ['GS1 by its separator', { text: '10B\x1d0106901234567892' }, 'product 06901234567892 by gs1'],
    [
      'GS1 without any sign of it',
      { text: '010690123456789217261231' },
      'product 06901234567892 by gs1',
    ],
    ['a pallet', { text: '00106141412345678908', aim: ']C1' }, 'unknown gs1-without-product'],
    [
      'a digital link',
      { text: 'https://id.gs1.org/01/06901234567892' },
      'product 06901234567892 by digital-link',
    ],
    ['a coupon by its prefix', { text: '9912345678909' }, 'voucher by retail-prefix'],
    ['a refund slip', { text: '9801234567892', aim: ']E0' }, 'voucher by retail-prefix'],
    ['a coupon of a UPC shop', { text: '512345678900' }, 'voucher by retail-prefix'],
    ['a coupon by its AI', { text: '2556901234567892', aim: ']C1' }, 'voucher by gs1'],
    ['the claim code of our receipt', { text: `${claimBaseUrl}0123456789ABCDEF` }, 'link claim'],
    ['somebody’s receiving code', { text: 'wxp://f2f0abcDEF' }, 'link static-payment'],
    ['the same in capitals', { text: 'HTTPS://QR.ALIPAY.COM/FKX01234' }, 'link static-payment'],
    ['a page', { text: 'https://example.com/a?b=134567890123456789' }, 'link page'],
    ['text around a link', { text: 'see https://example.com' }, 'unknown no-rule'],
    ['full-width digits are explained, not charged', { text: wide(wechat) }, 'unknown full-width'],
    ['Chinese text', { text: '苹果 5 元' }, 'unknown not-ascii'],
    ['a face token', { text: `fp${'a'.repeat(33)}` }, 'unknown no-rule'],
    ['nothing', { text: ' \r\n' }, 'unknown empty'],
    ['too much', { text: '9'.repeat(513) }, 'unknown too-long'],
  ];
  test.each(cases)('%s', (_, scan, expected) => {
    expect(told(routeScan(scan, { claimBaseUrl }))).toBe(expected);
  });

  it('an EAN or UPC print is never a payment or a member code, whatever its digits', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[0-9]{1,24}$/),
        fc.constantFrom(']E0', ']E1', ']E2', ']E3', ']E4'),
        (text, aim) => {
          expect(told(routeScan({ text, aim }))).not.toMatch(/^payment|^member/);
        },
      ),
    );
  });

  it('only digits that a wallet owns are ever charged, from any text and any print', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.stringMatching(/^[0-9]{8,26}$/)),
        fc.option(fc.stringMatching(/^\][A-Za-z][A-Z0-9a-z]$/), { nil: undefined }),
        (text, aim) => {
          const routed = routeScan(aim === undefined ? { text } : { text, aim });
          if (routed.type === 'payment') expect(routed.code).toMatch(/^[0-9]{16,24}$/);
        },
      ),
    );
  });

  it('a newer table teaches a new wallet prefix', () => {
    const rule = {
      kind: 'unionpay',
      prefixMin: 1,
      prefixMax: 1,
      digitsMin: 19,
      digitsMax: 19,
    } as const;
    const table = { version: 2, rules: [rule] };
    expect(told(routeScan({ text: '0112345678901234567' }, { table }))).toBe('payment unionpay');
    expect(told(routeScan({ text: wechat }, { table }))).toBe('unknown no-rule');
  });

  it('receiving codes are held in lower case, as they are compared', () => {
    expect(staticPaymentPrefixes.map((each) => each.toLowerCase())).toEqual(staticPaymentPrefixes);
  });
});

describe('caps lock', () => {
  test.each([
    ['HTTPS://EXAMPLE.COM/aBC', 'https://example.com/Abc'],
    ['https://example.com/Abc', 'https://example.com/Abc'],
    [wechat, wechat],
    ['AbC-123', 'AbC-123'],
  ])('%s becomes %s', (typed, meant) => expect(undoCapsLock(typed)).toBe(meant));

  it('turns letters when only that makes a code of them', () => {
    expect([undoCapsLock('FP77', isToken), undoCapsLock('fp77', isToken)]).toEqual([
      'fp77',
      'fp77',
    ]);
  });

  it('leaves digits alone', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{1,30}$/), (text) => {
        expect(undoCapsLock(text)).toBe(text);
        expect(undoCapsLock(text, fitsKnownCode)).toBe(text);
      }),
    );
  });
});
