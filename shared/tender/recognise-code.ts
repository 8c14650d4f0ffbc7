import type { ScannedCode, Wallet } from '#shared/tender/payment-code.ts';

/** One row of the code table: digits only, a range of two-digit prefixes, a range of lengths. Both ends included. */
export interface CodeRule {
  readonly kind: Wallet | 'member';
  readonly prefixMin: number;
  readonly prefixMax: number;
  readonly digitsMin: number;
  readonly digitsMax: number;
}

/** The two digits that begin our own member codes. No wallet of {@link defaultCodeRules} begins with them. */
export const memberCodePrefix = '99';

/**
 * Which code belongs to whom. Plain data, so that a newer table can come from the cloud.
 * Sources: WeChat Pay codepay guide (18 digits, 10-15), Alipay trade.pay (16-24 digits, 25-30),
 * UnionPay QR (19 digits, 62). Member codes: shared/member/member-code.ts.
 */
export const defaultCodeRules: readonly CodeRule[] = [
  { kind: 'wechat', prefixMin: 10, prefixMax: 15, digitsMin: 18, digitsMax: 18 },
  { kind: 'alipay', prefixMin: 25, prefixMax: 30, digitsMin: 16, digitsMax: 24 },
  { kind: 'unionpay', prefixMin: 62, prefixMax: 62, digitsMin: 19, digitsMax: 19 },
  { kind: 'member', prefixMin: 99, prefixMax: 99, digitsMin: 100, digitsMax: 512 },
];

/** The rules with the number of their edition: a newer table replaces an older one as a whole. */
export interface CodeTable {
  /** Grows with each edition, 1.. */
  readonly version: number;
  readonly rules: readonly CodeRule[];
}

export const defaultCodeTable: CodeTable = { version: 1, rules: defaultCodeRules };

/** The longest scan that is looked at, in characters, after trimming. */
export const scanCharsMax = 512;

const digitsOnly = /^[0-9]+$/;
const beyondAscii = /\P{ASCII}/u;

/**
 * Says what a scan is, by the table alone. What no row describes is `unknown`: it is shown as such, never guessed.
 * Checks run in this order: empty, too long, not ASCII, table.
 */
export function recogniseCode(
  text: string,
  rules: readonly CodeRule[] = defaultCodeRules,
): ScannedCode {
  const code = text.trim();
  if (code === '') return { type: 'unknown', reason: 'empty' };
  if (code.length > scanCharsMax) return { type: 'unknown', reason: 'too-long' };
  // Full-width digits come from an input method that swallowed the scan; they must not pass as digits.
  if (beyondAscii.test(code)) return { type: 'unknown', reason: 'not-ascii' };
  const rule = rules.find((candidate) => describes(candidate, code));
  if (rule === undefined) return { type: 'unknown', reason: 'no-rule' };
  return rule.kind === 'member'
    ? { type: 'member', code }
    : { type: 'wallet', wallet: rule.kind, code };
}

const maskedDigitsMin = 12;

/**
 * The only form in which a payment code may be logged, stored or shown: the first two and the last four characters.
 * Of a code shorter than {@link maskedDigitsMin} characters nothing is shown. The mask has at most 10 characters.
 */
export function maskCode(code: string): string {
  return code.length < maskedDigitsMin ? '****' : `${code.slice(0, 2)}****${code.slice(-4)}`;
}

function describes(rule: CodeRule, code: string): boolean {
  if (!digitsOnly.test(code)) return false;
  const prefix = Number(code.slice(0, 2));
  return (
    code.length >= rule.digitsMin &&
    code.length <= rule.digitsMax &&
    prefix >= rule.prefixMin &&
    prefix <= rule.prefixMax
  );
}
