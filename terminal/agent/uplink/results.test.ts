import { afterEach, describe, expect, test } from 'vitest';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

/** Results are pulled when the line comes back. */
async function pull({ cloud, status, until }: TillBench): Promise<void> {
  await cloud.goDown();
  await until('the outage', async () => !(await status()).online);
  await cloud.comeBack();
  await until('the line', async () => (await status()).online);
}

describe('results', () => {
  test('a payment that comes to light after the sale was paid in cash is shown, never passed over', async () => {
    const { ask, cloud, screen, until } = (bench = await openTillBench());
    cloud.nextCharge({ status: 'failed', code: 'payer-balance' });
    await ask('till.setAmount', { amountFen: 900 });
    await ask('till.scan', { text: '130000000000000002' });
    await screen('not-paid');
    await ask('till.setAmount', { amountFen: 900 });
    await ask('till.payCash', { tenderedFen: 900 });
    const { orderId } = await screen('cash');
    const told = { orderId, attempt: 1, channel: 'simulator', channelRef: 'r', atMs: 1 };
    cloud.results.push({ ...told, result: 'paid', cursor: 1 });
    await pull(bench);
    await until('the exception', async () =>
      JSON.stringify(await ask('exceptions.list', {})).includes('proofs-contradict'),
    );
    expect(await ask('orders.get', { orderId })).toMatchObject({ state: 'cash-recorded' });
  });

  test('a payment told twice is no contradiction', async () => {
    const { ask, cloud, screen, until } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 900 });
    await ask('till.scan', { text: '130000000000000003' });
    const { orderId } = await screen('paid');
    const told = { orderId, attempt: 1, channel: 'simulator', channelRef: 'r', atMs: 1 };
    for (const cursor of [1, 2]) cloud.results.push({ ...told, result: 'paid', cursor });
    await pull(bench);
    await until('the results are taken', async () => (await bench!.status()).online);
    expect(await ask('exceptions.list', {})).toEqual({ rows: [] });
  });

  test('a payment of a sale that the journal does not know is shown: it was lost with a disk', async () => {
    const { ask, cloud, until } = (bench = await openTillBench());
    const told = { attempt: 1, channel: 'simulator', channelRef: 'r', atMs: 1, cursor: 1 };
    cloud.results.push({ ...told, orderId: `ord_${'0'.repeat(26)}`, result: 'paid' });
    await pull(bench);
    await until('the exception', async () =>
      JSON.stringify(await ask('exceptions.list', {})).includes('order-not-in-journal'),
    );
  });
});
