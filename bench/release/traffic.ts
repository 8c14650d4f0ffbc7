import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { MemberId, MerchantId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { operatorId } from './load.ts';

const ordersPerSecond = 300;
/** As the fold of the journals books them: what came in 100 ms in one transaction. */
const batchMs = 100;
const ordersPerBatch = (ordersPerSecond * batchMs) / 1_000;

export interface Traffic {
  /** Times from the moment at which a batch was due to its commit, since the last call; milliseconds, rising. */
  take(): readonly number[];
  /** Ends it; answers how many batches failed. */
  stop(): Promise<number>;
}

/**
 * 300 orders a second of the day after the release day, booked whole (settlement line, journals, pending points). A batch
 * is due at its time whether the one before is done or not, and waits for a connection like everybody: a stall counts in
 * full.
 */
export function startTraffic(db: Db, accountsCount: number): Traffic {
  const startedAtMs = performance.now();
  let [batches, took] = [0, [] as number[]];
  const open = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const send = () => {
    while (startedAtMs + batches * batchMs <= performance.now()) {
      const dueAtMs = startedAtMs + batches * batchMs;
      const orders = Array.from({ length: ordersPerBatch }, (_, n) =>
        orderOf(batches * ordersPerBatch + n, accountsCount),
      );
      batches += 1;
      const work: Promise<void> = db
        .transaction(async (tx) => void getOrThrow(await bookPaidOrders(tx, orders)))
        .then(
          () => undefined,
          // On a machine that cannot keep up some never get a connection: they waited in vain, and count.
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
