import { afterEach, describe, expect, test } from 'vitest';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import { boxKinds, type BoxKind } from '#drivers/contract/box-kinds.ts';
import { exampleBcd2Table } from '#drivers/ecr/stx-etx/bcd2-table.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';
import { createMemoryCounter, deviceState } from '#terminal/agent/testing/memory-counter.ts';
import type { DeviceConfig } from '#terminal/ipc/devices.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

/** A whole till with all its devices and a box POS, by its configuration alone. */
let bench: TillBench | undefined;
let box: ReturnType<BoxKind['createSimulator']> | undefined;
afterEach(async () => {
  await bench?.close();
  box?.stop?.();
  bench = undefined;
});

const settingsOf: Readonly<Record<string, object>> = {
  'ecr-hub': { protocol: 'ecr-hub', appId: 'test' },
  transbank: { protocol: 'transbank' },
  bcd2: { protocol: 'bcd2', table: exampleBcd2Table },
};

async function openWithBox(kind = boxKinds[0]!) {
  const counter = createMemoryCounter();
  const wire = createMemoryWire({ timers: systemTimers, name: 'box' });
  const sim = (box = kind.createSimulator({ timers: systemTimers, clock: systemClock }));
  sim.attach(wire.far);
  const here = (bench = await openTillBench({
    devices: [
      ...counter.devices,
      {
        role: 'box-pos',
        name: '刷卡盒子',
        transport: { type: 'memory', name: 'box' },
        ...settingsOf[kind.name],
      } as DeviceConfig,
    ],
    transports: new Map([...counter.transports, ['box', wire.transport]]),
  }));
  await deviceState(here, 'box-pos', 'online');
  return { ...here, counter, wire, sim };
}

/** A box that is connected still has to shake hands. */
async function payBox({ ask, until }: TillBench): Promise<void> {
  let answer: unknown;
  await until('the box takes the sale', async () => {
    answer = await ask('till.payBox', {});
    return JSON.stringify(answer) === '{}';
  });
}

describe('the box of a whole till', () => {
  test.each(boxKinds)(
    '$name takes the payment while the line is down; receipt at once, cloud when it is back',
    async (kind) => {
      const here = await openWithBox(kind);
      const { ask, screen, cloud, until, status, counter, sim } = here;
      await cloud.goDown();
      await until('the outage is seen', async () => !(await status()).online);
      await ask('till.setAmount', { amountFen: 3_850 });
      await payBox(here);
      const { boxRef } = await screen('box-paid');
      expect(sim.books()).toMatchObject([{ kind: 'sale', amountFen: 3_850 }]);
      await until('the receipt is out', () => counter.papers().length === 1, 15_000);
      const [paper = ''] = counter.papers();
      expect(paper).toContain('收款成功');
      expect(paper).toContain('刷卡盒子');
      expect(boxRef).toMatch(/^\S+$/);
      expect(paper).toContain(boxRef);
      expect(await ask('today.get', {})).toMatchObject({
        settledFen: 3_850,
        byTender: [{ tender: 'box-pos', amountFen: 3_850 }],
      });
      await cloud.comeBack();
      await until('all sent', async () => (await status()).unsentCount === 0, 15_000);
      expect(cloud.delivered().filter((type) => type.startsWith('pos.'))).toEqual([
        'pos.sent',
        'pos.paid',
      ]);
    },
  );

  test('works with the line up too, and takes what vouchers leave', async () => {
    const here = await openWithBox();
    const { ask, screen, sim } = here;
    await ask('till.setAmount', { amountFen: 2_000 });
    await ask('till.attachMember', { phone: '13800000001' });
    await payBox(here);
    const paid = await screen('box-paid');
    expect(paid.voucherFen).toBeGreaterThan(0);
    expect(sim.books()).toMatchObject([{ amountFen: 2_000 - paid.voucherFen }]);
  });

  test('vouchers that cannot be set aside are refused in words, never left out in silence', async () => {
    const here = await openWithBox();
    const { ask, screen, cloud, until, status, sim } = here;
    await ask('till.setAmount', { amountFen: 2_000 });
    await ask('till.attachMember', { phone: '13800000001' });
    await cloud.goDown();
    await until('the outage is seen', async () => !(await status()).online);
    expect(await ask('till.payBox', {})).toEqual({ refused: 'voucher-unavailable' });
    await ask('till.useVoucher', { use: false });
    await payBox(here);
    expect(await screen('box-paid')).toMatchObject({ voucherFen: 0 });
    expect(sim.books()).toMatchObject([{ amountFen: 2_000 }]);
  });

  test('a till that is started again shows what was at the box and asks it', async () => {
    const here = await openWithBox();
    const { ask, screen, restart, sim, counter } = here;
    sim.setHabit({ type: 'ask-customer' });
    await ask('till.setAmount', { amountFen: 3_850 });
    await payBox(here);
    expect(await screen('box-waiting')).toMatchObject({ amountFen: 3_850 });
    await restart(() => sim.customerPays('card'));
    expect(await screen('box-paid', 20_000)).toMatchObject({ amountFen: 3_850, method: 'card' });
    expect(sim.books()).toHaveLength(1);
    await here.until('its receipt is out', () => counter.papers().length === 1, 15_000);
  });

  test('a till without a box says so', async () => {
    const { ask } = (bench = await openTillBench());
    await ask('till.setAmount', { amountFen: 100 });
    expect(await ask('till.payBox', {})).toEqual({ refused: 'box-missing' });
  });
});
