import { owesConcession, type PaidOrder } from '#cloud/orders/paid-order.ts';
import { subtractFen, zeroFen, type Fen } from '#shared/money/fen.ts';
import type { BasisPoints } from '#shared/money/rate.ts';
import { issueOrder, type OrderIssueError } from '#shared/points/issue/order-issue.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** An order becomes final this long after the cloud accepted it, if nothing speaks against it: 7 days. */
export const holdMs = 7 * 24 * 60 * 60 * 1_000;

/** 结算: how one order's money is parted. All in fen. */
export interface SettlementSplit {
  /** 让利 C = floor(net x rate). */
  readonly concessionFen: Fen;
  /** 货款 of the same day: floor(net x 80%). */
  readonly sameDayFen: Fen;
  /** 结算保留款: net - same day, with the odd fen; it holds the concession. */
  readonly reserveFen: Fen;
  /** 券补贴: the vouchers' value, paid to the merchant in cash the same day. */
  readonly subsidyFen: Fen;
}

export type SplitError = OrderIssueError | { readonly type: 'amounts-disagree' };

/**
 * Parts a sale by the rule of orders (docs/points.md 2.4, R17-R19). Of a cash or box sale nothing passes a channel:
 * no same-day part, no reserve, and the concession is owed.
 * Errors: amounts-disagree (net is not gross less vouchers, or not positive), then those of the order rule.
 */
export function splitSale(
  order: PaidOrder,
  options: { readonly config: PointsConfig; readonly sameDayBp: BasisPoints },
): Result<SettlementSplit, SplitError> {
  const { amountFen, voucherFen, netFen } = order;
  if (netFen !== amountFen - voucherFen || netFen <= 0 || voucherFen < 0)
    return err({ type: 'amounts-disagree' });
  const issued = issueOrder(order, { ...options.config, settleImmediateBp: options.sameDayBp });
  if (!issued.ok) return issued;
  const { concessionFen, reserveFen } = issued.value;
  if (owesConcession(order.source))
    return ok({
      concessionFen,
      sameDayFen: zeroFen,
      reserveFen: zeroFen,
      subsidyFen: voucherFen,
    });
  return ok({
    concessionFen,
    sameDayFen: subtractFen(issued.value.sameDayFen, voucherFen),
    reserveFen,
    subsidyFen: voucherFen,
  });
}
