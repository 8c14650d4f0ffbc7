import { createHash } from 'node:crypto';
import { sql, type SQL } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import {
  statementCells,
  statementHead,
  statementLine,
  statementTotal,
  sumColumns,
  type StatementRow,
} from '#cloud/settlement/statement-csv.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';

/** A merchant's statement of one ledger date, as it was made. Its parts are read one by one. */
export interface SettlementStatement {
  /** Of the UTF-8 bytes of all parts in their order, hex. */
  readonly sha256: string;
  /** Without head and total. */
  readonly rowCount: number;
  readonly partCount: number;
}

/** `day-not-over`: bookings of that day may still commit. `too-many-rows`: refused rather than cut. */
export interface StatementError {
  readonly type: 'day-not-over' | 'too-many-rows';
}

export interface StatementDay {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly ledgerDate: string;
}

export const statementRowsMax = 100_000;
export const rowsPerPart = 1_000;
/** A booking belongs to the day on which it was accepted and commits a little later. */
export const afterMidnightMs = 10 * 60_000;

/**
 * Makes the statement of a day that is over, or answers the one that was made: once made it never
 * changes, whatever instructions and refunds bring later; that stands on the days on which it
 * happens. One row per order, per refund that was booked that day, per offline sale whose money
 * never came, per bill whose fees were booked, per payout of vouchers' worth (subsidy-payouts.ts)
 * that people paid that day, and one of sums. Reads and writes
 * {@link rowsPerPart} rows at a time.
 */
export async function makeStatement(
  db: Db,
  day: StatementDay,
  nowMs: number,
): Promise<Result<SettlementStatement, StatementError>> {
  const known = await findStatement(db, day);
  if (known !== undefined) return ok(known);
  if (nowMs < dayStartMs(addDays(day.ledgerDate, 1)) + afterMidnightMs)
    return err({ type: 'day-not-over' });
  return await db.transaction(async (tx) => {
    // Two who ask at once make one: the second waits here and finds it.
    const key = `statement:${day.operatorId}:${day.merchantId}:${day.ledgerDate}`;
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`);
    const made = await findStatement(tx, day);
    if (made !== undefined) return ok(made);
    const isTooLong = (await rowsOfDay(tx, day)) > statementRowsMax;
    return isTooLong ? err({ type: 'too-many-rows' }) : ok(await writeParts(tx, day, nowMs));
  });
}

async function findStatement(
  db: Db | Tx,
  { operatorId, merchantId, ledgerDate }: StatementDay,
): Promise<SettlementStatement | undefined> {
  const { rows } = await db.execute<{ sha256: string; row_count: number; part_count: number }>(sql`
    select sha256, row_count, part_count from settlement_statement where operator_id = ${operatorId}
       and merchant_id = ${merchantId} and ledger_date = ${ledgerDate}::date`);
  const row = rows[0];
  return row === undefined
    ? undefined
    : { sha256: row.sha256, rowCount: row.row_count, partCount: row.part_count };
}

/** Orders and refunds of the day: what makes it long. */
async function rowsOfDay(tx: Tx, day: StatementDay): Promise<number> {
  const { operatorId, merchantId, ledgerDate } = day;
  const own = sql`operator_id = ${operatorId} and merchant_id = ${merchantId}
    and ledger_date = ${ledgerDate}::date`;
  const { rows } = await tx.execute<{ count: number }>(sql`
    select (select count(*) from settlement_line where ${own})
         + (select count(*) from order_refund where ${own} and status = 'done') as count`);
  return rows[0]?.count ?? 0;
}

async function writeParts(tx: Tx, day: StatementDay, nowMs: number): Promise<SettlementStatement> {
  const { operatorId, merchantId, ledgerDate } = day;
  const hash = createHash('sha256');
  const sums = new Map(sumColumns.map((column) => [column, 0]));
  let rowCount = 0;
  let partCount = 0;
  const put = async (csv: string): Promise<void> => {
    partCount += 1;
    hash.update(csv, 'utf8');
    await tx.execute(sql`
      insert into settlement_statement_part (operator_id, merchant_id, ledger_date, part_no, csv)
      values (${operatorId}, ${merchantId}, ${ledgerDate}::date, ${partCount}, ${csv})`);
  };
  await put(statementHead());
  for (let after: StatementRow | undefined; ;) {
    const rows = await pageOf(tx, day, after);
    rowCount += rows.length;
    for (const row of rows)
      for (const [column, sum] of sums) sums.set(column, sum + Number(row[column]));
    if (rows.length > 0) await put(rows.map((row) => statementLine(statementCells(row))).join(''));
    if (rows.length < rowsPerPart) break;
    after = rows.at(-1);
  }
  await put(statementTotal(sums));
  const sha256 = hash.digest('hex');
  await tx.execute(sql`
    insert into settlement_statement (operator_id, merchant_id, ledger_date, sha256, row_count,
      part_count, made_at_ms)
    values (${operatorId}, ${merchantId}, ${ledgerDate}::date, ${sha256}, ${rowCount}, ${partCount},
      ${nowMs})`);
  return { sha256, rowCount, partCount };
}

/** One part of a statement that was made. */
export async function statementPart(
  db: Db | Tx,
  day: StatementDay & { readonly partNo: number },
): Promise<string> {
  const { rows } = await db.execute<{ csv: string }>(sql`
    select csv from settlement_statement_part where operator_id = ${day.operatorId}
       and merchant_id = ${day.merchantId} and ledger_date = ${day.ledgerDate}::date
       and part_no = ${day.partNo}`);
  return rows[0]?.csv ?? '';
}

/** What people paid of vouchers' worth that day: the day that it is for, and the bank's number. */
const payoutsPaid = ({ operatorId, merchantId, ledgerDate }: StatementDay): SQL => sql`
      select ended_at_ms, 'payout', instruction_no, '', '', ${ledgerDate}, '',
        '券补贴付款 ' || right(out_trade_no, 8) || ' ' || ref, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '',
        amount_fen
      from channel_instruction where operator_id = ${operatorId} and merchant_id = ${merchantId}
        and kind = 'subsidy-payout' and state = 'done'
        and ended_at_ms >= ${dayStartMs(ledgerDate)}
        and ended_at_ms < ${dayStartMs(addDays(ledgerDate, 1))}`;

/** The next rows of the day in their order: time, kind, number. */
async function pageOf(
  tx: Tx,
  { operatorId, merchantId, ledgerDate }: StatementDay,
  after: StatementRow | undefined,
): Promise<readonly StatementRow[]> {
  const own = sql`operator_id = ${operatorId} and merchant_id = ${merchantId}`;
  const fromMs = dayStartMs(ledgerDate);
  const untilMs = dayStartMs(addDays(ledgerDate, 1));
  const { rows } = await tx.execute<StatementRow>(sql`
    select * from (
      select l.accepted_at_ms as at_ms, 'sale' as row_kind, l.order_id as row_key, l.order_id,
        l.business_date::text as business_date, l.ledger_date::text as ledger_date, l.terminal_id,
        l.channel, l.amount_fen, l.voucher_fen, l.net_fen, l.concession_fen, l.same_day_fen,
        l.reserve_fen, l.subsidy_fen, 0 as refund_fen,
        coalesce((l.net_fen * m.fee_bp + 5000) / 10000, 0) as expected_fee_fen, 0 as bill_fee_fen,
        0 as lost_fen, '' as loss_bearer,
        case when l.source <> 'channel' then '不经渠道' else coalesce((
          select string_agg(i.kind || ':' || i.state, ' ' order by i.step, i.instruction_no)
            from channel_instruction i
           where i.operator_id = l.operator_id and i.order_id = l.order_id), '不下指令') end
          || case when exists (select from subsidy_part p where p.operator_id = l.operator_id
               and p.merchant_id = l.merchant_id and p.order_id = l.order_id) then ' 券补贴另付' else '' end
          as instructions, 0 as payout_fen
      from (select * from settlement_line where ${own} and ledger_date = ${ledgerDate}::date) l
      left join payment_attempt a on a.operator_id = l.operator_id and a.order_id = l.order_id
        and a.status = 'paid' and l.source = 'channel'
      left join merchant_channel m on m.operator_id = l.operator_id
        and m.merchant_id = l.merchant_id and m.channel = a.channel
      union all
      select done_at_ms, 'refund', order_id || ':' || refund_no, order_id, business_date::text,
        ledger_date::text, terminal_id, 'refund-' || how, 0, 0, 0, -concession_fen,
        case when how = 'channel' then case when in_hold then -same_day_fen else -cash_fen end
             else collected_fen end,
        -reserve_fen, -voucher_fen, amount_fen, 0, 0, 0, '', '', 0
      from order_refund where ${own} and status = 'done' and ledger_date = ${ledgerDate}::date
      union all
      select settled_at_ms, 'loss', order_id, order_id, business_date::text, ${ledgerDate},
        terminal_id, 'offline-loss', 0, 0, 0, 0, covered_fen, 0, 0, 0, 0, 0, amount_fen,
        case bearer_party when 'member' then '会员' when 'platform' then '平台' else '商户' end, '', 0
      from offline_settlement where ${own} and bearer_party is not null and parked_reason is null
        and settled_at_ms >= ${fromMs} and settled_at_ms < ${untilMs}
      union all
      select p.ended_at_ms, 'kept', p.order_id || ':' || p.attempt, p.order_id, '', ${ledgerDate}, '',
        'paid-twice-kept', 0, 0, 0, 0, p.amount_fen, 0, 0, 0,
        coalesce((p.amount_fen * m.fee_bp + 5000) / 10000, 0), 0, 0, '', coalesce((
          select string_agg(i.kind || ':' || i.state, ' ' order by i.step, i.instruction_no)
            from channel_instruction i
           where i.operator_id = p.operator_id and i.order_id = p.order_id), '不下指令'), 0
      from paid_twice p join payment_attempt a using (operator_id, order_id, attempt)
      left join merchant_channel m on m.operator_id = p.operator_id
        and m.merchant_id = p.merchant_id and m.channel = a.channel
      where p.operator_id = ${operatorId} and p.merchant_id = ${merchantId} and p.ended_as = 'paid'
        and p.ended_at_ms >= ${fromMs} and p.ended_at_ms < ${untilMs}
      union all
      select t.event_at_ms, 'fee', t.idem_key, '', '', ${ledgerDate}, '', '账单手续费', 0, 0, 0, 0, 0,
        0, 0, 0, 0, -e.amount_fen, 0, '', '', 0
      from ledger_txn t join ledger_entry e on e.operator_id = t.operator_id
        and e.txn_no = t.txn_no and e.account = 'channel_fee'
      where t.operator_id = ${operatorId} and t.book = ${merchantId} and t.kind = 'channel-fee'
        and t.event_at_ms >= ${fromMs} and t.event_at_ms < ${untilMs}
      union all
      ${payoutsPaid({ operatorId, merchantId, ledgerDate })}
    ) r
    where (at_ms, row_kind, row_key)
      > (${after?.at_ms ?? 0}, ${after?.row_kind ?? ''}, ${after?.row_key ?? ''})
    order by at_ms, row_kind, row_key limit ${rowsPerPart}`);
  return rows;
}
