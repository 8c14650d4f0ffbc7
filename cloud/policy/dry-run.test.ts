import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tx } from '#cloud/platform/db.ts';
import { inTransaction } from '#cloud/platform/dry-run.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { createTestCloud, type TestCloud } from '#cloud/platform/testing/test-cloud.ts';
import { lockBook } from '#cloud/points/points-config-store.ts';
import { fundWith, usePilotConfig } from '#cloud/points/testing/points-fixtures.ts';
import { fundFreeFen } from '#cloud/release/close/fund-balance.ts';

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await createTestCloud();
  const { db, operatorId } = cloud.deps;
  await db.transaction(async (tx) => {
    await usePilotConfig(tx, operatorId);
    await fundWith(tx, operatorId, { key: 'first', amountFen: 100 });
  });
});
afterAll(() => cloud.close());

const asOperator = <T>(work: () => Promise<T>): Promise<T> =>
  runScoped({ type: 'operator', operatorId: cloud.deps.operatorId }, work);
/** Fails at once where it would have to wait. */
const atOnce = (work: (tx: Tx) => Promise<unknown>) =>
  cloud.deps.db.transaction(async (tx) => {
    await tx.execute(sql`set local lock_timeout = '500ms'`);
    await work(tx);
  });

describe('a dry run', () => {
  it('keeps nobody waiting for the book: sales and closes go on while it computes', async () => {
    const { db, operatorId } = cloud.deps;
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const dry = asOperator(() =>
      inTransaction(db, { dryRun: true }, async (tx) => {
        await lockBook(tx, operatorId, 'update');
        await tx.execute(sql`update points_book set last_closed_period = '2031-01'`);
        begun.resolve();
        await end.promise;
        return [await lockBook(tx, operatorId, 'share'), await fundFreeFen(tx, operatorId)];
      }),
    );
    await begun.promise;
    await asOperator(() => atOnce((tx) => lockBook(tx, operatorId, 'share')));
    await asOperator(() => atOnce((tx) => lockBook(tx, operatorId, 'update')));
    await atOnce((tx) => fundWith(tx, operatorId, { key: 'second', amountFen: 11 }));
    end.resolve();
    // It saw its own moment to the end, and nothing of what it did is left.
    expect(await dry).toEqual(['2031-01', 100]);
    expect(await db.transaction((tx) => lockBook(tx, operatorId, 'share'))).toBeUndefined();
    expect(await db.transaction((tx) => fundFreeFen(tx, operatorId))).toBe(111);
  });

  it('planted violation: the same work for good does keep others waiting', async () => {
    const { db, operatorId } = cloud.deps;
    await asOperator(() =>
      inTransaction(db, { dryRun: false }, async (tx) => {
        await lockBook(tx, operatorId, 'update');
        const other = atOnce((inner) => lockBook(inner, operatorId, 'share'));
        await expect(other).rejects.toThrow();
      }),
    );
  });

  it('looks again when somebody changed under it what it would change', async () => {
    const { db, operatorId } = cloud.deps;
    let looks = 0;
    const seen = await asOperator(() =>
      inTransaction(db, { dryRun: true }, async (tx) => {
        looks += 1;
        const before = await fundFreeFen(tx, operatorId);
        if (looks === 1)
          await atOnce((inner) => fundWith(inner, operatorId, { key: 'third', amountFen: 5 }));
        await tx.execute(sql`
          update ledger_balance set balance_fen = balance_fen + 1
           where operator_id = ${operatorId} and account = 'fund_free'`);
        return before;
      }),
    );
    expect([looks, seen]).toEqual([2, 116]);
    expect(await db.transaction((tx) => fundFreeFen(tx, operatorId))).toBe(116);
  });
});
