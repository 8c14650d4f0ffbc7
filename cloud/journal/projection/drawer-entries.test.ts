import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { projectOnce } from '#cloud/journal/projection/project-journal.ts';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { createTillJournal, openOrder, recordCash } from '#cloud/journal/testing/till-journal.ts';
import { activateTestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';
import { newId } from '#shared/ids/ids.ts';

const cloud = useTestCloud();

test('a drawer that was opened without a sale is kept whole, moves no order, and holds nothing up; a later one of an unknown kind is parked alone', async () => {
  const till = await activateTestTerminal(cloud);
  const journal = createTillJournal();
  const orderId = newId('ord', cloud.deps);
  const asked = {
    jobId: newId('prt', cloud.deps),
    reason: '换零钱',
    cashier: '小王',
    businessDate: '2026-11-22',
    approvedBy: 'owner',
  };
  journal.append('drawer.no-sale', asked);
  // Of a till that is newer than this cloud.
  journal.append('drawer.counted', { ...asked, totalFen: 12_300 });
  openOrder(journal, { orderId });
  recordCash(journal, orderId);
  const answer = await till.post('/v1/journal/batches', journal.batch(1));
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ ackedThrough: 5 });
  while ((await projectOnce({ ...cloud.deps, effects: createProjectionEffects() })) > 0);

  const { db } = cloud.deps;
  const parked = await db.execute(sql`select seq, code from journal_parked order by seq`);
  expect(parked.rows).toEqual([{ seq: 3, code: 'entry-type-unknown' }]);
  const kept = await db.execute<{ body: string }>(
    sql`select body from journal_entry where type = 'drawer.no-sale'`,
  );
  expect(kept.rows.map(({ body }) => JSON.parse(body) as unknown)).toEqual([asked]);
  const orders = await db.execute(sql`select order_id, state from customer_order`);
  expect(orders.rows).toEqual([{ order_id: orderId, state: 'cash-recorded' }]);
});
