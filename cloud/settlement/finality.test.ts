import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { runFinality } from '#cloud/settlement/finality.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';
import {
  balancesOf,
  dayMs,
  merchantNo,
  noonMs,
  operatorNo,
  paidOrder,
  provisionMerchants,
  signThreeRoles,
  type OrderChoices,
} from '#cloud/settlement/testing/paid-orders.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
let operators = 0;

async function freshOperator(): Promise<OperatorId> {
  operators += 1;
  const operatorId = operatorNo(operators);
  await provisionMerchants(database.db, { operatorId, count: 2 });
  return operatorId;
}

async function book(operatorId: OperatorId, choices: readonly Omit<OrderChoices, 'operatorId'>[]) {
  const orders = choices.map((choice) => paidOrder({ operatorId, ...choice }));
  getOrThrow(await database.db.transaction((tx) => bookPaidOrders(tx, orders)));
}

const finality = (operatorId: OperatorId, asOfMs: number) =>
  database.db.transaction((tx) => runFinality(tx, { operatorId, asOfMs }));

async function expectLaws(operatorId: OperatorId): Promise<void> {
  const laws = [...ledgerLaws, ...settlementLaws];
  const proofs = await proveLaws(database.db, { operatorId, laws });
  expect(proofs.filter((proof) => !proof.holds)).toEqual([]);
}

const commissions = async (operatorId: OperatorId) => {
  const { rows } = await database.db.execute(sql`
    SELECT agent_id, amount_fen FROM agent_commission WHERE operator_id = ${operatorId}
    ORDER BY agent_id`);
  return Object.fromEntries(rows.map((row) => [String(row['agent_id']), row['amount_fen']]));
};

describe('the end of the hold', () => {
  it('comes exactly 7 days after acceptance and not a millisecond before', async () => {
    const operatorId = await freshOperator();
    await book(operatorId, [{ index: 1, amountFen: 10_000 }]);
    const early = await finality(operatorId, noonMs + 7 * dayMs - 1);
    expect(early).toMatchObject({ run: undefined, orderCount: 0, more: false });
    const due = await finality(operatorId, noonMs + 7 * dayMs);
    expect(due).toMatchObject({ orderCount: 1, concessionFen: 2_000, fundFen: 1_600 });
    await expectLaws(operatorId);
  });

  it('changes nothing when it runs again, or twice at once', async () => {
    const operatorId = await freshOperator();
    await book(operatorId, [
      { index: 1, amountFen: 10_000 },
      { index: 2, amountFen: 9_999, merchant: 2 },
    ]);
    const asOfMs = noonMs + 7 * dayMs;
    const runs = await Promise.all([finality(operatorId, asOfMs), finality(operatorId, asOfMs)]);
    expect(runs.map((run) => run.orderCount).toSorted((a, b) => a - b)).toEqual([0, 2]);
    const once = await balancesOf(database.db, operatorId);
    expect((await finality(operatorId, asOfMs)).run).toBeUndefined();
    expect(await balancesOf(database.db, operatorId)).toEqual(once);
  });

  it('pays agents by the contracts of the day of the sale, an absent role into the fund', async () => {
    const operatorId = await freshOperator();
    await signThreeRoles(database.db, operatorId);
    await database.db.execute(sql`UPDATE agent_contract SET valid_to = '2026-03-02'
      WHERE operator_id = ${operatorId} AND role = 'region'`);
    await book(operatorId, [{ index: 1, amountFen: 100_000 }]);
    const outcome = await finality(operatorId, noonMs + 7 * dayMs);
    expect(outcome).toMatchObject({ agentsFen: 1_400, fundFen: 14_600 });
    expect(await commissions(operatorId)).toEqual({ agt_marketer: 1_000, agt_province: 400 });
  });

  it('lets the younger of two overlapping contracts earn, and only one', async () => {
    const operatorId = await freshOperator();
    await signThreeRoles(database.db, operatorId);
    await database.db.execute(sql`INSERT INTO agent VALUES (${operatorId}, 'agt_new', 'New', 0)`);
    await database.db.execute(sql`INSERT INTO agent_contract VALUES
      (${operatorId}, 'ctr_new', 'agt_new', 'marketer', ${merchantNo(1)}, '2026-02-01', NULL)`);
    await book(operatorId, [{ index: 1, amountFen: 100_000 }]);
    await finality(operatorId, noonMs + 7 * dayMs);
    expect(await commissions(operatorId)).toEqual({
      agt_new: 1_000,
      agt_province: 400,
      agt_region: 600,
    });
  });
});

describe('concession of cash and box sales', () => {
  it('is collected from returned reserves, oldest first, and final only when it is whole', async () => {
    const operatorId = await freshOperator();
    await book(operatorId, [
      // Each owes 1000; the older one was accepted an hour before.
      { index: 1, amountFen: 10_000, concessionBp: 1_000, source: 'cash' },
      {
        index: 2,
        amountFen: 10_000,
        concessionBp: 1_000,
        source: 'box',
        acceptedAtMs: noonMs - 3_600_000,
      },
      // Returns 2000 - 500 = 1500.
      { index: 3, amountFen: 10_000, concessionBp: 500 },
    ]);
    const first = await finality(operatorId, noonMs + 7 * dayMs);
    expect(first).toMatchObject({
      orderCount: 2,
      concessionFen: 1_500,
      returnedFen: 1_500,
      collectedFen: 1_500,
    });
    const { rows } = await database.db.execute(sql`
      SELECT right(order_id, 1) AS no, state, collected_fen FROM settlement_line
      WHERE operator_id = ${operatorId} AND source <> 'channel' ORDER BY 1`);
    expect(rows).toEqual([
      { no: '1', state: 'held', collected_fen: 500 },
      { no: '2', state: 'final', collected_fen: 1_000 },
    ]);
    expect((await balancesOf(database.db, operatorId))['merchant_payable']).toBe(8_000);
    await expectLaws(operatorId);

    const later = noonMs + 2 * dayMs;
    await book(operatorId, [
      { index: 4, amountFen: 10_000, concessionBp: 500, acceptedAtMs: later },
    ]);
    const second = await finality(operatorId, later + 7 * dayMs);
    expect(second).toMatchObject({ orderCount: 2, returnedFen: 1_500, collectedFen: 500 });
    const balances = await balancesOf(database.db, operatorId);
    expect(balances['concession_receivable']).toBeUndefined();
    expect(balances['merchant_payable']).toBe(8_000 + 8_000 + 1_000);
    await expectLaws(operatorId);
  });

  it('never takes from the reserve of another merchant', async () => {
    const operatorId = await freshOperator();
    await book(operatorId, [
      { index: 1, amountFen: 10_000, source: 'cash', merchant: 1 },
      { index: 2, amountFen: 10_000, concessionBp: 300, merchant: 2 },
    ]);
    const outcome = await finality(operatorId, noonMs + 7 * dayMs);
    expect(outcome).toMatchObject({ orderCount: 1, collectedFen: 0 });
  });

  it('is final at once when there is none', async () => {
    const operatorId = await freshOperator();
    await book(operatorId, [{ index: 1, amountFen: 33, concessionBp: 300, source: 'cash' }]);
    const outcome = await finality(operatorId, noonMs + 7 * dayMs);
    expect(outcome).toMatchObject({ orderCount: 1, concessionFen: 0 });
    await expectLaws(operatorId);
  });
});
