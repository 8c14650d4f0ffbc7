import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { putPointsConfig } from '#cloud/points/points-config-store.ts';
import type { MemberId, MerchantId, OperatorId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { defaultPointsConfig, type PointsConfig } from '#shared/points/points-config.ts';
import { getOrThrow } from '#shared/result/result.ts';

const digits = (value: number, width: number): string => String(value).padStart(width, '0');

export const operatorOf = (index: number): OperatorId =>
  `opr_01J${digits(index, 23)}` as OperatorId;
export const memberOf = (index: number): MemberId => `mbr_01J${digits(index, 23)}` as MemberId;
export const merchantOf = (index: number): MerchantId =>
  `mch_01J${digits(index, 23)}` as MerchantId;
export const orderOf = (index: number): OrderId => `ord_01J${digits(index, 23)}` as OrderId;

/** A paid order of a day: 20% of 100.00 by default, accepted at noon in Shanghai. */
export function paidOrder(
  operatorId: OperatorId,
  index: number,
  order: {
    readonly day: string;
    readonly member?: number;
    readonly merchant?: number;
    readonly netFen?: number;
    readonly concessionBp?: number;
    readonly source?: PaidOrder['source'];
  },
): PaidOrder {
  const noonMs = dayStartMs(order.day) + 12 * 3_600_000;
  const netFen = fen(order.netFen ?? 10_000);
  return {
    operatorId,
    merchantId: merchantOf(order.merchant ?? 1),
    terminalId: 'trm_01J00000000000000000000001' as TerminalId,
    orderId: orderOf(index),
    source: order.source ?? 'channel',
    channel: order.source === 'cash' ? 'cash' : 'wechat',
    amountFen: netFen,
    voucherFen: fen(0),
    netFen,
    concessionBp: basisPoints(order.concessionBp ?? 2000),
    memberId: order.member === undefined ? undefined : memberOf(order.member),
    claimHash: undefined,
    paidAtMs: noonMs,
    acceptedAtMs: noonMs,
    businessDate: order.day,
  };
}

/** The rules without what needs a big platform: no minimum scale, one shop may be all the growth. */
export const pilotConfig: PointsConfig = {
  ...defaultPointsConfig,
  gateMinScale: pointFen(0),
  gateMaxTopMerchantShareBp: basisPoints(10_000),
  bonusRequiresScore: false,
};

export const usePilotConfig = (
  tx: Tx,
  operatorId: OperatorId,
  change: Partial<PointsConfig> = {},
): Promise<void> =>
  putPointsConfig(tx, {
    operatorId,
    effectivePeriod: '2020-01',
    config: { ...pilotConfig, ...change },
    proposedBy: 'chen',
    approvedBy: 'wang',
  }).then((result) => void getOrThrow(result));

/** Puts final concession into the fund, as the waterfall does. */
export const fundWith = (
  tx: Tx,
  operatorId: OperatorId,
  entry: { readonly key: string; readonly amountFen: number },
): Promise<void> =>
  postJournals(tx, [
    {
      operatorId,
      merchantId: null,
      idemKey: entry.key,
      kind: 'test-fund',
      eventAtMs: 0,
      legs: [
        { account: 'ring_fenced_cash', amountFen: fen(-entry.amountFen) },
        { account: 'fund_free', amountFen: fen(entry.amountFen) },
      ],
    },
  ]).then((result) => void getOrThrow(result));

/** Balances of the operator's own book. */
export async function balancesOf(
  db: Db | Tx,
  operatorId: OperatorId,
): Promise<Readonly<Record<string, number>>> {
  const { rows } = await db.execute<{ account: string; fen: number }>(sql`
    select account, sum(balance_fen)::bigint as fen from ledger_balance
     where operator_id = ${operatorId} and book = '' group by account`);
  return Object.fromEntries(rows.map((row) => [row.account, row.fen]));
}
