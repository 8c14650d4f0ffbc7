import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { postJournals } from '#cloud/ledger/post.ts';
import type { AccountName, Journal } from '#cloud/ledger/posting.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';

const merchant = 'mch_01J00000000000000000000001' as MerchantId;
const database = useTestDatabase();
let operatorCount = 0;

/** Every test has an operator, hence books, of its own. */
const freshOperator = (): OperatorId => {
  operatorCount += 1;
  return `opr_01J000000000000000000000${String(operatorCount).padStart(2, '0')}` as OperatorId;
};

interface LegText {
  readonly [account: string]: number;
}

const journal = (
  operatorId: OperatorId,
  key: string,
  legs: LegText,
  merchantId: MerchantId | null = null,
): Journal => ({
  operatorId,
  merchantId,
  idemKey: key,
  kind: 'test',
  eventAtMs: 1_770_000_000_000,
  legs: Object.entries(legs).map(([account, amount]) => ({
    account: account as AccountName,
    amountFen: fen(amount),
  })),
});

const post = (journals: readonly Journal[]) =>
  database.db.transaction((tx) => postJournals(tx, journals));

async function balances(operatorId: OperatorId): Promise<Record<string, number>> {
  const { rows } = await database.db.execute(sql`
    SELECT account, sum(balance_fen)::float8 AS fen FROM ledger_balance
    WHERE operator_id = ${operatorId} GROUP BY account ORDER BY account`);
  return Object.fromEntries(rows.map((row) => [String(row['account']), Number(row['fen'])]));
}

async function entryCount(operatorId: OperatorId): Promise<number> {
  const { rows } = await database.db.execute(
    sql`SELECT count(*)::int AS n FROM ledger_entry WHERE operator_id = ${operatorId}`,
  );
  return Number(rows[0]?.['n']);
}

describe('posting journals', () => {
  it('moves each balance once by the sum of its legs', async () => {
    const operator = freshOperator();
    const outcome = await post([
      journal(operator, 'a', { margin: 70, agent_payable: 30, operating_cash: -100 }),
      journal(operator, 'b', { margin: 7, operating_cash: -7 }),
    ]);
    expect(getOrThrow(outcome)).toEqual({ postedCount: 2, repeatedCount: 0, isNew: [true, true] });
    expect(await balances(operator)).toEqual({
      agent_payable: 30,
      margin: 77,
      operating_cash: -107,
    });
  });

  it('posts a key once, however often and in whatever company it comes', async () => {
    const operator = freshOperator();
    const a = journal(operator, 'a', { margin: 5, operating_cash: -5 });
    const b = journal(operator, 'b', { margin: 6, operating_cash: -6 });
    getOrThrow(await post([a, a]));
    const again = getOrThrow(await post([b, a, b]));
    expect(again).toEqual({ postedCount: 1, repeatedCount: 2, isNew: [true, false, false] });
    expect(await balances(operator)).toEqual({ margin: 11, operating_cash: -11 });
    expect(await entryCount(operator)).toBe(4);
  });

  it('posts a replay with a later time as the same journal', async () => {
    const operator = freshOperator();
    const first = journal(operator, 'a', { margin: 5, operating_cash: -5 });
    getOrThrow(await post([first]));
    const replay = await post([{ ...first, eventAtMs: first.eventAtMs + 60_000 }]);
    expect(getOrThrow(replay).repeatedCount).toBe(1);
  });

  it('keeps the same key apart in two books', async () => {
    const operator = freshOperator();
    const outcome = await post([
      journal(operator, 'x', { transit: -5, margin: 5 }),
      journal(operator, 'x', { transit: 5, channel_clearing: -5 }, merchant),
    ]);
    expect(getOrThrow(outcome).postedCount).toBe(2);
  });

  it('refuses the same key with other content and writes nothing of the batch', async () => {
    const operator = freshOperator();
    getOrThrow(await post([journal(operator, 'a', { margin: 5, operating_cash: -5 })]));
    const outcome = await post([
      journal(operator, 'new', { margin: 1, operating_cash: -1 }),
      journal(operator, 'a', { margin: 6, operating_cash: -6 }),
    ]);
    expect(outcome).toEqual({
      ok: false,
      error: { type: 'idempotency-mismatch', idemKeys: ['a'] },
    });
    expect(await balances(operator)).toEqual({ margin: 5, operating_cash: -5 });
  });

  it('refuses the same key with other content inside one batch', async () => {
    const operator = freshOperator();
    const outcome = await post([
      journal(operator, 'a', { margin: 5, operating_cash: -5 }),
      journal(operator, 'a', { margin: 6, operating_cash: -6 }),
    ]);
    expect(outcome).toMatchObject({ ok: false, error: { type: 'idempotency-mismatch' } });
    expect(await entryCount(operator)).toBe(0);
  });

  it('compares content with a key that another connection commits meanwhile', async () => {
    const operator = freshOperator();
    const mine = journal(operator, 'a', { margin: 5, operating_cash: -5 });
    const other = journal(operator, 'a', { margin: 6, operating_cash: -6 });
    let late: ReturnType<typeof post> | undefined;
    await database.db.transaction(async (tx) => {
      getOrThrow(await postJournals(tx, [mine]));
      // The second connection now waits for the key that the first holds uncommitted.
      late = post([other]);
      await untilBlocked();
    });
    expect(await late).toMatchObject({ ok: false, error: { type: 'idempotency-mismatch' } });
    expect(await balances(operator)).toEqual({ margin: 5, operating_cash: -5 });
  });

  it('refuses to take a guarded account below nothing, and leaves the transaction usable', async () => {
    const operator = freshOperator();
    getOrThrow(await post([journal(operator, 'in', { fund_free: 100, ring_fenced_cash: -100 })]));
    await database.db.transaction(async (tx) => {
      const refused = await postJournals(tx, [
        journal(operator, 'ok', { margin: 1, operating_cash: -1 }),
        journal(operator, 'too-much', { fund_free: -101, voucher_outstanding: 101 }),
      ]);
      expect(refused).toEqual({
        ok: false,
        error: {
          type: 'balance-refused',
          violations: [{ operatorId: operator, book: '', account: 'fund_free', balanceFen: -1 }],
        },
      });
      getOrThrow(
        await postJournals(tx, [
          journal(operator, 'all', { fund_free: -100, voucher_outstanding: 100 }),
        ]),
      );
    });
    expect(await balances(operator)).toEqual({
      fund_free: 0,
      ring_fenced_cash: -100,
      voucher_outstanding: 100,
    });
  });

  it('refuses to take more out of a guarded holding than lies there', async () => {
    const operator = freshOperator();
    const outcome = await post([journal(operator, 'a', { ring_fenced_cash: 1, margin: -1 })]);
    expect(outcome).toMatchObject({ ok: false, error: { type: 'balance-refused' } });
  });

  it.each([
    ['unbalanced', { margin: 5, operating_cash: -4 }, 'journal-unbalanced'],
    ['with one leg', { margin: 5 }, 'journal-malformed'],
    ['with a zero leg', { margin: 0, operating_cash: 0 }, 'journal-malformed'],
  ])('refuses a journal %s', async (_, legs: LegText, type) => {
    const outcome = await post([journal(freshOperator(), 'a', legs)]);
    expect(outcome).toMatchObject({ ok: false, error: { type } });
  });

  it('spreads concurrent batches without deadlock and loses none', async () => {
    const operator = freshOperator();
    const batchOf = (lane: number) =>
      Array.from({ length: 40 }, (_, index) =>
        journal(
          operator,
          `${lane}-${index}`,
          index % 2 === 0
            ? { fund_free: 3, margin: 2, ring_fenced_cash: -3, operating_cash: -2 }
            : { contingency: 1, agent_payable: 4, operating_cash: -5 },
        ),
      );
    await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7].map(async (lane) => {
        getOrThrow(await post(batchOf(lane % 4)));
      }),
    );
    expect(await balances(operator)).toEqual({
      agent_payable: 320,
      contingency: 80,
      fund_free: 240,
      margin: 160,
      operating_cash: -560,
      ring_fenced_cash: -240,
    });
  });
});

describe('the books are append only', () => {
  it.each([
    ['update', sql`UPDATE ledger_entry SET amount_fen = amount_fen + 1`],
    ['delete', sql`DELETE FROM ledger_txn`],
    ['truncate', sql`TRUNCATE ledger_entry`],
  ])('refuses %s', async (_, statement) => {
    await expect(database.db.execute(statement)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('append only') as string },
    });
  });
});

/** Waits until some connection waits for another one's uncommitted row. */
async function untilBlocked(): Promise<void> {
  for (let round = 0; round < 500; round += 1) {
    const { rows } = await database.pool.query(
      'SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0',
    );
    if (rows.length > 0) return;
  }
  throw new Error('no connection was ever blocked');
}
