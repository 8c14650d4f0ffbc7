import Database from 'better-sqlite3';
import { sql } from 'drizzle-orm';
import type { BookLine } from '#cloud/channel-simulator/protocol.ts';
import type { BoxBookEntry } from '#drivers/simulator/box/box-books.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { WireEntry } from '#shared/wire/v1/journal.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { join } from 'node:path';
import { groupBy } from '../../kill/group-by.ts';
import type { DayTally, JournalEpoch, JournalHead } from '../../kill/evidence.ts';
import { breaksOfBills, type BillBreak } from './bills.ts';
import type { FaultPlan } from '../script/faults.ts';
import type { Acknowledged } from '../world/network.ts';
import type { Sale } from '../script/shop-script.ts';
import { admin, type Counter, type SimShop } from '../sim-shop.ts';

/** Every book there is when all is quiet, each read from its owner. */
export interface WorldEvidence {
  readonly isQuiet: boolean;
  readonly faults: FaultPlan;
  readonly sales: readonly Sale[];
  readonly tills: readonly TillEvidence[];
  readonly channelBooks: readonly BookLine[];
  readonly attempts: readonly CloudAttempt[];
  readonly cloudPromises: readonly CloudPromise[];
  readonly brokenLaws: readonly string[];
  /** What the channel's bills do not have as our books do; nothing where nobody pays late. */
  readonly billBreaks: readonly BillBreak[];
}

export interface TillEvidence {
  readonly name: string;
  readonly index: number;
  readonly orders: readonly OrderRow[];
  readonly journal: readonly JournalEpoch[];
  /** Position in the journal up to which the till believes the cloud to be. */
  readonly exceptions: readonly string[];
  readonly tallies: readonly SimDay[];
  readonly boxBooks: readonly BoxBookEntry[];
  readonly paper: readonly (readonly string[])[];
  readonly cloudHeads: readonly JournalHead[];
  /** Every entry that is in the cloud, by epoch and number, with its hash. */
  readonly cloudEntries: readonly Acknowledged[];
  /** What the cloud said it has. */
  readonly acknowledged: readonly Acknowledged[];
  readonly alarms: readonly string[];
  readonly isRevoked: boolean;
  readonly intrusions: readonly string[];
  readonly restoredAtMs: readonly number[];
  /** By the command, without the cloud. */
  readonly restoredAlone: boolean;
  readonly cloudOrders: readonly CloudOrder[];
  readonly cloudSetAside: readonly string[];
}

/** A day of the till, with the money of promises that came on it. */
export interface SimDay extends DayTally {
  readonly keptFen: number;
}

/** A promise as the operator's desk lists it. */
export interface CloudPromise {
  readonly orderId: string;
  readonly amountFen: number;
  /** The business day on which the money came; undefined while it has not. */
  readonly keptOn: string | undefined;
}

export interface CloudOrder {
  readonly orderId: string;
  readonly state: string;
  readonly amountFen: number;
}

export interface CloudAttempt {
  readonly orderId: string;
  readonly attempt: number;
  readonly status: string;
  readonly netFen: number;
  readonly outTradeNo: string;
}

export async function gatherEvidence(
  shop: SimShop,
  known: Pick<WorldEvidence, 'sales' | 'faults' | 'isQuiet'>,
): Promise<WorldEvidence> {
  const { host, channel } = shop;
  const tills: TillEvidence[] = [];
  for (const [index, counter] of shop.counters.entries())
    tills.push(await evidenceOf(shop, counter, index));
  const attempts = await host.db().execute<CloudAttempt & Record<string, unknown>>(sql`
    select order_id as "orderId", attempt, status, amount_fen - voucher_fen as "netFen",
           out_trade_no as "outTradeNo"
      from payment_attempt order by order_id, attempt`);
  const { proofs } = await admin<{
    proofs: readonly { readonly name: string; readonly holds: boolean }[];
  }>(host, 'GET', '/admin/v1/proofs');
  const { promises } = await admin<{ promises: readonly ListedPromise[] }>(
    host,
    'GET',
    `/admin/v1/merchants/${shop.merchantId}/promises`,
  );
  return {
    ...known,
    cloudPromises: promises.map(({ orderId, amountFen, kept }) => ({
      orderId,
      amountFen,
      keptOn: kept?.businessDate,
    })),
    tills,
    channelBooks: channel.simulator.books(),
    attempts: attempts.rows,
    billBreaks: known.faults.latePayers === undefined ? [] : await breaksOfBills(shop),
    brokenLaws: proofs.filter(({ holds }) => !holds).map(({ name }) => name),
  };
}

interface ListedPromise {
  readonly orderId: string;
  readonly amountFen: number;
  readonly kept: { readonly businessDate: string } | null;
}

async function evidenceOf(
  { host, isRevoked }: SimShop,
  { till, terminalId, devices, line }: Counter,
  index: number,
): Promise<TillEvidence> {
  const db = host.db();
  const orders = answered(await till.call('orders.list', { limit: 200 })).rows;
  const exceptions = answered(await till.call('exceptions.list', {})).rows;
  const heads = await db.execute<JournalHead & Record<string, unknown>>(sql`
    select epoch, head_seq as "headSeq", head_hash as "headHash" from journal_head
     where terminal_id = ${terminalId}`);
  const entries = await db.execute<Acknowledged & Record<string, unknown>>(sql`
    select epoch, seq, hash from journal_entry where terminal_id = ${terminalId}
     order by epoch, seq`);
  const alarms = await db.execute<{ kind: string }>(sql`
    select kind from terminal_alarm where terminal_id = ${terminalId} order by 1`);
  const cloudOrders = await db.execute<CloudOrder & Record<string, unknown>>(sql`
    select order_id as "orderId", state, amount_fen as "amountFen" from customer_order
     where terminal_id = ${terminalId} order by order_id`);
  const dates = await db.execute<{ date: string }>(sql`
    select distinct business_date as date from customer_order order by 1`);
  const setAside = await db.execute<{ text: string }>(sql`
    select 'entry ' || seq || ' is parked: ' || code || ' ' || detail as text
      from journal_parked where terminal_id = ${terminalId}
     union all
    select 'batch from ' || first_seq || ' is quarantined' from journal_quarantine
     where terminal_id = ${terminalId}
     union all
    select order_id || ' is unbooked: ' || coalesce(book_error, '') from payment_attempt
     where terminal_id = ${terminalId} and book_state = 'parked'`);
  const tallies: SimDay[] = [];
  for (const { date } of dates.rows) {
    const day = answered(await till.call('today.get', { businessDate: date }));
    const cloudFen = day.tomorrow?.cloudTurnoverFen;
    tallies.push({
      businessDate: date,
      tillFen: day.turnoverFen,
      cloudFen,
      keptFen: day.promises.keptFen,
    });
  }
  return {
    name: till.name,
    index,
    orders,
    exceptions: exceptions.map((row) => JSON.stringify(row)),
    journal: readJournal(till.folder()),
    tallies,
    boxBooks: devices.box.books(),
    paper: devices.printer.receipts().map(({ lines }) => lines),
    cloudHeads: heads.rows,
    cloudEntries: entries.rows,
    acknowledged: line.acknowledged(),
    alarms: alarms.rows.map(({ kind }) => kind),
    isRevoked: isRevoked({ terminalId }),
    intrusions: till.intrusions(),
    restoredAtMs: till.restoredAtMs(),
    restoredAlone: till.wasRestoredAlone(),
    cloudOrders: cloudOrders.rows,
    cloudSetAside: setAside.rows.map(({ text }) => text),
  };
}

function answered<T>(
  answer: { ok: true; value: T } | { ok: false; error: unknown } | undefined,
): T {
  if (answer === undefined) throw new Error('the till died while everything was quiet');
  return getOrThrow(answer);
}

/** The till's file as it lies on the disk, read beside the running till. */
function readJournal(folder: string): readonly JournalEpoch[] {
  const file = new Database(join(folder, journalFileName), { readonly: true });
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
