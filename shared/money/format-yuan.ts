import {
  amountFenMax,
  fen,
  orderAmount,
  type Fen,
  type OrderAmountError,
} from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** Fen as yuan with two decimals and thousands separators: 123450 -> "1,234.50". Never by way of a float. */
export function formatYuan(amountFen: Fen): string {
  const digits = String(Math.abs(amountFen)).padStart(3, '0');
  const yuan = digits.slice(0, -2).replace(/\B(?=(?:\d{3})+$)/g, ',');
  return `${amountFen < 0 ? '-' : ''}${yuan}.${digits.slice(-2)}`;
}

export type YuanTextError =
  | { readonly type: 'amount-not-a-number' }
  | { readonly type: 'amount-not-positive' }
  | { readonly type: 'amount-too-precise' }
  | { readonly type: 'amount-over-limit'; readonly limitFen: Fen };

/** The longest text that is looked at, in characters. */
export const yuanTextCharsMax = 32;

const plainNumber = /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/;
const groupedNumber = /^[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?$/;

/**
 * Reads yuan as people type them ("12.5", "12.", ".5", "1,234.50") or as {@link formatYuan} writes them; zero is
 * an amount here. Errors, in this order: letters or no number at all, negative, more than two decimals, too large.
 */
export function parseYuan(text: string): Result<Fen, YuanTextError> {
  const trimmed = text.trim();
  if (trimmed.length > yuanTextCharsMax) return err({ type: 'amount-not-a-number' });
  const isNegative = trimmed.startsWith('-');
  const number = isNegative ? trimmed.slice(1) : trimmed;
  if (!plainNumber.test(number) && !groupedNumber.test(number)) {
    return err({ type: 'amount-not-a-number' });
  }
  if (isNegative) return err({ type: 'amount-not-positive' });
  const [yuan = '', decimals = ''] = number.replaceAll(',', '').split('.');
  if (decimals.length > 2) return err({ type: 'amount-too-precise' });
  const value = BigInt(yuan + decimals.padEnd(2, '0'));
  if (value > amountFenMax) return err({ type: 'amount-over-limit', limitFen: fen(amountFenMax) });
  return ok(fen(Number(value)));
}

/** What a cashier may charge, from text: {@link parseYuan}, then above zero and inside the limit of one order. */
export function parseOrderYuan(text: string): Result<Fen, YuanTextError | OrderAmountError> {
  const amount = parseYuan(text);
  return amount.ok ? orderAmount(amount.value) : amount;
}
