import { afterEach, expect, test } from 'vitest';
import { rebuildProjections } from '#terminal/agent/journal/rebuild.ts';
import { createMemoryCounter, deviceState } from '#terminal/agent/testing/memory-counter.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

/** Who opened the drawer, and why: what a shop asks when cash is missing. */
let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});
const pin = '28064193';

const withDrawer = async () => {
  const counter = createMemoryCounter();
  const here = (bench = await openTillBench(counter));
  await deviceState(here, 'printer', 'online');
  return { here, counter };
};
interface Told {
  readonly type: string;
  readonly body: Record<string, unknown>;
}
/** Everything about drawers that the cloud was told, in order. */
const toldOf = ({ cloud }: TillBench): readonly Told[] =>
  cloud.batches
    .flatMap(({ entries }) => entries)
    .map(({ type, body }) => ({ type, body: JSON.parse(body) as Record<string, unknown> }))
    .filter(({ type, body }) => type.startsWith('drawer.') || body['kind'] === 'drawer');

test('without a sale: who asked and why stand in the journal before the drawer opens, counted in the day and on its slip', async () => {
  const { here, counter } = await withDrawer();
  expect(await here.ask('drawer.open', { reason: '换零钱' })).toEqual({});
  await here.ask('owner.setPin', { newPin: pin });
  expect(await here.ask('drawer.open', { reason: '付货款' })).toEqual({
    refused: 'owner-approval-missing',
  });
  const approved = await here.ask('owner.approve', { pin, action: 'drawer.open' });
  if ('refused' in approved) throw new Error(approved.refused);
  const { approvalId } = approved;
  expect(await here.ask('drawer.open', { reason: '付货款', approvalId })).toEqual({});

  await here.until('told', () => toldOf(here).length === 4);
  const told = toldOf(here);
  expect(told.map(({ type }) => type)).toEqual([
    'drawer.no-sale',
    'print.queued',
    'drawer.no-sale',
    'print.queued',
  ]);
  expect(told[0]?.body).toMatchObject({ reason: '换零钱', cashier: '小王' });
  expect(told[0]?.body).not.toHaveProperty('approvedBy');
  expect(told[2]?.body).toMatchObject({ reason: '付货款', cashier: '小王', approvedBy: 'owner' });
  // The job says which opening it is.
  for (const at of [0, 2]) expect(told[at]?.body['jobId']).toBe(told[at + 1]?.body['jobId']);

  expect(await here.ask('today.get', {})).toMatchObject({
    noSaleCount: 2,
    noSales: [
      { cashier: '小王', reason: '付货款', isApproved: true },
      { cashier: '小王', reason: '换零钱', isApproved: false },
    ],
  });
  await here.ask('today.printSlip', {});
  await here.until('the slip', () => counter.papers().length === 1, 15_000);
  expect(counter.papers()[0]).toMatch(/无销售开箱 +2次/u);
});

test('by a sale: its order says who and why, and it is no opening without a sale', async () => {
  const { here } = await withDrawer();
  await here.ask('till.setAmount', { amountFen: 900 });
  await here.ask('till.payCash', { tenderedFen: 1_000 });
  const { orderId } = await here.screen('cash');
  await here.until('told', () => toldOf(here).length === 1);
  expect(toldOf(here)).toMatchObject([{ type: 'print.queued', body: { kind: 'drawer', orderId } }]);
  expect(await here.ask('orders.get', { orderId })).toMatchObject({ cashier: '小王' });
  expect(await here.ask('today.get', {})).toMatchObject({ noSaleCount: 0, noSales: [] });
});

test('the count survives a restart, and the journal alone brings it back', async () => {
  const { here } = await withDrawer();
  await here.ask('drawer.open', { reason: '换零钱' });
  const before = await here.ask('today.get', {});
  await here.restart((dataDir) => {
    const { journal, store } = openTestJournal(dataDir);
    store.write.run('DELETE FROM no_sales');
    expect(rebuildProjections(store)).toBeUndefined();
    journal.close();
  });
  const after = await here.ask('today.get', {});
  expect(after).toMatchObject({ noSaleCount: 1, noSales: [{ reason: '换零钱' }] });
  expect('noSales' in after && after.noSales).toEqual('noSales' in before && before.noSales);
});
