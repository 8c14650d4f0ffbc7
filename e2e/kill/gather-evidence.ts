import path from 'node:path';
import Database from 'better-sqlite3';
import { getOrThrow } from '#shared/result/result.ts';
import type { WireEntry } from '#shared/wire/v1/journal.ts';
import type { OrderRow } from '#terminal/ipc/views.ts';
import type { Stage } from '../stage/stage.ts';
import { readChannelBooks } from './channel-books.ts';
import type { Evidence, JournalEpoch, JournalHead } from './evidence.ts';
import { groupBy } from './group-by.ts';
import { boxLines } from './sell-at-box.ts';
import type { TillDesk } from './till-desk.ts';

/** Reads every book there is, each from its owner: till, disk, cloud, channel, box and paper. */
export interface EvidenceDeps {
  readonly stage: Stage;
  readonly desk: TillDesk;
}

type Gathered = Omit<Evidence, 'sales' | 'paper'>;

export async function gatherEvidence(deps: EvidenceDeps): Promise<Gathered> {
  const { stage, desk } = deps;
  const { pool } = stage.database;
  const { merchantId } = stage.shop;
  const cloudOrders = await pool.query<{ orderId: string; state: string; amountFen: number }>(
    `select order_id as "orderId", state, amount_fen as "amountFen"
       from customer_order where merchant_id = $1`,
    [merchantId],
  );
  const dates = await pool.query<{ date: string }>(
    'select distinct business_date as date from customer_order where merchant_id = $1',
    [merchantId],
  );
  const cloudPaid = await pool.query<{ orderId: string; netFen: number }>(
    `select order_id as "orderId", amount_fen - voucher_fen as "netFen"
       from payment_attempt where merchant_id = $1 and status = 'paid'`,
    [merchantId],
  );
  const { proofs } = await stage.operator.call<{
    proofs: readonly { readonly name: string; readonly holds: boolean }[];
  }>('GET', '/admin/v1/proofs');
  return {
    tillOrders: await allOrders(desk),
    cloudOrders: cloudOrders.rows,
    cloudPaid: cloudPaid.rows,
    cloudSetAside: await setAside(stage),
    channelBooks: await allBooks(deps),
    boxBooks: boxLines(stage),
    journal: readJournal(stage.folder),
    cloudHeads: await readCloudHeads(stage),
    tallies: await Promise.all(dates.rows.map(({ date }) => tallyOf(desk, date))),
    brokenLaws: proofs.filter((proof) => !proof.holds).map((proof) => proof.name),
  };
}

const pageRows = 200;

async function allOrders(desk: TillDesk): Promise<readonly OrderRow[]> {
  const rows: OrderRow[] = [];
  for (let before: string | null = null; ;) {
    const input = before === null ? { limit: pageRows } : { limit: pageRows, before };
    const page: { rows: OrderRow[]; nextBefore: string | null } = getOrThrow(
      await desk.look('orders.list', input),
    );
    rows.push(...page.rows);
    if (page.nextBefore === null) return rows;
    before = page.nextBefore;
  }
}

async function tallyOf(desk: TillDesk, businessDate: string): Promise<Evidence['tallies'][number]> {
  const day = getOrThrow(await desk.look('today.get', { businessDate }));
  return { businessDate, tillFen: day.turnoverFen, cloudFen: day.tomorrow?.cloudTurnoverFen };
}

async function setAside({ database, shop }: Stage): Promise<readonly string[]> {
  const ours = 'terminal_id in (select terminal_id from terminal where merchant_id = $1)';
  const parked = await database.pool.query<{ text: string }>(
    `select 'entry ' || seq || ' is parked: ' || code || ' ' || detail as text
       from journal_parked where ${ours}
      union all
     select 'batch from ' || first_seq || ' is quarantined' from journal_quarantine where ${ours}
      union all
     select order_id || ' is unbooked: ' || coalesce(book_error, '')
       from payment_attempt where merchant_id = $1 and book_state = 'parked'
      union all
     select 'alarm: the till has less than it once sent' from terminal_heartbeat
      where tail_lost and ${ours}`,
    [shop.merchantId],
  );
  return parked.rows.map((row) => row.text);
}

async function allBooks({ stage }: EvidenceDeps): Promise<Evidence['channelBooks']> {
  const { rows } = await stage.database.pool.query<{ merchantNo: string }>(
    `select distinct channel_merchant_no as "merchantNo" from merchant_channel
      where merchant_id = $1`,
    [stage.shop.merchantId],
  );
  const origin = stage.channelOrigin();
  const books = await Promise.all(
    rows.map(({ merchantNo }) =>
      readChannelBooks({ origin, folder: stage.channelFolder, merchantNo }),
    ),
  );
  return books.flat();
}

/** The till's file as it lies on the disk, read beside the running till. */
export function readJournal(folder: string): readonly JournalEpoch[] {
  const file = new Database(path.join(folder, 'till', 'journal.db'), { readonly: true });
  try {
    const rows = file
      .prepare<[], WireEntry & { epoch: string }>(
        `select e.epoch, j.seq, j.hlc, j.wall_ms as wallMs, j.type, j.body, j.hash
           from entry j join epoch e on e.epoch_no = j.epoch_no order by j.position`,
      )
      .all();
    return [...groupBy(rows, (row) => row.epoch)].map(([epoch, entries]) => ({
      epoch,
      entries: entries.map(({ epoch: _epoch, ...entry }) => entry),
    }));
  } finally {
    file.close();
  }
}

export async function readCloudHeads({ database, shop }: Stage): Promise<readonly JournalHead[]> {
  const { rows } = await database.pool.query<JournalHead>(
    `select epoch, head_seq as "headSeq", head_hash as "headHash" from journal_head
      where terminal_id in (select terminal_id from terminal where merchant_id = $1)`,
    [shop.merchantId],
  );
  return rows;
}
