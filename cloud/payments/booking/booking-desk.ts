import type { Attempt, AttemptKey } from '#cloud/payments/attempt.ts';
import { attemptColumns, toAttempt, type AttemptRow } from '#cloud/payments/attempt-row.ts';
import { saveBookings } from '#cloud/payments/attempt-store.ts';
import { enterBooks, type Ended } from '#cloud/payments/booking/book-attempt.ts';
import type { VoucherPort } from '#cloud/payments/voucher-port.ts';
import { isTransient, sqlStateOf } from '#cloud/platform/database-error.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { retried, retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import type { Statement, Tx } from '#cloud/platform/db.ts';
import { planned } from '#cloud/platform/planned.ts';

/** Paid charges that are booked together at most. */
export const bookingsTogetherMax = 256;

export interface BookingDeps extends Pick<CloudDeps, 'db' | 'clock' | 'logger'> {
  readonly vouchers: VoucherPort;
}

/**
 * Where paid charges wait for the books (docs/adr/0017). What waits is in the database
 * (`book_state` none), so whoever comes after a crash finds it; the desk only knows whom to wake.
 */
export interface BookingDesk {
  /**
   * This charge was paid and committed. With a booker at the desk it is told, and books it with
   * others in a moment; where none is (tools, tests on a clock of their own) it is booked before
   * this resolves.
   */
  paid(key: AttemptKey): Promise<void>;
  /** A booker takes its place; the answer ends that. */
  attend(booker: { wake(): void }): () => void;
}

export function createBookingDesk(deps: BookingDeps): BookingDesk {
  const bookers = new Set<{ wake(): void }>();
  return {
    async paid(key) {
      for (const booker of bookers) booker.wake();
      if (bookers.size > 0) return;
      try {
        await runScoped({ type: 'across', work: 'payments' }, () => bookWaiting(deps, key));
      } catch (cause) {
        // The payment is committed, and that is what its till is told; a booker finds the sale in
        // the database.
        if (!isTransient(cause)) throw cause;
        deps.logger.error(
          { err: cause, orderId: key.orderId },
          'a paid charge waits for its booking',
        );
      }
    },
    attend(booker) {
      bookers.add(booker);
      return () => void bookers.delete(booker);
    },
  };
}

/**
 * Books paid charges that are not in the books yet, the oldest first, at most
 * {@link bookingsTogetherMax}, in one transaction; several bookers share them out. Returns how many
 * it took. Call it in a scope that sees all tenants.
 */
export const bookWaitingOnce = (deps: BookingDeps): Promise<number> => bookWaiting(deps);

async function bookWaiting(deps: BookingDeps, only?: AttemptKey): Promise<number> {
  try {
    return await retried(() =>
      deps.db.swift(async (line) => {
        const waiting = await lockWaiting(line.tx, only);
        const nowMs = deps.clock.nowMs();
        await enterBooks(
          line.tx,
          deps,
          waiting.map((one) => ({ ...one, nowMs })),
        );
        await line.commit();
        return waiting.length;
      }),
    );
  } catch (cause) {
    // One that cannot be booked at all must not keep the others out.
    deps.logger.error({ err: cause }, 'paid charges could not be booked together');
    return await bookOneByOne(deps, only);
  }
}

/** What was parked because the database threw begins with this. */
export const threwMark = '{"type":"booking-failed"';
/** A database that is away or busy so often in a row is left alone for a while. */
const busyMax = 3;

/**
 * A database that is away or busy says nothing about a charge: that one keeps waiting, and the
 * others have their turn.
 */
async function bookOneByOne(deps: BookingDeps, only?: AttemptKey): Promise<number> {
  const keys = await deps.db.transaction((tx) => lockWaiting(tx, only));
  const busy: unknown[] = [];
  for (const { attempt } of keys)
    try {
      await retriedTransaction(deps.db, async (tx) => {
        const nowMs = deps.clock.nowMs();
        const waiting = await lockWaiting(tx, attempt);
        await enterBooks(
          tx,
          deps,
          waiting.map((one) => ({ ...one, nowMs })),
        );
      });
    } catch (cause) {
      const { outTradeNo } = attempt;
      deps.logger.error({ err: cause, outTradeNo }, 'a paid charge could not be booked');
      if (isTransient(cause)) {
        busy.push(cause);
        if (busy.length >= busyMax) throw cause;
        continue;
      }
      const error = `${threwMark},"state":${JSON.stringify(sqlStateOf(cause))}}`;
      // Parked: people see it, and it is tried again with the other parked ones. Another booker may
      // have booked it since.
      await deps.db.transaction(async (tx) => {
        const waiting = await lockWaiting(tx, attempt);
        await saveBookings(
          tx,
          waiting.map(({ attempt: key }) => ({ key, error })),
        );
      });
    }
  if (busy.length > 0) throw busy[0];
  return keys.length;
}

interface WaitingRow extends AttemptRow {
  payer_hash: string | null;
}

async function lockWaiting(
  tx: Tx,
  only?: AttemptKey,
): Promise<readonly (Pick<Ended, 'payerHash'> & { readonly attempt: Attempt })[]> {
  const { rows } =
    only === undefined
      ? await planned<WaitingRow>(tx, oldestWaiting, [bookingsTogetherMax])
      : await planned<WaitingRow>(tx, oneWaiting, [only.operatorId, only.orderId, only.attempt]);
  return rows.map((row) => ({ attempt: toAttempt(row), payerHash: row.payer_hash ?? undefined }));
}

const waiting = `select ${attemptColumns}, payer_hash from payment_attempt
  where status = 'paid' and book_state = 'none' and kind = 'charge'`;

const oldestWaiting: Statement = {
  name: 'bookings-oldest-waiting',
  text: `${waiting} order by settled_at_ms limit $1::integer for update skip locked`,
};

const oneWaiting: Statement = {
  name: 'booking-waiting',
  text: `${waiting} and operator_id = $1 and order_id = $2 and attempt = $3 for update`,
};
