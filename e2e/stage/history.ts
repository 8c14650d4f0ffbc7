import { closePeriod } from '#cloud/release/close-period.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import { provisionMerchant } from '#cloud/identity/provisioning.ts';
import type { Db } from '#cloud/platform/db.ts';
import { runFinality } from '#cloud/settlement/finality.ts';
import {
  newId,
  type MemberId,
  type MerchantId,
  type OperatorId,
  type TerminalId,
} from '#shared/ids/ids.ts';
import { fen, zeroFen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';

/**
 * Two months of trade before today, through the same functions that take today's sales: five neighbours of the demo
 * shop, more in the second month than in the first. The first month is final and closed; the second is final and
 * waits for its close, which the tour watches.
 */
export interface HistoryDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly operatorId: OperatorId;
  /** Members who shopped; the first is the demo's regular customer. */
  readonly memberIds: readonly MemberId[];
}

export interface History {
  /** Closed. */
  readonly firstMonth: string;
  /** Ready to be closed. */
  readonly secondMonth: string;
}

const neighbours = ['老街面馆', '小满花店', '东门水果', '巷口理发', '晨光文具'] as const;
const ordersPerMonth = [120, 180] as const;
const concessionBp = basisPoints(1000);
/** Sales lie on the first twenty days, so that the hold of the last is over at the month's end. */
const lastSaleDay = 20;

export async function seedHistory(deps: HistoryDeps): Promise<History> {
  const [firstMonth, secondMonth] = monthsBefore(deps.clock.nowMs());
  const merchants: MerchantId[] = [];
  for (const name of neighbours) merchants.push(await openNeighbour(deps, name));
  const terminalId = newId('trm', deps);

  const months = [firstMonth, secondMonth] as const;
  for (const [index, month] of months.entries()) {
    const count = ordersPerMonth[index] ?? 0;
    const orders = Array.from({ length: count }, (_, number) =>
      pastOrder(deps, { month, number, count, merchants, terminalId }),
    );
    await deps.db.transaction(async (tx) => getOrThrow(await bookPaidOrders(tx, orders)));
    await makeFinal(deps, monthEndMs(month));
    if (index === 0) {
      const { operatorId } = deps;
      await deps.db.transaction(async (tx) =>
        getOrThrow(await closePeriod(tx, { operatorId, period: month })),
      );
    }
  }
  return { firstMonth, secondMonth };
}

const openNeighbour = ({ db, ...deps }: HistoryDeps, name: string): Promise<MerchantId> =>
  db.transaction((tx) =>
    provisionMerchant(
      tx,
      {
        operatorId: deps.operatorId,
        name,
        concessionBp,
        sameDayBp: basisPoints(8000),
        cutOverHour: 4,
      },
      deps,
    ),
  );

function pastOrder(
  deps: HistoryDeps,
  place: {
    readonly month: string;
    readonly number: number;
    readonly count: number;
    readonly merchants: readonly MerchantId[];
    readonly terminalId: TerminalId;
  },
): PaidOrder {
  const { month, number, count, merchants, terminalId } = place;
  const day = 1 + Math.floor((number * lastSaleDay) / count);
  const businessDate = `${month}-${String(day).padStart(2, '0')}`;
  const paidAtMs = Date.parse(`${businessDate}T12:00:00+08:00`) + number * 1000;
  // Prime steps spread amounts and members without chance: the same history on every machine.
  const amountFen = fen(20_000 + ((number * 7_919) % 120_000));
  const memberId = deps.memberIds[(number * 31) % deps.memberIds.length];
  return {
    operatorId: deps.operatorId,
    merchantId: merchants[number % merchants.length]!,
    terminalId,
    orderId: newId('ord', deps),
    source: 'channel',
    channel: 'wechat',
    amountFen,
    voucherFen: zeroFen,
    netFen: amountFen,
    concessionBp,
    memberId,
    claimHash: undefined,
    paidAtMs,
    acceptedAtMs: paidAtMs,
    businessDate,
  };
}

async function makeFinal({ db, operatorId }: HistoryDeps, asOfMs: number): Promise<void> {
  for (let more = true; more;) {
    const outcome = await db.transaction((tx) => runFinality(tx, { operatorId, asOfMs }));
    more = outcome.more;
  }
}

/** The two months before the current one in Shanghai, YYYY-MM, older first. */
function monthsBefore(nowMs: number): readonly [string, string] {
  const today = new Date(nowMs + 8 * 3_600_000);
  const month = (back: number): string =>
    new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - back, 1))
      .toISOString()
      .slice(0, 7);
  return [month(2), month(1)];
}

function monthEndMs(month: string): number {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return Date.UTC(year, number, 1) - 8 * 3_600_000 - 1;
}
