import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '#drivers/core/system-ports.ts';
import { businessDate } from '#shared/time/business-day.ts';
import { createMemoryCounter, deviceState } from '#terminal/agent/testing/memory-counter.ts';
import { setOwnerPin } from '#terminal/agent/testing/owner-pin.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const pin = '270518';
const dayMs = 86_400_000;
/** The scripted shop's day begins at four. */
const dayAt = (aheadMs: number): string =>
  businessDate({ atMs: Date.now() + aheadMs, cutOverHour: 4 });

/** A till whose computer is so far ahead; `set` sets its clock. */
async function openTill(aheadMs: number, options: Parameters<typeof openTillBench>[0] = {}) {
  let nowAheadMs = aheadMs;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + nowAheadMs };
  const till = (bench = await openTillBench({ ...options, clock }));
  // The cloud's time is believed with the first signed request that it took.
  await till.until('the day is right', async () => (await dayOf(till)).date === dayAt(0));
  await setOwnerPin(till, pin);
  return {
    till,
    set: (ms: number) => {
      nowAheadMs = ms;
    },
  };
}

let codes = 0;
async function sell(till: TillBench, how: 'cash' | 'wallet', amountFen: number): Promise<string> {
  await till.ask('till.setAmount', { amountFen });
  codes += 1;
  if (how === 'cash') await till.ask('till.payCash', { tenderedFen: amountFen });
  else await till.ask('till.scan', { text: `13${String(codes).padStart(16, '0')}` });
  const { orderId } = await till.screen(how === 'cash' ? 'cash' : 'paid');
  await till.ask('till.dismiss', {});
  return orderId;
}

async function refundCash(till: TillBench, orderId: string, amountFen: number): Promise<void> {
  const wish = { action: 'orders.refund', orderId, amountFen } as const;
  const given = await till.ask('owner.approve', { pin, ...wish });
  if ('refused' in given) throw new Error(given.refused);
  const { approvalId } = given;
  const asked = { orderId, amountFen, reason: '退货', approvalId };
  expect(await till.ask('orders.refund', asked)).toEqual({ refundNo: 1 });
}

async function dayOf(till: TillBench, businessDay?: string) {
  const today = await till.ask('today.get', businessDay ? { businessDate: businessDay } : {});
  if ('refused' in today) throw new Error(today.refused);
  const { businessDate: date, turnoverFen, refunds } = today;
  return { date, turnoverFen, refundedFen: refunds.cashFen };
}

/** The bodies of this type that the cloud has, with the computer's time of each entry. */
const sentBodies = ({ cloud }: TillBench, type: string) =>
  cloud.batches
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.type === type)
    .map(({ body, wallMs }) => ({
      businessDate: (JSON.parse(body) as { readonly businessDate: string }).businessDate,
      wallMs,
    }));

async function startOffline(till: TillBench): Promise<void> {
  await till.cloud.goDown();
  await till.restart();
  expect((await till.status()).online).toBe(false);
}

async function lineBack(till: TillBench): Promise<void> {
  await till.cloud.comeBack();
  await till.until('the line is back', async () => (await till.status()).online);
}

describe.each([
  ['a day ahead', dayMs],
  ['a day behind', -dayMs],
])('a computer that is %s', (_, aheadMs) => {
  test('sells, gives back and counts on the true day while it knows the cloud’s time; the entries keep its own', async () => {
    const { till } = await openTill(aheadMs);
    const orderId = await sell(till, 'cash', 5_000);
    await sell(till, 'wallet', 1_200);
    await refundCash(till, orderId, 2_000);
    const sums = { date: dayAt(0), turnoverFen: 6_200, refundedFen: 2_000 };
    expect(await dayOf(till)).toEqual(sums);
    expect(till.cloud.bodies).toMatchObject([{ businessDate: dayAt(0), amountFen: 1_200 }]);
    const page = await till.ask('orders.list', { businessDate: dayAt(0), limit: 10 });
    expect(page).toMatchObject({ rows: [{ amountFen: 1_200 }, { orderId }] });
    await till.until('delivered', () => till.cloud.delivered().includes('refund.done'));
    const [opened] = sentBodies(till, 'order.opened');
    expect(opened?.businessDate).toBe(dayAt(0));
    expect(Math.abs(opened!.wallMs - Date.now() - aheadMs)).toBeLessThan(60_000);
    expect(sentBodies(till, 'refund.asked')).toMatchObject([{ businessDate: dayAt(0) }]);

    // In an outage the steady clock goes on from the cloud's last word.
    await till.cloud.goDown();
    await till.until('the outage is seen', async () => !(await till.status()).online);
    await sell(till, 'cash', 300);
    expect(await dayOf(till)).toEqual({ ...sums, turnoverFen: 6_500 });
  });

  test('starts without a line: its own day, until the first answer; what was sold keeps its day, and no money goes back before it came', async () => {
    const { till } = await openTill(aheadMs);
    await startOffline(till);
    const orderId = await sell(till, 'cash', 5_000);
    const wrongDay = dayAt(aheadMs);
    expect(await dayOf(till)).toEqual({ date: wrongDay, turnoverFen: 5_000, refundedFen: 0 });
    await lineBack(till);
    // The cloud's time is believed with the first signed request that it took.
    await till.until('the day is right', async () => (await dayOf(till)).date === dayAt(0));
    expect(await dayOf(till)).toEqual({ date: dayAt(0), turnoverFen: 0, refundedFen: 0 });
    await sell(till, 'cash', 700);
    await refundCash(till, orderId, 1_000);
    const refundDay = aheadMs > 0 ? wrongDay : dayAt(0);
    expect(await dayOf(till)).toEqual({
      date: dayAt(0),
      turnoverFen: 700,
      refundedFen: refundDay === dayAt(0) ? 1_000 : 0,
    });
    expect(await dayOf(till, wrongDay)).toEqual({
      date: wrongDay,
      turnoverFen: 5_000,
      refundedFen: refundDay === wrongDay ? 1_000 : 0,
    });
  });

  test('is put right while the till is off: what the former run knew does not make it wrong', async () => {
    const { till, set } = await openTill(aheadMs);
    expect((await dayOf(till)).date).toBe(dayAt(0));
    await till.cloud.goDown();
    set(0);
    await till.restart();
    await sell(till, 'cash', 800);
    expect(await dayOf(till)).toMatchObject({ date: dayAt(0), turnoverFen: 800 });
  });
});

test('a promise that a clock ahead dated is kept no earlier than it was given', async () => {
  const { till } = await openTill(dayMs);
  await startOffline(till);
  await till.ask('till.setAmount', { amountFen: 3_500 });
  const given = await till.ask('owner.approve', { pin, action: 'till.payPromise' });
  if ('refused' in given) throw new Error(given.refused);
  const { approvalId } = given;
  expect(await till.ask('till.payPromise', { kind: 'iou', who: '王阿姨', approvalId })).toEqual({});
  const { orderId } = await till.screen('promised');
  await till.ask('till.dismiss', {});
  await lineBack(till);
  expect(await till.ask('orders.keepPromise', { orderId, how: 'cash' })).toEqual({});
  await till.until('delivered', () => till.cloud.delivered().includes('offline.promise-kept'));
  expect(sentBodies(till, 'offline.promise-kept')).toMatchObject([{ businessDate: dayAt(dayMs) }]);
});

test('the slip of the day carries the true day, and is printed on it', async () => {
  const counter = createMemoryCounter();
  const { till } = await openTill(-dayMs, counter);
  await deviceState(till, 'printer', 'online');
  await till.ask('today.printSlip', {});
  await till.until('it is on paper', () => counter.papers().length > 0);
  const [slip] = counter.papers();
  expect(slip).toContain(`日结单 ${dayAt(0)}`);
  const printedOn = businessDate({ atMs: Date.now(), cutOverHour: 0 });
  expect(slip).toMatch(new RegExp(`打印时间 +${printedOn}`));
});

test('the day says at which hour it begins, for the axis of its hours', async () => {
  const { till } = await openTill(0);
  expect(await till.ask('today.get', {})).toMatchObject({ businessDate: dayAt(0), cutOverHour: 4 });
});
