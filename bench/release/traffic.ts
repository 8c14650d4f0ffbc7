import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { gatherMs } from '#cloud/payments/booking/booker.ts';
import { bookingsTogetherMax } from '#cloud/payments/booking/booking-desk.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Db } from '#cloud/platform/db.ts';
import { createGatherer } from '#cloud/platform/gather.ts';
import type { MemberId, MerchantId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { operatorId } from './load.ts';

const ordersPerSecond = 300;
/**
 * So long the booker lets charges gather; they are booked in one transaction, with all that waited
 * for the one before.
 */
const batchMs = gatherMs;
const ordersPerBatch = (ordersPerSecond * batchMs) / 1_000;
/** Five minutes of batches. */
const waitingMax = 6_000;

export interface Traffic {
  /** Times from the moment at which a batch was due to its commit, since the last call; milliseconds, rising. */
  take(): readonly number[];
  /** Ends it; answers how many batches failed. */
  stop(): Promise<number>;
}

/**
 * 300 orders a second of the day after the release day, booked whole (settlement line, journals,
 * pending points), by one flow, as the booker does it: one transaction after the other, each with
 * all that is due by then. A batch is due at its time whether the one before is done or not: a
 * stall counts in full for every batch that waited in it.
 */
export function startTraffic(db: Db, accountsCount: number): Traffic {
  const startedAtMs = performance.now();
  let [batches, took] = [0, [] as number[]];
  const open = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const book = createGatherer<readonly PaidOrder[], undefined>({
    itemsMax: Math.trunc(bookingsTogetherMax / ordersPerBatch),
    statementsMax: 1,
    waitingMax,
    ask: async (due) => {
      await db.swift(async (line) => {
        getOrThrow(await bookPaidOrders(line.tx, due.flat()));
        await line.commit();
      });
      return due.map(() => undefined);
    },
  });
  const send = () => {
    while (startedAtMs + batches * batchMs <= performance.now()) {
      const dueAtMs = startedAtMs + batches * batchMs;
      const orders = Array.from({ length: ordersPerBatch }, (_, n) =>
        orderOf(batches * ordersPerBatch + n, accountsCount),
      );
      batches += 1;
      const work: Promise<void> = book(orders)
        .then(
          () => undefined,
          // On a machine that cannot keep up some are never booked: they waited in vain, and count.
          (error: unknown) => void failures.push(error),
        )
        .then(() => void took.push(performance.now() - dueAtMs))
        .finally(() => open.delete(work));
      open.add(work);
    }
  };
  const timer = setInterval(send, batchMs / 20);
  return {
    take() {
      const taken = took.toSorted((a, b) => a - b);
      took = [];
      return taken;
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      if (failures.length > 0)
        console.log(`release: ${failures.length} batches failed`, failures[0]);
      return failures.length;
    },
  };
}

const digits = (value: number): string => String(value).padStart(23, '0');

function orderOf(index: number, accountsCount: number): PaidOrder {
  const acceptedAtMs = dayStartMs('2026-03-06') + 3_600_000;
  const amountFen = fen(1_000 + (index % 9_000));
  return {
    operatorId,
    merchantId: `mch_01J${digits((index * 7) % 500)}` as MerchantId,
    terminalId: 'trm_01J00000000000000000000001' as TerminalId,
    orderId: `ord_01K${digits(index)}` as OrderId,
    source: 'channel',
    channel: 'wechat',
    amountFen,
    voucherFen: fen(0),
    netFen: amountFen,
    concessionBp: basisPoints(2_000),
    memberId: `mbr_01J${digits(1 + ((index * 104_729) % accountsCount))}` as MemberId,
    claimHash: undefined,
    paidAtMs: acceptedAtMs,
    acceptedAtMs,
    businessDate: '2026-03-06',
  };
}
