import type { Pool, PoolClient } from 'pg';
import { accounts, merchantOf, operatorId, totalOf, type BenchOrder } from './orders.ts';

/** The books as they are usually written: own tables, one transaction per order, one statement per row. */
export async function openRowByRow(pool: Pool): Promise<void> {
  await pool.query(`create schema plain;
    create table plain.txn (operator_id text, book text, idem_key text, txn_no bigint generated always as identity,
      kind text not null, event_at_ms bigint not null, primary key (operator_id, book, idem_key));
    create table plain.entry (operator_id text, txn_no bigint, leg smallint, book text not null,
      account text not null, amount_fen bigint not null, primary key (operator_id, txn_no, leg));
    create table plain.balance (operator_id text, book text, account text, balance_fen bigint not null,
      primary key (operator_id, book, account)) with (fillfactor = 70)`);
}

export async function bookRowByRow(pool: Pool, orders: readonly BenchOrder[]): Promise<void> {
  const client = await pool.connect();
  try {
    for (const order of orders) await bookOne(client, order);
  } finally {
    client.release();
  }
}

async function bookOne(client: PoolClient, order: BenchOrder): Promise<void> {
  const book = merchantOf(order);
  await client.query('begin');
  const { rows } = await client.query<{ txn_no: number }>(
    `insert into plain.txn (operator_id, book, idem_key, kind, event_at_ms) values ($1, $2, $3, 'channel-sale', $4)
     returning txn_no`,
    [operatorId, book, order.key, 1_790_000_000_000],
  );
  const amounts = [-totalOf(order), ...order.sharesFen];
  for (const [leg, amountFen] of amounts.entries()) {
    await client.query(
      'insert into plain.entry (operator_id, txn_no, leg, book, account, amount_fen) values ($1, $2, $3, $4, $5, $6)',
      [operatorId, rows[0]?.txn_no, leg, book, accounts[leg], amountFen],
    );
    await client.query(
      `insert into plain.balance (operator_id, book, account, balance_fen) values ($1, $2, $3, $4)
       on conflict (operator_id, book, account) do update set balance_fen = balance.balance_fen + excluded.balance_fen`,
      [operatorId, book, accounts[leg], amountFen],
    );
  }
  await client.query('commit');
}
