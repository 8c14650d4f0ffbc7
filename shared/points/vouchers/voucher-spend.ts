import { fen, minFen, sumFen, type Fen } from '#shared/money/fen.ts';
import { shareFloor, type BasisPoints } from '#shared/money/rate.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

export interface WalletVoucher {
  readonly id: string;
  readonly leftFen: Fen;
  /** Last day on which it may be used, YYYY-MM-DD (docs/points.md 2.9). */
  readonly expiresOn: string;
}

export interface VoucherUse {
  readonly id: string;
  readonly usedFen: Fen;
  readonly leftFen: Fen;
}

export interface VoucherSpend {
  /** Vouchers touched, in the order of use. */
  readonly used: readonly VoucherUse[];
  /** What expired before `today` and returns to the fund. */
  readonly backToFundFen: Fen;
}

export interface VoucherBalanceError {
  readonly type: 'voucher-balance';
  readonly availableFen: Fen;
}

/**
 * Spends exactly `amountFen` from the vouchers that are alive on `today`, earliest expiry first, equal days by id
 * (rule R16). Refuses without touching anything when they do not cover the amount.
 */
export function spendVouchers(
  vouchers: readonly WalletVoucher[],
  request: { readonly amountFen: Fen; readonly today: string },
): Result<VoucherSpend, VoucherBalanceError> {
  const live = inOrderOfUse(vouchers, request.today);
  const availableFen = sumFen(live.map(({ leftFen }) => leftFen));
  if (request.amountFen > availableFen) return err({ type: 'voucher-balance', availableFen });
  const used: VoucherUse[] = [];
  let openFen = request.amountFen;
  for (const voucher of live) {
    if (openFen === 0) break;
    const usedFen = minFen(openFen, voucher.leftFen);
    used.push({ id: voucher.id, usedFen, leftFen: fen(voucher.leftFen - usedFen) });
    openFen = fen(openFen - usedFen);
  }
  const expired = vouchers.filter(({ expiresOn }) => expiresOn < request.today);
  return ok({ used, backToFundFen: sumFen(expired.map(({ leftFen }) => leftFen)) });
}

function inOrderOfUse(vouchers: readonly WalletVoucher[], today: string): readonly WalletVoucher[] {
  return vouchers
    .filter(({ leftFen, expiresOn }) => leftFen > 0 && expiresOn >= today)
    .toSorted((a, b) => (useKey(a) < useKey(b) ? -1 : 1));
}

/** Days sort as text; the id follows so that equal days have one order. */
const useKey = ({ expiresOn, id }: WalletVoucher): string => `${expiresOn} ${id}`;

/** What to offer a member for one sale: the vouchers that would be used, in order, and their sum. */
export interface VoucherSuggestion {
  readonly voucherFen: Fen;
  readonly uses: readonly VoucherUse[];
}

/**
 * The best vouchers for a sale of `amountFen`: as much as the share cap (rule R17) and the wallet allow, those that end
 * first before the others (rule R16). Nothing to use is a suggestion of 0.
 */
export function suggestVouchers(
  vouchers: readonly WalletVoucher[],
  sale: { readonly amountFen: Fen; readonly maxShareBp: BasisPoints; readonly today: string },
): VoucherSuggestion {
  const live = inOrderOfUse(vouchers, sale.today);
  const availableFen = sumFen(live.map(({ leftFen }) => leftFen));
  const voucherFen = minFen(availableFen, shareFloor(sale.amountFen, sale.maxShareBp));
  const spent = spendVouchers(live, { amountFen: voucherFen, today: sale.today });
  return { voucherFen, uses: spent.ok ? spent.value.used : [] };
}

/** The voucher to come back for: the one that ends first, equal days by id; undefined with an empty wallet. */
export const bestVoucher = (
  vouchers: readonly WalletVoucher[],
  today: string,
): WalletVoucher | undefined => inOrderOfUse(vouchers, today)[0];
