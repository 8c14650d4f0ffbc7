import type { Brand } from '#shared/ids/brand.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** Money in integer fen (1 yuan = 100 fen). May be negative in differences and postings. */
export type Fen = Brand<number, 'Fen'>;

/** The largest amount the system handles: 10^13 fen = 100 billion yuan, far inside 2^53. */
export const amountFenMax = 10_000_000_000_000;

/** The largest amount one order may have: 50,000.00 yuan. */
export const orderAmountFenMax = 5_000_000 as Fen;

export const zeroFen = 0 as Fen;

/** Brands an integer as fen. Throws when it is not an integer or lies outside ±{@link amountFenMax}. */
export function fen(value: number): Fen {
  assert(
    Number.isSafeInteger(value) && Math.abs(value) <= amountFenMax,
    () => `not an amount in fen: ${value}`,
  );
  return (value === 0 ? 0 : value) as Fen;
}

/** Whole yuan as fen. Throws like {@link fen}. */
export const fenOfYuan = (yuan: number): Fen => fen(yuan * 100);

export const addFen = (a: Fen, b: Fen): Fen => fen(a + b);

export const subtractFen = (a: Fen, b: Fen): Fen => fen(a - b);

/** `count` is a whole number of pieces. */
export const timesFen = (price: Fen, count: number): Fen => fen(price * count);

export const negateFen = (a: Fen): Fen => fen(-a);

export const minFen = (a: Fen, b: Fen): Fen => (a < b ? a : b);

export const maxFen = (a: Fen, b: Fen): Fen => (a > b ? a : b);

export const sumFen = (parts: readonly Fen[]): Fen =>
  fen(parts.reduce<number>((sum, part) => sum + part, 0));

export type OrderAmountError =
  | { readonly type: 'amount-not-integer' }
  | { readonly type: 'amount-not-positive' }
  | { readonly type: 'amount-over-limit'; readonly limitFen: Fen };

/** Checks what a cashier may charge: an integer of 1..{@link orderAmountFenMax} fen. */
export function orderAmount(value: number): Result<Fen, OrderAmountError> {
  if (!Number.isSafeInteger(value)) return err({ type: 'amount-not-integer' });
  if (value <= 0) return err({ type: 'amount-not-positive' });
  if (value > orderAmountFenMax)
    return err({ type: 'amount-over-limit', limitFen: orderAmountFenMax });
  return ok(value as Fen);
}
