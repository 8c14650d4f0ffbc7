import { checkDigitHolds } from '#shared/scan/check-digit.ts';
import { parseGs1, type Gs1Element } from '#shared/scan/gs1.ts';
import type { Symbology } from '#shared/scan/symbology.ts';

/** What a product's code says about the product. */
export interface ProductCode {
  /** The GTIN, always as 14 digits. */
  readonly gtin: string;
  /** AI 10. */
  readonly batch?: string;
  /** AI 17, YYMMDD as printed; day 00 = the last day of the month. */
  readonly expiry?: string;
  /** AI 21. */
  readonly serial?: string;
}

/** A retail code by its digits: EAN-13, EAN-8, UPC-A, UPC-E (8 digits), GTIN-14, with a check digit that holds. */
export function readRetailCode(
  text: string,
  symbology: Symbology | undefined,
): ProductCode | undefined {
  const digits = withoutAddOn(text, symbology);
  if (!/^[0-9]+$/.test(digits)) return undefined;
  if (digits.length === 8) return readEightDigits(digits, symbology);
  const long = digits.length >= 12 && digits.length <= 14;
  return long && checkDigitHolds(digits) ? { gtin: digits.padStart(14, '0') } : undefined;
}

/** A GS1 element string with a GTIN in it. */
export function readGs1Product(text: string): ProductCode | undefined {
  const parsed = parseGs1(text);
  return parsed.ok ? productOfElements(parsed.value) : undefined;
}

export function productOfElements(elements: readonly Gs1Element[]): ProductCode | undefined {
  const valueOf = (ai: string): string | undefined =>
    elements.find((each) => each.ai === ai)?.value;
  const gtin = valueOf('01');
  if (gtin === undefined) return undefined;
  const [batch, expiry, serial] = [valueOf('10'), valueOf('17'), valueOf('21')];
  return {
    gtin,
    ...(batch === undefined ? {} : { batch }),
    ...(expiry === undefined ? {} : { expiry }),
    ...(serial === undefined ? {} : { serial }),
  };
}

/** A GS1 Digital Link: a web address with "/01/" and the GTIN in its path. Source: GS1 Digital Link URI Syntax 1.4. */
export function readDigitalLink(url: string): ProductCode | undefined {
  const gtin = /^https?:\/\/[^/?#]+(?:\/[^?#]*)?\/01\/([0-9]{8,14})(?=[/?#]|$)/i.exec(url)?.[1];
  return gtin !== undefined && checkDigitHolds(gtin) ? { gtin: gtin.padStart(14, '0') } : undefined;
}

/** The twelve digits of a UPC-A that a UPC-E stands for. Source: GS1 General Specifications, zero suppression. */
export function expandUpcE(digits: string): string {
  const [system, body, check] = [digits.slice(0, 1), digits.slice(1, 7), digits.slice(7)];
  const last = Number(body.charAt(5));
  if (last <= 2) return `${system}${body.slice(0, 2)}${last}0000${body.slice(2, 5)}${check}`;
  if (last === 3) return `${system}${body.slice(0, 3)}00000${body.slice(3, 5)}${check}`;
  if (last === 4) return `${system}${body.slice(0, 4)}00000${body.slice(4, 5)}${check}`;
  return `${system}${body.slice(0, 5)}0000${last}${check}`;
}

function readEightDigits(
  digits: string,
  symbology: Symbology | undefined,
): ProductCode | undefined {
  const upcA = digits.startsWith('0') ? expandUpcE(digits) : '';
  if (symbology !== 'ean-8' && checkDigitHolds(upcA)) return { gtin: upcA.padStart(14, '0') };
  return symbology !== 'upc-e' && checkDigitHolds(digits)
    ? { gtin: digits.padStart(14, '0') }
    : undefined;
}

/** ]E3 sends the two or five digits of the add-on right after the thirteen of the main symbol. */
function withoutAddOn(text: string, symbology: Symbology | undefined): string {
  const main = symbology === 'ean-13' && (text.length === 15 || text.length === 18);
  return main ? text.slice(0, 13) : text;
}
