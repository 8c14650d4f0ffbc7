import type { Journal } from '#cloud/ledger/posting.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';

export const operatorId = 'opr_01J00000000000000000000001' as OperatorId;

/** The six accounts of an order: the first pays, the others get. */
export const accounts = [
  'channel_clearing',
  'merchant_payable',
  'merchant_reserve',
  'concession_pending',
  'channel_fee',
  'transit',
] as const;

/** One order of the data that every way of booking gets. */
export interface BenchOrder {
  readonly merchant: number;
  readonly key: string;
  /** What each account after the first gets; never 0. */
  readonly sharesFen: readonly number[];
}

/** Orders of so many merchants, the same for everybody. */
export const makeOrders = (
  tag: string,
  count: number,
  merchantsCount: number,
): readonly BenchOrder[] =>
  Array.from({ length: count }, (_, n) => ({
    merchant: (n * 7) % merchantsCount,
    key: `sale:${tag}:ord_${String(n).padStart(26, '0')}`,
    sharesFen: [7_600 + (n % 97), 1_300 + (n % 31), 1_000, 60, 40],
  }));

export const totalOf = (order: BenchOrder): number =>
  order.sharesFen.reduce((sum, share) => sum + share, 0);

export const merchantOf = (order: BenchOrder): MerchantId =>
  `mch_01J${String(order.merchant).padStart(23, '0')}` as MerchantId;

export const toJournal = (order: BenchOrder): Journal => ({
  operatorId,
  merchantId: merchantOf(order),
  idemKey: order.key,
  kind: 'channel-sale',
  eventAtMs: 1_790_000_000_000,
  legs: [fen(-totalOf(order)), ...order.sharesFen.map(fen)].map((amountFen: Fen, index) => ({
    account: accounts[index]!,
    amountFen,
  })),
});
