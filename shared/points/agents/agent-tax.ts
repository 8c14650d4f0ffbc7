import { divFloor, maxBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { basisPoints, wholeBp, type BasisPoints } from '#shared/money/rate.ts';

/** 劳务报酬所得预扣预缴: what whoever pays a person for services withholds. All fen. */
export interface ServiceTax {
  /** Income after the flat deduction (800 yuan up to 4,000 yuan, 20% above). */
  readonly taxableFen: Fen;
  readonly rateBp: BasisPoints;
  readonly withheldFen: Fen;
}

const yuan = (amount: number): bigint => BigInt(amount) * 100n;

/** Taxable income above each line bears the rate, less the quick deduction; the highest line first. */
const brackets: readonly (readonly [aboveFen: bigint, rateBp: number, lessFen: bigint])[] = [
  [yuan(50_000), 4_000, yuan(7_000)],
  [yuan(20_000), 3_000, yuan(2_000)],
  [-1n, 2_000, 0n],
];

/**
 * The prepayment on one month's pay of a person who is nobody's employee, rounded down to the fen.
 * It is a figure for the licensed payer who pays, withholds and files; the platform itself
 * withholds nothing.
 * Source: 国家税务总局公告2018年第61号, article 8 and its table 2.
 */
export function serviceTax(incomeFen: Fen): ServiceTax {
  const income = BigInt(incomeFen);
  const deduction = income <= yuan(4_000) ? yuan(800) : divFloor(income, 5n);
  const taxable = maxBig(0n, income - deduction);
  const [, rateBp, less] = brackets.find(([above]) => taxable > above)!;
  const withheld = divFloor(taxable * BigInt(rateBp), BigInt(wholeBp)) - less;
  return {
    taxableFen: fen(Number(taxable)),
    rateBp: basisPoints(rateBp),
    withheldFen: fen(Number(withheld)),
  };
}
