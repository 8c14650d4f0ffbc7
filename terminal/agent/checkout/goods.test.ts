import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseEntry } from '#shared/wire/v1/parse-entry.ts';
import { orderLinesMax } from '#shared/wire/v1/entries.ts';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

const cola = { code: '06901234567892', name: '可乐', priceFen: 350, unit: '瓶' };
const bread = { code: 'B-1', name: '面包', priceFen: 600 };
const gone = { code: '06922255451427', name: '旧货', priceFen: 100, active: false };

let bench: TillBench;
beforeEach(async () => {
  bench = await openTillBench(fastWorld(20));
  bench.cloud.goods.put(cola, bread, gone);
  // It says whether the goods are here: what is not in an empty catalogue is no news.
  await bench.until('the goods', async () => {
    await bench.ask('till.scan', { text: 'B-1' });
    return (await bench.till()).draft.goods !== undefined;
  });
  await bench.ask('till.dropLines', {});
});
afterEach(() => bench.close());

const scan = (text: string) => bench.ask('till.scan', { text });
const draft = async () => (await bench.till()).draft;
const notice = async () => (await bench.till()).notice?.code;
const wechat = '130000000000000001';

/** The bodies of the entries of a type, as they left. */
const sent = (type: string): readonly unknown[] =>
  bench.cloud.batches
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.type === type)
    .map((entry) => (parseEntry(entry) as unknown as { value: { body: unknown } }).value.body);

describe('goods at the counter', () => {
  test('each scan adds a piece, however its code is printed; the sum is that of the lines', async () => {
    await scan('6901234567892');
    await scan('B-1');
    await scan('6901234567892');
    expect(await draft()).toMatchObject({
      amountFen: 1_300,
      goods: {
        typedFen: 0,
        lines: [
          { no: 1, name: '可乐', unit: '瓶', quantity: 2, priceFen: 350, sumFen: 700 },
          { no: 2, name: '面包', quantity: 1, priceFen: 600, sumFen: 600 },
        ],
      },
    });
  });

  test('two goods and a typed amount are paid by one code; the journal and the order say them', async () => {
    await scan('6901234567892');
    await scan('B-1');
    await bench.ask('till.setAmount', { amountFen: 50 });
    expect((await draft()).amountFen).toBe(1_000);
    await scan(wechat);
    const paid = await bench.screen('paid');
    expect(paid.amountFen).toBe(1_000);
    expect(bench.cloud.bodies).toMatchObject([{ amountFen: 1_000 }]);
    await bench.until('delivered', () => bench.cloud.delivered().includes('charge.paid'));
    const types = bench.cloud.delivered();
    expect(types.indexOf('order.lines')).toBe(types.indexOf('order.opened') + 1);
    const lines = [
      { code: cola.code, name: '可乐', unit: '瓶', quantity: 1, priceFen: 350 },
      { code: 'B-1', name: '面包', quantity: 1, priceFen: 600 },
      { quantity: 1, priceFen: 50 },
    ];
    expect(sent('order.lines')).toEqual([{ orderId: paid.orderId, part: 1, parts: 1, lines }]);
    expect(await bench.ask('orders.get', { orderId: paid.orderId })).toMatchObject({ lines });
    // The next sale has none of it, and an amount alone says no lines.
    expect((await draft()).goods).toBeUndefined();
    await bench.ask('till.setAmount', { amountFen: 700 });
    await bench.ask('till.payCash', { tenderedFen: 700 });
    await bench.screen('cash');
    await bench.until('delivered', () => bench.cloud.delivered().includes('cash.recorded'));
    expect(sent('order.lines')).toHaveLength(1);
  });

  test('a code that the catalogue does not have, or has no more, is said in words and adds nothing', async () => {
    await scan('6901234567892');
    for (const unknown of ['4006381333931', '6922255451427']) {
      await scan(unknown);
      expect(await notice()).toBe('goods-not-in-catalogue');
    }
    expect((await draft()).amountFen).toBe(350);
    // A text that is nobody's stays what it was: not recognised.
    await scan('B-2');
    expect(await notice()).toBe('code-not-recognised');
  });

  test('a line that is taken out twice takes out nothing that was scanned in between', async () => {
    await scan('6901234567892');
    await scan('B-1');
    await bench.ask('till.dropLines', { no: 2 });
    await scan('B-1');
    await bench.ask('till.dropLines', { no: 2 });
    expect(await draft()).toMatchObject({
      amountFen: 950,
      goods: { lines: [{ no: 1 }, { no: 3, name: '面包' }] },
    });
  });

  test('a line leaves with all its pieces, and the price with it; the last one leaves an amount alone', async () => {
    await scan('6901234567892');
    await scan('6901234567892');
    await scan('B-1');
    await bench.ask('till.dropLines', { no: 1 });
    expect(await draft()).toMatchObject({ amountFen: 600, goods: { lines: [{ name: '面包' }] } });
    await bench.ask('till.setAmount', { amountFen: 25 });
    await bench.ask('till.dropLines', { no: 2 });
    expect((await draft()).goods).toBeUndefined();
    expect((await draft()).amountFen).toBe(25);
  });

  test('no sum above what one order may be, and no more lines than one may have', async () => {
    await scan('6901234567892');
    expect(await bench.ask('till.setAmount', { amountFen: 5_000_000 })).toEqual({
      refused: 'amount-over-limit',
    });
    expect((await draft()).amountFen).toBe(350);
    await bench.ask('till.dropLines', {});
    const many = Array.from({ length: orderLinesMax }, (_, no) => ({
      code: `N${no}`,
      name: `货${no}`,
      priceFen: 1,
    }));
    bench.cloud.goods.put(...many);
    await bench.until('the goods', async () => {
      await scan(`N${orderLinesMax - 1}`);
      return (await draft()).goods !== undefined;
    });
    for (const { code } of many.slice(0, -1)) await scan(code);
    expect((await draft()).goods?.lines).toHaveLength(orderLinesMax);
    await scan('B-1');
    expect(await notice()).toBe('goods-lines-full');
    expect(await bench.ask('till.setAmount', { amountFen: 1 })).toEqual({
      refused: 'goods-lines-full',
    });
    const amountFen = (await draft()).amountFen;
    await bench.ask('till.payCash', { tenderedFen: amountFen });
    const { orderId } = await bench.screen('cash');
    const order = await bench.ask('orders.get', { orderId });
    expect('lines' in order && order.lines).toHaveLength(orderLinesMax);
  });

  test('goods that are scanned while a sale is in flight are kept out of it', async () => {
    bench.cloud.nextCharge({ status: 'paid', afterQueries: 999 });
    await bench.ask('till.setAmount', { amountFen: 500 });
    await scan(wechat);
    await bench.screen('waiting');
    await scan('6901234567892');
    expect((await bench.till()).screen).toMatchObject({ type: 'waiting', secondScan: true });
    expect((await draft()).goods).toBeUndefined();
  });

  test('after a refusal the same goods go on with the same order; other goods are another one', async () => {
    await scan('6901234567892');
    bench.cloud.nextCharge({ status: 'failed', code: 'balance-short' });
    await scan(wechat);
    const red = await bench.screen('not-paid');
    await bench.ask('till.payCash', { tenderedFen: 350 });
    expect((await bench.screen('cash')).orderId).toBe(red.orderId);
    await scan('6901234567892');
    bench.cloud.nextCharge({ status: 'failed', code: 'balance-short' });
    await scan('130000000000000002');
    const again = await bench.screen('not-paid');
    await scan('B-1');
    expect(await draft()).toMatchObject({ amountFen: 950 });
    await bench.ask('till.payCash', { tenderedFen: 950 });
    expect((await bench.screen('cash')).orderId).not.toBe(again.orderId);
  });

  test('the catalogue works without a line, and after a start without one', async () => {
    await bench.cloud.goDown();
    await bench.restart();
    await scan('6901234567892');
    expect((await draft()).amountFen).toBe(350);
    await bench.ask('till.payCash', { tenderedFen: 400 });
    expect(await bench.screen('cash')).toMatchObject({ amountFen: 350, changeFen: 50 });
  });
});
