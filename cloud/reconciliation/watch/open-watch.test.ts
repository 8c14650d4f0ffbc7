import { readFileSync } from 'node:fs';
import { sql, type SQL } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';
import { openAlarms, type OpenAlarm } from '#cloud/reconciliation/watch/open-alarms.ts';
import { countedMax } from '#cloud/reconciliation/watch/open-facts.ts';
import { measureOpen, startOpenWatch } from '#cloud/reconciliation/watch/open-watch.ts';

const clock = createManualClock(1_790_000_000_000);
const cloud = useTestCloud({ clock });
const merchant = `mch_${'7'.repeat(26)}`;
const orders = { count: 0 };

const execute = (statement: SQL) => cloud.deps.db.execute(statement);
beforeEach(async () => {
  clock.advance(30 * 86_400_000);
  await execute(
    // What hangs on an instruction is append-only; nothing of that is planted here.
    sql.raw(`set session_replication_role = replica;
      truncate payment_attempt, channel_instruction, offline_settlement, order_refund,
        settlement_line cascade;
      set session_replication_role = origin`),
  );
});

const measure = () => {
  const { operatorId } = cloud.deps;
  return runScoped({ type: 'operator', operatorId }, () => measureOpen(cloud.deps));
};
async function page(): Promise<readonly string[]> {
  const answer = await cloud.app.inject({
    url: '/metrics',
    headers: { authorization: `Bearer ${cloud.operatorToken}` },
  });
  return answer.body.split('\n').filter((line) => line.startsWith('greentill_'));
}
const ago = (ms: number) => sql`${clock.nowMs() - ms}::bigint`;
/** What the page says of one metric: the rest of each of its lines. */
const shown = async (name: string): Promise<readonly string[]> =>
  (await page())
    .filter(
      (line) => line.startsWith(`greentill_${name}{`) || line.startsWith(`greentill_${name} `),
    )
    .map((line) => line.slice(`greentill_${name}`.length).trim());
/** Names of the alarms that are on. */
async function raised(): Promise<readonly string[]> {
  await measure();
  const lines = await shown('open_alarm');
  expect(lines).toHaveLength(Object.keys(openAlarms).length);
  return lines.filter((line) => line.endsWith(' 1')).map((line) => line.split('"')[1] ?? '');
}

interface Planted {
  readonly channel?: string;
  readonly ageMs: number;
  readonly operator?: string;
  readonly count?: number;
}
const operatorOf = ({ operator }: Planted) => operator ?? cloud.deps.operatorId;

/** Charges in the state that `set` makes of one that is open. */
async function plantCharges(planted: Planted, set: SQL = sql`status = status`): Promise<void> {
  const count = planted.count ?? 1;
  const first = orders.count;
  orders.count += count;
  const atMs = clock.nowMs() - planted.ageMs;
  const channel = planted.channel ?? 'wechat';
  const operator = operatorOf(planted);
  await execute(sql`
    insert into payment_attempt (operator_id, order_id, attempt, kind, merchant_id, terminal_id,
      channel, channel_merchant_no, out_trade_no, wallet, amount_fen, voucher_fen, concession_bp,
      business_date, cashier, opened_at_ms, content_hash, route, quota_date, status, in_flight,
      submitted_at_ms, cancel_wanted, found_paid, fruitless_tries, lease_until_ms, next_step,
      next_at_ms, book_state)
    select ${operator}, 'ord_' || lpad((${first}::integer + n)::text, 26, '0'), 1, 'charge',
           ${merchant}, 'trm_1', ${channel}, '19000', ${operator} || ${first}::integer + n, 'wechat',
           1000, 0, 1000, '2026-09-21', 'x', ${atMs}::bigint, 'x', '{}', '2026-09-21', 'unknown',
           true, ${atMs}::bigint, false, false, 0, 0, 'query', ${clock.nowMs()}::bigint, 'none'
      from generate_series(1, ${count}::integer) n`);
  await execute(sql`update payment_attempt set ${set} where operator_id = ${operator}
    and order_id > 'ord_' || lpad(${String(first)}, 26, '0')`);
}
const paidNot = (bookState: string, ageMs: number) => sql`status = 'paid', in_flight = false,
  next_step = null, next_at_ms = null, channel_ref = 'R', paid_at_ms = 1,
  settled_at_ms = ${clock.nowMs() - ageMs}::bigint, book_state = ${bookState}`;

/** The charge of that age has other money in the books. */
const plantOtherMoney = (ageMs: number) =>
  execute(sql`
    insert into settlement_line (operator_id, merchant_id, order_id, terminal_id, source, channel,
      amount_fen, voucher_fen, net_fen, concession_bp, concession_fen, same_day_fen, reserve_fen,
      subsidy_fen, state, business_date, ledger_date, paid_at_ms, accepted_at_ms, due_at_ms)
    select operator_id, merchant_id, order_id, 'trm_1', 'cash', 'cash', 1000, 0, 1000, 1000, 100, 0,
           0, 0, 'held', '2026-09-21', '2026-09-21', 1, 1, 2
      from payment_attempt where submitted_at_ms = ${ago(ageMs)}`);

async function plantInstruction(kind: string, set: SQL, operator?: string): Promise<void> {
  orders.count += 1;
  const no = `I${String(orders.count)}`;
  const nowMs = clock.nowMs();
  await execute(sql`
    insert into channel_instruction (operator_id, instruction_no, merchant_id, kind, step, channel,
      amount_fen, order_id, state, next_step, next_at_ms, created_at_ms)
    values (${operator ?? cloud.deps.operatorId}, ${no}, ${merchant}, ${kind}, 1, 'wechat', 100,
      'ord_1', 'ready', 'send', ${nowMs}, ${nowMs})`);
  await execute(sql`update channel_instruction set ${set} where instruction_no = ${no}`);
}
const hourMs = 3_600_000;

describe('what waits is counted, with the age of the oldest', () => {
  it('charges by channel, only those that should be definite, and of this operator alone', async () => {
    await plantCharges({ ageMs: 600_000, count: 3 });
    await plantCharges({ ageMs: 120_000 });
    await plantCharges({ ageMs: 100_000, channel: 'alipay' });
    await plantCharges({ ageMs: 60_000, channel: 'unionpay' });
    await plantCharges({ ageMs: 900_001, operator: 'opr_other' });
    await measure();
    expect(await shown('undecided_charges')).toEqual([
      '{channel="alipay"} 1',
      '{channel="wechat"} 4',
    ]);
    expect(await shown('undecided_charge_age_seconds')).toEqual([
      '{channel="alipay"} 100',
      '{channel="wechat"} 600',
    ]);
    expect(await shown('open_measured_timestamp_seconds')).toEqual([String(clock.nowMs() / 1_000)]);
    // Decided: its line is gone, not 1 for ever.
    await execute(sql`delete from payment_attempt where channel = 'alipay'`);
    await measure();
    expect(await shown('undecided_charges')).toEqual(['{channel="wechat"} 4']);
  });

  it('paid charges that are not booked yet, are parked, or were paid twice', async () => {
    await plantCharges({ ageMs: 50_000, count: 2 }, paidNot('none', 5_000));
    await plantCharges({ ageMs: 7_000 }, paidNot('parked', 6_000));
    await plantCharges({ ageMs: 8_000 }, paidNot('parked', 6_000));
    await plantCharges({ ageMs: 9_000 }, paidNot('booked', 6_000));
    await plantOtherMoney(8_000);
    await measure();
    expect(await shown('bookings_open')).toEqual([
      '{why="paid-twice"} 1',
      '{why="parked"} 1',
      '{why="waiting"} 2',
    ]);
    expect(await shown('booking_age_seconds')).toEqual([
      '{why="paid-twice"} 8',
      '{why="parked"} 7',
      '{why="waiting"} 5',
    ]);
  });

  it('instructions by kind and reason; those on their ordinary way are none', async () => {
    await plantInstruction('same-day', sql`sent_at_ms = ${ago(90_000)}, state = 'open'`);
    await plantInstruction('same-day', sql`sent_at_ms = ${ago(30_000)}, state = 'open'`);
    const ended = (ms: number) => sql`state = 'failed', next_step = null, next_at_ms = null,
      ended_at_ms = ${ago(ms)}`;
    await plantInstruction('concession', ended(40_000));
    await plantInstruction('concession', sql`${ended(50_000)}, replaced_by = 'ins9'`);
    await plantInstruction('subsidy', sql`by_hand = true, created_at_ms = ${ago(70_000)}`);
    await plantInstruction('release', sql`next_at_ms = ${ago(hourMs + 1_000)}`);
    await plantInstruction('release', sql`next_at_ms = ${ago(hourMs - 1_000)}`);
    await plantInstruction('release', ended(1), 'opr_other');
    await measure();
    expect(await shown('instruction_age_seconds')).toEqual([
      '{kind="concession",why="failed"} 40',
      '{kind="release",why="blocked"} 3601',
      '{kind="same-day",why="unknown"} 90',
      '{kind="subsidy",why="by-hand"} 70',
    ]);
    expect(await shown('instructions_open')).toContain('{kind="same-day",why="unknown"} 2');
  });

  it('names no shop and no order, and counts a backlog only so far', async () => {
    await plantCharges({ ageMs: 600_000, count: countedMax + 10 });
    await measure();
    expect(await shown('undecided_charges')).toEqual([`{channel="wechat"} ${String(countedMax)}`]);
    const all = (await page()).join('\n');
    expect(all).not.toMatch(/mch_|ord_|trm_|opr_/);
  });

  it('stays as it was, with its time, while the database does not answer; and the worker goes on', async () => {
    await plantCharges({ ageMs: 600_000 });
    await measure();
    const before = [
      await shown('undecided_charges'),
      await shown('open_measured_timestamp_seconds'),
    ];
    clock.advance(60_000);
    const { db } = cloud.deps;
    const away = Object.assign(Object.create(db) as Db, {
      transaction: (work: (tx: Tx) => Promise<unknown>) =>
        db.transaction(async (tx) => {
          await work(tx);
          throw new Error('the database is away');
        }),
    });
    await expect(measureOpen({ ...cloud.deps, db: away })).rejects.toThrow('away');
    expect([
      await shown('undecided_charges'),
      await shown('open_measured_timestamp_seconds'),
    ]).toEqual(before);
    const worker = startOpenWatch(cloud.deps);
    await expect
      .poll(() => shown('open_measured_timestamp_seconds'))
      .toEqual([String(clock.nowMs() / 1_000)]);
    await worker.stop();
  });
});

const offline = (ageMs: number) => sql`
  insert into offline_settlement (operator_id, order_id, merchant_id, terminal_id, member_id,
    certificate_id, member_code, amount_fen, concession_bp, business_date, cashier,
    accepted_at_ms, state, parked_reason)
  values (${cloud.deps.operatorId}, ${`ord_${String((orders.count += 1))}`}, ${merchant}, 'trm_1',
    'mbr_1', 'c', '0', 100, 1000, '2026-09-21', 'x', ${ago(ageMs)}, 'settled', 'planted')`;
const refund = (status: string, ageMs: number) => sql`
  insert into order_refund (operator_id, merchant_id, order_id, refund_no, terminal_id, how,
    amount_fen, cash_fen, voucher_fen, cashier, reason, business_date, asked_at_ms, status,
    next_at_ms, attempt, out_refund_no)
  values (${cloud.deps.operatorId}, ${merchant}, ${`ord_${String((orders.count += 1))}`}, 1, 'trm_1',
    'channel', 100, 100, 0, 'x', 'x', '2026-09-21', ${ago(ageMs)}, ${status}, ${ago(0)}, 1,
    ${`T${String(orders.count)}`})`;
const failed = (ageMs: number) => sql`state = 'failed', next_step = null, next_at_ms = null,
  ended_at_ms = ${ago(ageMs)}`;

describe('alarms by name', () => {
  /** Plants what is inside the threshold, and what is above it. */
  const plants: Readonly<
    Record<keyof typeof openAlarms, (isAbove: boolean, ageMs: number) => Promise<unknown>>
  > = {
    'bill-breaks': (_, ageMs) =>
      execute(sql`
        insert into bill_break (operator_id, channel, class, subject, bill_no, account,
          bill_date, bill_fen, our_fen, state, found_at_ms, opened_at_ms)
        values (${cloud.deps.operatorId}, 'wechat', 'double', ${`T${String((orders.count += 1))}`}, 1, '', '2026-09-21', 1, 0, 'open', 1, ${ago(ageMs)})`),
    'bookings-paid-twice': async (_, ageMs) => {
      await plantCharges({ ageMs }, paidNot('parked', ageMs));
      await plantOtherMoney(ageMs);
    },
    'bookings-parked': (_, ageMs) => plantCharges({ ageMs }, paidNot('parked', ageMs)),
    'bookings-waiting': (_, ageMs) => plantCharges({ ageMs }, paidNot('none', ageMs)),
    'charges-undecided-long': (_, ageMs) => plantCharges({ ageMs }),
    'charges-undecided-many': (isAbove) =>
      plantCharges({ ageMs: 100_000, count: isAbove ? 21 : 20 }),
    'instructions-blocked': (isAbove) =>
      plantInstruction('release', sql`next_at_ms = ${ago(isAbove ? hourMs + 1 : hourMs)}`),
    'instructions-by-hand': (_, ageMs) =>
      plantInstruction('subsidy', sql`by_hand = true, created_at_ms = ${ago(ageMs)}`),
    'instructions-failed': (isAbove) =>
      plantInstruction('release', isAbove ? failed(1) : sql`${failed(1)}, replaced_by = 'ins9'`),
    'instructions-unknown': (_, ageMs) =>
      plantInstruction('release', sql`state = 'open', sent_at_ms = ${ago(ageMs)}`),
    'refunds-not-booked': (_, ageMs) => execute(refund('booking', ageMs)),
    'refunds-unknown': (_, ageMs) => execute(refund('refunding', ageMs)),
    'settlements-parked': (_, ageMs) => execute(offline(ageMs)),
  };

  it.each(Object.entries<OpenAlarm>(openAlarms))(
    '%s is silent at its threshold and on above it, and no other one is',
    async (name, { ageMsMax = 0 }) => {
      await execute(
        sql.raw(
          "update bill_break set resolved_at_ms = 1, resolved_how = 'accepted', state = 'resolved'",
        ),
      );
      const plant = plants[name as keyof typeof openAlarms];
      await plant(false, ageMsMax);
      expect(await raised()).toEqual([]);
      await plant(true, ageMsMax + 1);
      expect(await raised()).toEqual([name]);
    },
  );

  it('stand in the operations manual with their thresholds', () => {
    const manual = readFileSync('docs/operations/alarms.md', 'utf8').split('\n');
    for (const [name, { countMax, ageMsMax }] of Object.entries<OpenAlarm>(openAlarms)) {
      const row = manual.find((line) => line.startsWith(`| \`${name}\``));
      const threshold =
        ageMsMax === undefined
          ? `more than ${String(countMax)}`
          : `older than ${wordsOf(ageMsMax)}`;
      expect(row, name).toContain(threshold);
    }
  });
});

function wordsOf(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 60) return `${String(minutes)} min`;
  return minutes < 24 * 60 ? `${String(minutes / 60)} h` : `${String(minutes / 1_440)} d`;
}
