import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { aimTable, isAimId, readAim } from '#shared/scan/aim.ts';

const told = (aim: string, textChars = 18): string => {
  const meaning = readAim(aim, textChars);
  if (meaning === undefined) return 'none';
  return `${meaning.symbology} ${meaning.convention}${meaning.eci ? ' eci' : ''}`;
};

describe('AIM identifiers', () => {
  test.each([
    [']A0', 'code-39 plain'],
    [']C0', 'code-128 plain'],
    [']C1', 'gs1-128 gs1'],
    [']C2', 'code-128 industry'],
    [']I1', 'interleaved-2-of-5 plain'],
    [']J1', 'dotcode gs1'],
    [']L2', 'pdf417 plain'],
    [']O4', 'codablock-f plain'],
    [']O6', 'codablock-a plain'],
    [']Q0', 'qr plain'],
    [']Q1', 'qr plain'],
    [']Q2', 'qr plain eci'],
    [']Q3', 'qr gs1'],
    [']Q4', 'qr gs1 eci'],
    [']Q5', 'qr industry'],
    [']U0', 'maxicode plain'],
    [']X0', 'other plain'],
    [']d1', 'data-matrix plain'],
    [']d2', 'data-matrix gs1'],
    [']d5', 'data-matrix gs1 eci'],
    [']e0', 'databar gs1'],
    [']h0', 'han-xin plain'],
    [']z0', 'aztec plain'],
    [']z1', 'aztec gs1'],
  ])('%s is %s', (aim, expected) => expect(told(aim)).toBe(expected));

  test.each([
    [']E0', 13, 'ean-13'],
    [']E0', 12, 'upc-a'],
    [']E0', 8, 'upc-e'],
    [']E4', 8, 'ean-8'],
    [']E3', 18, 'ean-13'],
    [']E1', 2, 'ean-add-on'],
    [']E2', 5, 'ean-add-on'],
  ])('%s with %i characters is %s', (aim, chars, expected) =>
    expect(told(aim, chars)).toBe(`${expected} plain`),
  );

  test.each(['', 'Q1', ']Q', ']Q12', ']1Q', '[Q1', ']Q ', ']y0', '\0\0\0'])('%j is none', (aim) =>
    expect(told(aim)).toBe('none'),
  );

  it('every letter of the table is read, and no row hides another', () => {
    for (const row of aimTable) {
      const modifier = (row.only ?? row.gs1 ?? row.industry ?? row.eci ?? '0').charAt(0);
      expect(readAim(`]${row.letter}${modifier}`, 20)?.symbology).toBe(row.symbology);
    }
  });

  it('any text is judged without a throw, and only identifiers have a meaning', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 6 }), fc.nat(2_000), (text, chars) => {
        if (readAim(text, chars) !== undefined) expect(isAimId(text)).toBe(true);
      }),
    );
  });
});
