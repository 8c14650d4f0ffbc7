import { readAim, type AimMeaning } from '#shared/scan/aim.ts';
import { gs1Separator, parseGs1, type Gs1Element } from '#shared/scan/gs1.ts';
import {
  productOfElements,
  readDigitalLink,
  readGs1Product,
  readRetailCode,
  type ProductCode,
} from '#shared/scan/product-code.ts';
import type { Scan } from '#shared/scan/scan.ts';
import { couponCodePrefix } from '#shared/wire/v1/promotion.ts';
import type { Symbology } from '#shared/scan/symbology.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import {
  defaultCodeTable,
  recogniseCode,
  scanCharsMax,
  type CodeTable,
} from '#shared/tender/recognise-code.ts';

/** What a scan is for. Only `payment` may ever be charged and only `member` may name or debit a member. */
export type RoutedScan =
  | { readonly type: 'payment'; readonly wallet: Wallet; readonly code: string }
  | { readonly type: 'member'; readonly code: string }
  /** One of our own coupons at a partner's counter; `token` as the cloud knows it. */
  | { readonly type: 'coupon'; readonly token: string }
  /** A coupon or refund slip printed as a retail or GS1 code. */
  | { readonly type: 'voucher'; readonly by: 'retail-prefix' | 'gs1' }
  | {
      readonly type: 'product';
      readonly product: ProductCode;
      readonly by: 'digits' | 'gs1' | 'digital-link';
    }
  /** A web address: our own receipt's claim code, somebody's receiving code, or any page. */
  | { readonly type: 'link'; readonly purpose: 'claim' | 'static-payment' | 'page' }
  | { readonly type: 'unknown'; readonly reason: UnknownReason };

export type UnknownReason =
  | 'empty'
  | 'too-long'
  /** The kind of print cannot be a payment code although the digits would fit, e.g. a Code 39. */
  | 'wrong-carrier'
  | 'gs1-without-product'
  /** A Chinese input method made the digits of a keyboard scanner wide. They are never made narrow and charged. */
  | 'full-width'
  | 'not-ascii'
  | 'no-rule';

export interface RouteContext {
  /** Which code belongs to whom; default {@link defaultCodeTable}. */
  readonly table?: CodeTable;
  /** Where the claim codes on our receipts begin; empty or absent = not known. */
  readonly claimBaseUrl?: string;
}

/** Kinds of print in which wallets and members show their codes. What a scanner cannot name is no evidence. */
const payCarriers: ReadonlySet<Symbology | undefined> = new Set<Symbology | undefined>([
  undefined,
  'code-128',
  'not-a-barcode',
  'other',
  'qr',
]);

const retailCarriers: ReadonlySet<Symbology | undefined> = new Set<Symbology | undefined>([
  'ean-13',
  'ean-8',
  'ean-add-on',
  'upc-a',
  'upc-e',
]);

/** What the wallets' standing receiving codes begin with, lower case. They name a payee: nothing can be charged. */
export const staticPaymentPrefixes: readonly string[] = [
  'https://qr.alipay.com/',
  'https://qr.95516.com/',
  'https://wx.tenpay.com/',
  'weixin://wxpay/',
  'wxp://',
];

/** EAN prefixes of refund slips and coupons. Source: GS1 General Specifications, list of prefixes. */
const voucherPrefix = /^(?:05|98[0-4]|99)/;
/** AIs of coupons: 255 (global coupon number), 8110 and 8112 (coupons of North America). */
const voucherAis: ReadonlySet<string> = new Set(['255', '8110', '8112']);

/**
 * Says what a scan is for, from its text and from what the scanner knows of the print. Pure. The order decides: a
 * retail print is never a payment code; what its print declares as GS1 is read as GS1; then the table of wallets and
 * members; then addresses; then digits that check as a product's. What nothing describes is unknown, never guessed.
 */
export function routeScan(scan: Scan, context: RouteContext = {}): RoutedScan {
  const text = scan.text.trim();
  if (text === '') return unknown('empty');
  if (text.length > scanCharsMax) return unknown('too-long');
  const meaning = scan.aim === undefined ? undefined : readAim(scan.aim, text.length);
  const carrier = scan.symbology ?? meaning?.symbology;
  if (retailCarriers.has(carrier)) return routeRetail(text, carrier) ?? unknown('no-rule');
  if (isGs1(text, carrier, meaning)) return routeGs1(text);
  return (
    routeByTable(text, carrier, context.table ?? defaultCodeTable) ??
    routeCoupon(text, carrier) ??
    routeLink(text, context.claimBaseUrl ?? '') ??
    routeRetail(text, carrier) ??
    routeBareGs1(text) ??
    unknown(whyUnknown(text, context.table ?? defaultCodeTable))
  );
}

const unknown = (reason: UnknownReason): RoutedScan => ({ type: 'unknown', reason });

function isGs1(
  text: string,
  carrier: Symbology | undefined,
  meaning: AimMeaning | undefined,
): boolean {
  return (
    meaning?.convention === 'gs1' ||
    carrier === 'gs1-128' ||
    carrier === 'databar' ||
    text.includes(gs1Separator)
  );
}

function routeGs1(text: string): RoutedScan {
  const parsed = parseGs1(text);
  if (!parsed.ok) return unknown('gs1-without-product');
  if (parsed.value.some(({ ai }: Gs1Element) => voucherAis.has(ai))) {
    return { type: 'voucher', by: 'gs1' };
  }
  const product = productOfElements(parsed.value);
  return product === undefined
    ? unknown('gs1-without-product')
    : { type: 'product', product, by: 'gs1' };
}

function routeByTable(
  text: string,
  carrier: Symbology | undefined,
  table: CodeTable,
): RoutedScan | undefined {
  const scanned = recogniseCode(text, table.rules);
  if (scanned.type === 'unknown') return undefined;
  if (!payCarriers.has(carrier)) return unknown('wrong-carrier');
  return scanned.type === 'member'
    ? { type: 'member', code: scanned.code }
    : { type: 'payment', wallet: scanned.wallet, code: scanned.code };
}

/** Letters are those of the alphabet of Crockford's base 32; caps lock may have turned them. */
const couponCode = new RegExp(`^${couponCodePrefix}([0-9A-HJKMNP-TV-Z]{16})$`);

function routeCoupon(text: string, carrier: Symbology | undefined): RoutedScan | undefined {
  const token = couponCode.exec(text.toUpperCase())?.[1];
  if (token === undefined) return undefined;
  return payCarriers.has(carrier) ? { type: 'coupon', token } : unknown('wrong-carrier');
}

function routeLink(text: string, claimBaseUrl: string): RoutedScan | undefined {
  if (!/^[a-z][a-z0-9+.-]{1,30}:\/\/\S+$/i.test(text)) return undefined;
  const lower = text.toLowerCase();
  if (claimBaseUrl !== '' && lower.startsWith(claimBaseUrl.toLowerCase())) {
    return { type: 'link', purpose: 'claim' };
  }
  if (staticPaymentPrefixes.some((prefix) => lower.startsWith(prefix))) {
    return { type: 'link', purpose: 'static-payment' };
  }
  const product = readDigitalLink(text);
  return product === undefined
    ? { type: 'link', purpose: 'page' }
    : { type: 'product', product, by: 'digital-link' };
}

function routeRetail(text: string, carrier: Symbology | undefined): RoutedScan | undefined {
  const product = readRetailCode(text, carrier);
  if (product === undefined) return undefined;
  const isRetail = product.gtin.startsWith('0') && text.length >= 12;
  return isRetail && voucherPrefix.test(product.gtin.slice(1))
    ? { type: 'voucher', by: 'retail-prefix' }
    : { type: 'product', product, by: 'digits' };
}

/** A scanner that tells no kind of print and drops FNC1: only a whole string that begins with a checked GTIN counts. */
function routeBareGs1(text: string): RoutedScan | undefined {
  const product = /^01[0-9]{14}/.test(text) ? readGs1Product(text) : undefined;
  return product === undefined ? undefined : { type: 'product', product, by: 'gs1' };
}

function whyUnknown(text: string, table: CodeTable): UnknownReason {
  const narrow = text.normalize('NFKC');
  if (narrow !== text && recogniseCode(narrow, table.rules).type !== 'unknown') return 'full-width';
  return /\P{ASCII}/u.test(text) ? 'not-ascii' : 'no-rule';
}
