import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultCodeRules, maskCode, recogniseCode } from '#shared/tender/recognise-code.ts';

const digits = (prefix: string, length: number) => prefix.padEnd(length, '7');
const fullWidth = (text: string) =>
  text.replaceAll(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));

describe('recogniseCode', () => {
  test.each([
    ['wechat', '10', 18],
    ['wechat', '13', 18],
    ['wechat', '15', 18],
    ['alipay', '25', 16],
    ['alipay', '28', 18],
    ['alipay', '30', 24],
    ['unionpay', '62', 19],
  ])('%s owns prefix %s with %i digits', (wallet, prefix, length) => {
    const code = digits(prefix, length);
    expect(recogniseCode(code)).toEqual({ type: 'wallet', wallet, code });
  });

  test('a member code is digits with our own prefix', () => {
    const code = digits('99', 262);
    expect(recogniseCode(code)).toEqual({ type: 'member', code });
  });

  test.each([
    ['a prefix next to WeChat', digits('16', 18)],
    ['a prefix before WeChat', digits('09', 18)],
    ['WeChat, one digit short', digits('13', 17)],
    ['WeChat, one digit long', digits('13', 19)],
    ['a prefix next to Alipay', digits('31', 18)],
    ['a prefix before Alipay', digits('24', 18)],
    ['Alipay, too short', digits('28', 15)],
    ['Alipay, too long', digits('28', 25)],
    ['UnionPay, one digit short', digits('62', 18)],
    ['a goods barcode', '6901234567892'],
    ['a link', 'https://example.com/pay/134567890123456789'],
    ['a face token', `fp${'a'.repeat(33)}`],
    ['two scans glued together', digits('13', 18) + digits('13', 18)],
    ['a space inside', '1345678 0123456789'],
    ['a line break inside', '134567890\n23456789'],
    ['a minus sign', '-13456789012345678'],
    ['a member prefix on a short code', digits('99', 18)],
  ])('%s is unknown, not a guess', (_, code) => {
    expect(recogniseCode(code)).toEqual({ type: 'unknown', reason: 'no-rule' });
  });

  test('what a scanner adds at both ends is trimmed', () => {
    const code = digits('13', 18);
    expect(recogniseCode(` ${code}\r\n`)).toEqual({ type: 'wallet', wallet: 'wechat', code });
    expect(recogniseCode(`\t${code}`)).toEqual({ type: 'wallet', wallet: 'wechat', code });
  });

  test('empty, over-long and full-width input each say why', () => {
    expect(recogniseCode(' \r\n')).toEqual({ type: 'unknown', reason: 'empty' });
    expect(recogniseCode(digits('99', 513))).toEqual({ type: 'unknown', reason: 'too-long' });
    expect(recogniseCode(fullWidth('134567890123456789'))).toEqual({
      type: 'unknown',
      reason: 'not-ascii',
    });
  });

  test('no code is described by two rules', () => {
    const prefix = fc.integer({ min: 0, max: 99 }).map((value) => String(value).padStart(2, '0'));
    fc.assert(
      fc.property(prefix, fc.integer({ min: 2, max: 512 }), (start, length) => {
        const owners = defaultCodeRules.filter(
          (rule) => recogniseCode(digits(start, length), [rule]).type !== 'unknown',
        );
        expect(owners.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });

  test('any text at all gets an answer, and a wallet only ever gets digits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const scanned = recogniseCode(text);
        if (scanned.type !== 'unknown') expect(scanned.code).toMatch(/^[0-9]{16,512}$/);
      }),
    );
  });

  test('a newer table from the cloud can teach a new prefix', () => {
    const rules = [
      ...defaultCodeRules,
      { kind: 'unionpay', prefixMin: 1, prefixMax: 1, digitsMin: 19, digitsMax: 19 } as const,
    ];
    expect(recogniseCode(digits('01', 19), rules)).toMatchObject({ wallet: 'unionpay' });
  });
});

describe('maskCode', () => {
  test('keeps the first two and the last four characters', () => {
    expect(maskCode('134567890123456789')).toBe('13****6789');
    expect(maskCode(digits('99', 262))).toBe('99****7777');
  });

  test('of a short text nothing is shown', () => {
    expect(maskCode('13456')).toBe('****');
    expect(maskCode('12345678901')).toBe('****');
    expect(maskCode('')).toBe('****');
  });

  test('never shows more than six characters of a code, and fits the wire', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{0,512}$/), (code) => {
        expect(maskCode(code).replaceAll('*', '').length).toBeLessThanOrEqual(6);
        expect(maskCode(code).length).toBeLessThanOrEqual(32);
      }),
    );
  });
});
