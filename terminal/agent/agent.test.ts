import { afterEach, describe, expect, test } from 'vitest';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const wechat = (last: number): string => `13000000000000${String(last).padStart(4, '0')}`;

describe('a sale', () => {
  test('digits and one scan: the intent is in the journal before the cloud sees the request, then paid', async () => {
    const { ask, screen, cloud, agent, until } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 1_250 });
    await ask('till.scan', { text: wechat(1) });
    const paid = await screen('paid');
    expect(paid).toMatchObject({ amountFen: 1_250, wallet: 'wechat', pointsEstimateFen: 125 });
    expect(cloud.bodies).toMatchObject([{ attempt: 1, authCode: wechat(1), amountFen: 1_250 }]);
    await until('all delivered', () => cloud.delivered().includes('charge.paid'));
    const types = cloud.delivered();
    expect(types.indexOf('order.opened')).toBeLessThan(types.indexOf('charge.submitted'));
    expect(types.indexOf('charge.submitted')).toBeLessThan(types.indexOf('charge.paid'));
    expect(JSON.stringify(cloud.batches)).not.toContain(wechat(1));
    expect(await agent().api.call('till.state', {})).toMatchObject({
      value: { draft: { amountFen: 0 } },
    });
  });
});
