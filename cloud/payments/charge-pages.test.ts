import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pool } from 'pg';
import { takeNonces } from '#cloud/identity/nonces.ts';
import { findTerminals } from '#cloud/identity/terminal-identity.ts';
import { bookWaitingOnce, createBookingDesk } from '#cloud/payments/booking/booking-desk.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import {
  benchStartMs,
  createPaymentBench,
  type PaymentBench,
} from '#cloud/payments/testing/payment-bench.ts';
import { connectScoped, type Connection } from '#cloud/platform/postgres/connect.ts';
import { watchPages } from '#cloud/platform/testing/pages-read.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';

/** A shop's second year in a database that has never seen ANALYZE, on a connection that made its plans on the first day. */
const plantedCount = 6_000;
/** One charge touches its own rows in some tables with up to ten indexes each. One look over a table is ten times as much. */
const pagesMax = 90;

interface Shop {
  /** Charges once and books it; the pages that each statement looked at. */
  charge(): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

/** `spoil` is what somebody did to the tables before the plans were made. */
async function openGrownShop(spoil?: string): Promise<Shop> {
  const bench = await createPaymentBench();
  // One connection: its plans are those of the first day.
  const line = connectScoped(bench.cloud.databaseUrl, { poolMax: 1 });
  const owner = connectScoped(bench.cloud.databaseUrl, { poolMax: 1, unscoped: 'login' });
  await owner.pool.query(`do $$ declare name text; begin
    for name in select c.oid::regclass from pg_class c
      where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace loop
      execute format('alter table %s set (autovacuum_enabled = false)', name);
    end loop; end $$`);
  if (spoil !== undefined) await owner.pool.query(spoil);
  const charge = chargesOn(bench, line);
  await charge();
  await charge();
  await plant(owner.pool);
  return {
    charge,
    close: async () => {
      await line.pool.end();
      await owner.pool.end();
      await bench.close();
    },
  };
}

function chargesOn(bench: PaymentBench, { db: plain }: Connection): Shop['charge'] {
  let pages = new Map<string, number>();
  const db = watchPages(plain, (name, count) => {
    pages.set(name, Math.max(count, pages.get(name) ?? 0));
  });
  const bookings = createBookingDesk({ ...bench.deps, db });
  // Nobody else books what is paid.
  bookings.attend({ wake: () => undefined });
  const deps = { ...bench.deps, db, bookings };
  const { till } = bench;
  let nonces = 0;
  return async () => {
    pages = new Map();
    nonces += 1;
    await runScoped({ type: 'across', work: 'terminal-by-signature' }, () =>
      findTerminals(db, [till.terminalId]),
    );
    const nonce = { ...till, nonce: `nonce ${nonces}`, nowMs: bench.clock.nowMs() };
    await runScoped({ type: 'across', work: 'nonces-together' }, () => takeNonces(db, [nonce]));
    const request = bench.request('01', { amountFen: 1_000 + nonces });
    const scope = { type: 'terminal', ...till } as const;
    const answer = await runScoped(scope, () =>
      startCharge(deps, { ...till, network: '10.1' }, request),
    );
    expect(answer).toMatchObject({ ok: true, value: { status: 'paid' } });
    const booked = await runScoped({ type: 'across', work: 'payments' }, () =>
      bookWaitingOnce(deps),
    );
    expect(booked).toBe(1);
    return pages;
  };
}

/** Copies of the first row of each table under keys of their own. */
async function plant(owner: Pool): Promise<void> {
  const order = `'order_id', 'ord_' || lpad(i::text, 26, '0')`;
  const copies: Readonly<Record<string, string>> = {
    payment_attempt: `${order}, 'out_trade_no', 'no' || i, 'payer_hash', 'payer ' || i,
      'amount_fen', 100000 + i, 'submitted_at_ms', t.submitted_at_ms - i,
      'paid_at_ms', t.paid_at_ms - i, 'channel_ref', 'ref' || i`,
    payment_call: order,
    settlement_line: order,
    points_order: order,
    points_lot: order,
    order_result: `'cursor', 1000 + i, 'result_key', 'key ' || i`,
    order_result_cursor: `'terminal_id', 'trm_' || i`,
    terminal: `'terminal_id', 'trm_' || i`,
    request_nonce: `'nonce', 'planted ' || i`,
    channel_quota_day: `'quota_date', t.quota_date - 7 - i`,
    channel_quota_month: `'quota_month', t.quota_month - i`,
    terminal_network: `'terminal_id', 'trm_' || i`,
    ledger_txn: `'idem_key', 'planted ' || i, 'txn_no', 1000000 + i`,
    ledger_balance: `'slot', 30000 - i`,
    // One after the other from the first day on, and as many in the last minute: who is offline may
    // still sell at the one before those.
    merchant_rate: `'from_ms', case when i % 2 = 0 then i else ${benchStartMs} - i end,
      'concession_bp', case when i % 2 = 0 then t.concession_bp else t.concession_bp - 1 end`,
  };
  for (const [table, changes] of Object.entries(copies))
    await owner.query(`
      insert into ${table} overriding system value select r.* from (select * from ${table} limit 1) t,
        generate_series(1, ${plantedCount}) i,
        jsonb_populate_record(null::${table}, to_jsonb(t) || jsonb_build_object(${changes})) r`);
  await owner.query(`
    insert into points_config_version (operator_id, version, effective_period, effective_from,
      config, proposed_by, approved_by)
    select operator_id, i, '2020-01', '2020-01-01', '{}', '小王', '小李'
      from (select * from settlement_line limit 1) t, generate_series(1, ${plantedCount}) i`);
  await owner.query(`
    insert into order_refund (operator_id, merchant_id, order_id, refund_no, terminal_id, how,
      amount_fen, cash_fen, voucher_fen, cashier, reason, business_date, asked_at_ms, status)
    select operator_id, merchant_id, order_id, 1, terminal_id, 'cash', 1, 1, 0, '小王', '退货',
           business_date, i, 'failed'
      from (select * from settlement_line limit 1) t, generate_series(1, 1) i`);
}

const over = (pages: ReadonlyMap<string, number>): readonly string[] =>
  [...pages].filter(([, count]) => !(count <= pagesMax)).map(([name, count]) => `${name} ${count}`);

describe('a charge in a shop with many sales, by the plans of its first day', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openGrownShop();
  });
  afterAll(() => shop.close());

  test('looks at its own rows only, in every statement from the nonce to the books', async () => {
    const pages = await shop.charge();
    expect([...pages.keys()]).toEqual(
      expect.arrayContaining([
        'terminals-by-id',
        'nonces-take',
        'attempts-of-order',
        'open-channels',
        'facts-of-charge',
        'attempt-with-call',
        'quota-reservation-or-end',
        'paid-as-submitted',
        'answer-record',
        'first-result',
        'quota-end',
        'bookings-oldest-waiting',
        'settlement-lines-stored',
        'settlement-lines-insertion',
        'points-orders-insertion',
        'charges-of-orders',
        'post-journals',
        'bookings-saved',
        'review-facts-of-sales',
      ]),
    );
    expect(over(pages)).toEqual([]);
  });
});

test('a table whose key leads no index is found by the pages it costs', async () => {
  const spoilt = await openGrownShop(`
    alter table payment_call drop constraint payment_call_pkey;
    create index on payment_call (operator_id)`);
  try {
    expect(over(await spoilt.charge()).join()).toContain('answer-record');
  } finally {
    await spoilt.close();
  }
});
