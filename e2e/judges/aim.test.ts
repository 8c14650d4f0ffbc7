import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readAim } from '#shared/scan/aim.ts';
import { checkDigitHolds } from '#shared/scan/check-digit.ts';
import { gs1Separator, parseGs1 } from '#shared/scan/gs1.ts';
import { expandUpcE, readDigitalLink, readRetailCode } from '#shared/scan/product-code.ts';

/** `@point-of-sale/barcode-parser` (MIT): another reader of AIM identifiers, GS1 element strings and retail codes. */
interface Judge {
  readonly Aim: {
    decode(aim: string, value: string): { symbology: string | null; fnc1?: number | boolean };
  };
  readonly GS1: {
    parse(code: {
      value: string;
      symbology?: string;
      fnc1?: number;
    }): { gtin?: string; elements: readonly { ai?: string; value: string }[] } | undefined;
  };
  readonly Detector: { detect(code: string): { symbology: string; guess: boolean } | undefined };
  readonly Symbologies: { readonly UPCE: { expand(code: string): string } };
}

const name = '@point-of-sale/barcode-parser';
const judge = loadJudge();

/** The package has no types of its own. */
function loadJudge(): Judge | undefined {
  const require = createRequire(import.meta.url);
  try {
    return require('@point-of-sale/barcode-parser') as Judge;
  } catch {
    return undefined;
  }
}

/** The judge's names for what we name otherwise. */
const ourName: Readonly<Record<string, string>> = {
  'aztec-code': 'aztec',
  'chinese-sensible-code': 'han-xin',
  code1: 'code-one',
  code11: 'code-11',
  code128: 'code-128',
  code16k: 'code-16k',
  code39: 'code-39',
  code93: 'code-93',
  ean13: 'ean-13',
  ean8: 'ean-8',
  'gs1-databar-omni': 'databar',
  'posi-code': 'posicode',
  'qr-code': 'qr',
  'super-code': 'supercode',
  upca: 'upc-a',
  upce: 'upc-e',
};

const modifiers = '0123456789ABC'.split('');
const letters = 'ABCDFGHIKLMNOPQRSUcdehopsz'.split('');

const suiteName = judge === undefined ? `${name} is not installed` : `judged by ${name}`;

describe.skipIf(judge === undefined)(suiteName, () => {
  // A suite that is skipped is collected all the same.
  const { Aim, GS1, Detector, Symbologies } = judge ?? ({} as Judge);

  test.each(letters)('letter %s names the same print with every modifier', (letter) => {
    for (const modifier of modifiers) {
      const aim = `]${letter}${modifier}`;
      const theirs = Aim.decode(aim, '12345').symbology;
      if (theirs === null) continue;
      expect([aim, readAim(aim, 5)?.symbology]).toEqual([aim, ourName[theirs] ?? theirs]);
    }
  });

  test.each([
    [']E0', 13],
    [']E0', 12],
    [']E0', 8],
    [']E3', 13],
    [']E4', 8],
  ])('%s with %i digits is the same retail print', (aim, chars) => {
    const theirs = Aim.decode(aim, '1'.repeat(chars)).symbology ?? '';
    expect(readAim(aim, chars)?.symbology).toBe(ourName[theirs]);
  });

  // The judge knows FNC1 for these letters only; DataBar it takes for GS1 by its name.
  test.each('CQdz'.split(''))('letter %s says the same of FNC1', (letter) => {
    for (const modifier of modifiers) {
      const aim = `]${letter}${modifier}`;
      const { fnc1 } = Aim.decode(aim, '12345');
      // It does not know that ]C2 has FNC1 in the second position.
      if (aim === ']C2') continue;
      const theirs = fnc1 === undefined ? 'plain' : fnc1 === 1 ? 'gs1' : 'industry';
      expect([aim, readAim(aim, 5)?.convention]).toEqual([aim, theirs]);
    }
  });

  const gtin = fc.stringMatching(/^[0-9]{13}$/).map((body) => {
    const check = '0123456789'.split('').find((digit) => checkDigitHolds(body + digit)) ?? '';
    return body + check;
  });
  const variable = fc.stringMatching(/^[A-Za-z0-9/+-]{1,20}$/);
  const date = fc
    .tuple(fc.nat(99), fc.integer({ min: 1, max: 12 }), fc.nat(28))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(''));
  const element = fc.oneof(
    gtin.map((value) => ({ ai: '01', value, ends: false })),
    fc
      .tuple(fc.constantFrom('11', '15', '17'), date)
      .map(([ai, value]) => ({ ai, value, ends: false })),
    fc
      .tuple(fc.constantFrom('10', '21', '240', '99'), variable)
      .map(([ai, value]) => ({ ai, value, ends: true })),
    fc.stringMatching(/^[0-9]{6}$/).map((value) => ({ ai: '3103', value, ends: false })),
    fc.stringMatching(/^[1-9][0-9]{0,7}$/).map((value) => ({ ai: '37', value, ends: true })),
  );

  it('cuts GS1 element strings into the same elements and finds the same GTIN', () => {
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 6 }), (elements) => {
        const last = elements.length - 1;
        const text = elements
          .map(({ ai, value, ends }, at) => ai + value + (ends && at < last ? gs1Separator : ''))
          .join('');
        const ours = parseGs1(text);
        const theirs = GS1.parse({ value: text, fnc1: 1 });
        expect(ours).toEqual({
          ok: true,
          value: theirs?.elements.map(({ ai, value }) => ({ ai, value })),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('finds the same GTIN in EAN-13, UPC-A and EAN-8, and refuses the same check digits', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(?:[2-9][0-9]{7}|[0-9]{12}|[0-9]{13})$/), (digits) => {
        const detected = Detector.detect(digits);
        const theirs =
          detected && GS1.parse({ value: digits, symbology: detected.symbology })?.gtin;
        expect(readRetailCode(digits, undefined)?.gtin).toBe(theirs);
      }),
      { numRuns: 1_000 },
    );
  });

  it('stretches every UPC-E to the same UPC-A', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^0[0-9]{7}$/), (digits) => {
        expect(expandUpcE(digits)).toBe(Symbologies.UPCE.expand(digits));
      }),
    );
  });

  it('finds the same GTIN in a GS1 web address', () => {
    fc.assert(
      fc.property(gtin, variable, (key, batch) => {
        const url = `https://id.example/01/${key}/10/${encodeURIComponent(batch)}`;
        expect(readDigitalLink(url)?.gtin).toBe(GS1.parse({ value: url })?.gtin);
      }),
    );
  });
});
