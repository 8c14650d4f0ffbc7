import { assert } from '#shared/result/assert.ts';

/** Set-apart money and what it is owed for (docs/points.md 2.2). Fen. */
export interface Money {
  /** K: what lies at the bank. Under literal rules it may fall below zero: that is the insolvency. */
  cashFen: number;
  /** F: collected, final, and bound to no voucher. Literal rules keep no such account. */
  fundFen: number;
  /** VO: vouchers in wallets. */
  voucherFen: number;
  /** PI: spent vouchers whose cash is on its way to the shop. */
  payoutFen: number;
}

export const noMoney = (): Money => ({ cashFen: 0, fundFen: 0, voucherFen: 0, payoutFen: 0 });

/** Invariant I1 of docs/points.md 2.10: K = F + VO + PI, each at least 0. Throws with the figures that break it. */
export function assertBacked(money: Money): void {
  const { cashFen, fundFen, voucherFen, payoutFen } = money;
  assert(
    cashFen === fundFen + voucherFen + payoutFen &&
      fundFen >= 0 &&
      voucherFen >= 0 &&
      payoutFen >= 0,
    () => `I1: cash ${cashFen}, fund ${fundFen}, vouchers ${voucherFen}, payouts ${payoutFen}`,
  );
}

/** Invariant I2: after a release the fund covers kappa of what is unreleased, F * 10000 >= kappa * X. */
export function assertCovered(book: {
  fundFen: number;
  unreleased: number;
  coverageBp: number;
}): void {
  const [fund, points] = [BigInt(book.fundFen) * 10_000n, BigInt(book.unreleased)];
  assert(
    fund >= points * BigInt(book.coverageBp),
    () => `I2: fund ${book.fundFen} under ${book.coverageBp} bp of ${book.unreleased}`,
  );
}

/** Both halves of invariant I4: the day's half and the member's double. */
export function assertCaps(day: {
  readonly releasedFen: number;
  readonly consumptionFen: number;
  readonly members: readonly { readonly releasedFen: number; readonly consumedFen: number }[];
}): void {
  assert(
    2 * day.releasedFen <= day.consumptionFen,
    () => `I4: ${day.releasedFen} released on ${day.consumptionFen} of trade`,
  );
  for (const { releasedFen, consumedFen } of day.members)
    assert(
      releasedFen <= 2 * consumedFen,
      () => `I4: ${releasedFen} to one who spent ${consumedFen}`,
    );
}
