import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { proveLaws } from '#cloud/ledger/proofs.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { fundWith, memberOf, operatorOf, orderOf } from '#cloud/points/testing/points-fixtures.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { expireVouchers } from '#cloud/vouchers/expire-vouchers.ts';
import { releaseLapsed, reservationHoldMs, reserveVouchers } from '#cloud/vouchers/reservations.ts';
import { voucherLaws } from '#cloud/vouchers/voucher-laws.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => retriedTransaction(database.db, work);
const nowMs = 1_775_000_000_000;
const operatorId = operatorOf(1);
const memberId = memberOf(1);

async function plant(round: number, owner = memberId): Promise<void> {
  await inTx(async (tx) => {
    await fundWith(tx, operatorId, { key: `fund ${round}`, amountFen: 223 });
    const legs = [
      { account: 'fund_free', amountFen: fen(-223) },
      { account: 'voucher_outstanding', amountFen: fen(223) },
    ] as const;
    const journal = { operatorId, merchantId: null, kind: 'release', eventAtMs: 0, legs };
    getOrThrow(await postJournals(tx, [{ ...journal, idemKey: `release ${round}` }]));
    await tx.execute(sql`
      insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen, expires_on)
      values (${operatorId}, ${`v${round}`}, ${owner}, '2026-02', '2026-03-01', 223, 223, '2026-04-10')`);
  });
}

const reserve = (order: number, atMs: number) =>
  inTx((tx) =>
    reserveVouchers(tx, {
      operatorId,
      orderId: orderOf(order),
      memberId,
      amountFen: fen(400),
      today: '2026-04-10',
      nowMs: atMs,
    }),
  );

it('orders, lapses and the end of the last day meet at one voucher: no fen is lost or doubled', async () => {
  for (let round = 1; round <= 25; round += 1) {
    await plant(round);
    const later = nowMs + reservationHoldMs * round;
    const expire = () => inTx((tx) => expireVouchers(tx, { operatorId, today: '2026-04-11' }));
    await reserve(round * 10, later - reservationHoldMs);
    await Promise.all([
      reserve(round * 10 + 1, later),
      expire(),
      reserve(round * 10, later),
      inTx((tx) => releaseLapsed(tx, { operatorId, nowMs: later })),
      expire(),
      reserve(round * 10 + 2, later),
    ]);
  }
  const proofs = await proveLaws(database.db, { operatorId, laws: voucherLaws });
  expect(proofs.filter((proof) => !proof.holds)).toEqual([]);
});

/** A transaction that has done `work` and stays open until it is told to end. */
async function holdOpen(work: (tx: Tx) => Promise<unknown>): Promise<() => Promise<void>> {
  let end: (() => void) | undefined;
  const told = new Promise<void>((resolve) => {
    end = resolve;
  });
  let ended: Promise<void> | undefined;
  await new Promise<void>((resolve, reject) => {
    ended = database.db.transaction(async (tx) => {
      await work(tx);
      resolve();
      await told;
    });
    ended.catch(reject);
  });
  return async () => {
    end?.();
    await ended;
  };
}

/** Until somebody waits for a row, or it is over without. */
async function untilWaiting(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const { rows } = await database.db.execute(sql`
      select 1 from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`);
    if (rows.length > 0) return;
  }
}

it('a voucher that came while an order waited, and is being spent elsewhere, is not promised to it', async () => {
  const owner = memberOf(2);
  const begin = (amountFen: number) =>
    inTx((tx) =>
      reserveVouchers(tx, {
        operatorId,
        orderId: orderOf(5_001),
        memberId: owner,
        amountFen: fen(amountFen),
        today: '2026-04-10',
        nowMs,
      }),
    );
  await plant(101, owner);
  await begin(400);
  const endHold = await holdOpen((tx) =>
    tx.execute(sql`select 1 from voucher_reservation
      where order_id = ${orderOf(5_001)} and state = 'held' for update`),
  );
  // It has locked the wallet as it was, and waits inside.
  const reserved = begin(800);
  let isOver = false;
  const settled = Promise.allSettled([reserved]).finally(() => {
    isOver = true;
  });
  await untilWaiting(() => isOver);
  await plant(102, owner);
  const endDay = await holdOpen((tx) => expireVouchers(tx, { operatorId, today: '2026-04-11' }));
  await endHold();
  // With the new voucher it would wait for the end of the day now, and then take what is gone.
  await untilWaiting(() => isOver);
  await endDay();
  expect(await settled).toMatchObject([
    { status: 'fulfilled', value: { ok: true, value: { voucherFen: 223 } } },
  ]);
});
