import { ok } from '#shared/result/result.ts';
import { afterEach, describe, expect, test } from 'vitest';
import { sumDay } from '#terminal/agent/tally/today.ts';
import { exceptionRows } from '#terminal/agent/tally/exception-rows.ts';
import { orderRow } from '#terminal/agent/tally/order-views.ts';
import { lastEntry } from '#terminal/agent/journal/entry-rows.ts';
import { listOrders } from '#terminal/agent/journal/order-rows.ts';
import { openBoxBench, type BoxBench } from '#terminal/agent/testing/box-bench.ts';

/** No PIN is set on these tills. */
const approve = () => ok({ by: null });

let bench: BoxBench | undefined;
afterEach(() => {
  bench?.close();
  bench = undefined;
});

const open = async (): Promise<BoxBench> => (bench = await openBoxBench());
const amountFen = 3_850;
const minuteMs = 60_000;

const rows = ({ journal }: BoxBench) =>
  listOrders(journal().read, { limit: 50 }).map((stored) =>
    orderRow(journal().read, stored, { correctionMs: 0, cutOverHour: 4 }),
  );
const codes = ({ journal }: BoxBench) => exceptionRows(journal().read, []).map(({ code }) => code);
const today = ({ journal, time }: BoxBench) => {
  const date = new Date(time.clock.nowMs() + 8 * 3_600_000).toISOString().slice(0, 10);
  return sumDay(journal().read, date);
};

describe('a sale at the box while the line is down', () => {
  test('is written down before its first byte, paid on the box’s word, and printed', async () => {
    const { box, payBox, pass, screen, facts, wire } = await open();
    box.setHabit({ type: 'ask-customer' });
    const before = wire.deliveredByteCount();
    expect(await payBox(amountFen)).toBeUndefined();
    expect(facts()).toEqual(['order.opened', 'pos.sent']);
    await pass(500);
    expect(wire.deliveredByteCount()).toBeGreaterThan(before);
    expect(screen()).toMatchObject({
      type: 'box-waiting',
      phase: 'at-box',
      sent: true,
      acknowledged: true,
      answered: false,
    });
    expect(box.screen()).toMatchObject({ type: 'waiting', amountFen });
    box.customerPays('card');
    await pass(1_000);
    expect(screen()).toMatchObject({
      type: 'box-paid',
      amountFen,
      method: 'card',
      boxRef: '000001',
    });
    expect(facts()).toEqual(['order.opened', 'pos.sent', 'pos.paid', 'print.queued']);
    expect(rows(bench!)).toMatchObject([
      { state: 'pos-paid', bucket: 'settled', tender: 'box-pos', box: { boxRef: '000001' } },
    ]);
    expect(today(bench!)).toMatchObject({
      settledFen: amountFen,
      turnoverFen: amountFen,
      byTender: [{ tender: 'box-pos', count: 1, amountFen }],
    });
  });

  test.each([
    ['bank', 'box-declined'],
    ['user', 'box-cancelled'],
    ['network', 'box-no-network'],
  ] as const)('declined (%s): red, nothing taken, and cash may follow', async (reason, code) => {
    const { box, payBox, pass, screen, checkout } = await open();
    box.script({ type: 'decline', reason });
    await payBox(amountFen);
    await pass(1_000);
    expect(screen()).toMatchObject({ type: 'not-paid', code });
    expect(await checkout().payCash(amountFen)).toEqual({ ok: true, value: undefined });
    expect(screen()).toMatchObject({ type: 'cash' });
    expect(box.books()).toEqual([]);
  });

  test('tried again at the box after a no: the same order, the next number', async () => {
    const { box, payBox, pass, screen, checkout } = await open();
    box.script({ type: 'decline' });
    await payBox(amountFen);
    await pass(1_000);
    expect(await checkout().payBox()).toMatchObject({ ok: true });
    await pass(1_000);
    expect(screen()).toMatchObject({ type: 'box-paid' });
    expect(box.books()).toHaveLength(1);
    expect(box.books()[0]?.mark).toMatch(/02$/);
    expect(rows(bench!)).toHaveLength(1);
  });

  test('pressed twice, or once more while it waits: one sale', async () => {
    const { box, payBox, pass, checkout, facts } = await open();
    box.setHabit({ type: 'ask-customer' });
    await Promise.all([payBox(amountFen), checkout().payBox()]);
    await pass(1_000);
    await checkout().payBox();
    box.customerPays();
    await pass(1_000);
    expect(facts().filter((type) => type === 'pos.sent')).toHaveLength(1);
    expect(box.books()).toHaveLength(1);
  });

  test('no other tender, no code and no next sale while it waits', async () => {
    const { box, payBox, pass, checkout, screen, facts } = await open();
    box.setHabit({ type: 'ask-customer' });
    await payBox(amountFen);
    await pass(1_000);
    expect(await checkout().payCash(amountFen)).toMatchObject({ error: 'result-not-known' });
    expect(checkout().setAmount(100)).toMatchObject({ error: 'result-not-known' });
    expect(checkout().dismiss()).toMatchObject({ error: 'result-not-known' });
    await checkout().scan({ text: '134567890123456789' });
    expect(screen()).toMatchObject({ type: 'box-waiting', secondScan: true });
    expect(facts()).toEqual(['order.opened', 'pos.sent']);
  });

  test('a till without its box refuses before anything is written', async () => {
    const { wire, payBox, pass, facts } = await open();
    await wire.far.pull();
    await pass(5_000);
    expect(await payBox(amountFen)).toMatch(/^(device|box)-/);
    expect(facts()).toEqual([]);
  });

  test('Esc asks the box to give it up, and the box decides', async () => {
    const { box, payBox, pass, checkout, screen, facts } = await open();
    box.setHabit({ type: 'ask-customer' });
    await payBox(amountFen);
    await pass(1_000);
    expect(checkout().cancel()).toMatchObject({ ok: true });
    expect(screen()).toMatchObject({ type: 'box-waiting', phase: 'cancelling' });
    await pass(2_000);
    expect(screen()).toMatchObject({ type: 'not-paid', code: 'box-cancelled' });
    expect(facts()).toEqual(['order.opened', 'pos.sent', 'pos.cancel-wanted', 'pos.failed']);
    expect(box.books()).toEqual([]);
  });

  test('a cancel that comes too late: paid is paid', async () => {
    const { box, payBox, pass, checkout, screen } = await open();
    box.setHabit({ type: 'ask-customer' });
    await payBox(amountFen);
    await pass(1_000);
    box.customerPays();
    checkout().cancel();
    await pass(2_000);
    expect(screen()).toMatchObject({ type: 'box-paid' });
    expect(box.books()).toHaveLength(1);
  });
});

describe('a sale whose answer is lost', () => {
  test('cable pulled after the box took it: unknown, cash refused, then paid by query', async () => {
    const { box, wire, payBox, pass, screen, checkout, facts } = await open();
    box.setHabit({ type: 'ask-customer' });
    await payBox(amountFen);
    await pass(1_000);
    await wire.far.pull();
    await pass(2_000);
    expect(screen()).toMatchObject({ type: 'box-waiting', phase: 'unknown' });
    expect(facts()).toContain('pos.unknown');
    expect(codes(bench!)).toHaveLength(1);
    expect(await checkout().payCash(amountFen)).toMatchObject({ error: 'result-not-known' });
    box.customerPays();
    await wire.far.plug();
    await pass(2 * minuteMs);
    expect(screen()).toMatchObject({ type: 'box-paid' });
    expect(box.books()).toHaveLength(1);
    expect(codes(bench!)).toEqual([]);
  });

  test('F5 asks at once, and the screen counts how often the box was asked', async () => {
    const { box, payBox, pass, screen, checkout } = await open();
    box.script({ type: 'never-answer', charges: true });
    await payBox(amountFen);
    await pass(3 * minuteMs + 5_000);
    expect(screen()).toMatchObject({ type: 'box-paid' });
    expect(checkout().queryNow()).toMatchObject({ error: 'nothing-in-flight' });
  });

  test('another sum than was asked for: never paid, an exception for people', async () => {
    const { box, payBox, pass, screen } = await open();
    box.script({ type: 'wrong-amount', amountFen: amountFen - 1_000 });
    await payBox(amountFen);
    await pass(3 * minuteMs);
    expect(screen()).toMatchObject({
      type: 'box-waiting',
      phase: 'unknown',
      code: 'box-amount-mismatch',
    });
    expect(codes(bench!)).toEqual(['box-amount-mismatch']);
    expect(today(bench!)).toMatchObject({ settledFen: 0, pendingFen: amountFen });
  });

  test('a box that cannot tell: after asking to cancel the till goes on, only the box is blocked', async () => {
    const { box, wire, payBox, pass, screen, checkout, facts } = await open();
    box.setHabit({ type: 'ask-customer' });
    await payBox(amountFen);
    await pass(1_000);
    await wire.far.pull();
    await pass(2_000);
    expect(checkout().dismiss()).toMatchObject({ error: 'result-not-known' });
    checkout().cancel();
    await pass(1_000);
    expect(screen()).toMatchObject({ phase: 'cancelling', mayLeave: true });
    expect(checkout().dismiss()).toMatchObject({ ok: true });
    checkout().setAmount(500);
    expect(await checkout().payCash(500)).toMatchObject({ ok: true });
    checkout().dismiss();
    box.customerPays();
    await wire.far.plug();
    expect(await payBox(700)).toMatch(/^(box-blocked|device-|box-)/);
    expect(facts().filter((type) => type === 'pos.sent')).toHaveLength(1);
    await pass(2 * minuteMs);
    // The customer may have paid in cash meanwhile: money for a sale that was let go is for people.
    expect(codes(bench!)).toEqual(['box-paid-after-cancel']);
    expect(rows(bench!).map(({ state }) => state)).toContain('pos-paid');
    expect(await payBox(700)).toBeUndefined();
  });
});

/** The box took the sale and is gone; the cashier asked to cancel and went on. */
async function boxGone(): Promise<BoxBench & { readonly orderId: string }> {
  const here = await open();
  here.box.setHabit({ type: 'ask-customer' });
  await here.payBox(amountFen);
  await here.pass(1_000);
  const [row] = rows(here);
  const orderId = row?.orderId ?? '';
  const early = here.checkout().decideBox({ orderId, boxRef: '000123', approve });
  expect(early).toMatchObject({ error: 'result-not-known' });
  await here.wire.far.pull();
  await here.pass(3 * minuteMs);
  here.checkout().cancel();
  await here.pass(1_000);
  expect(here.checkout().dismiss()).toMatchObject({ ok: true });
  return { ...here, orderId };
}

describe('what no query can clear up', () => {
  test('is settled as paid by the number on the slip, with who read it', async () => {
    const { checkout, orderId, journal } = await boxGone();
    expect(checkout().decideBox({ orderId, boxRef: '000123', approve })).toMatchObject({
      ok: true,
    });
    expect(rows(bench!)).toMatchObject([
      { state: 'pos-paid', box: { boxRef: '000123', method: 'other' } },
    ]);
    expect(lastEntry(journal().read)?.body).toContain('"decidedBy":"小王"');
    expect(codes(bench!)).toEqual([]);
    expect(checkout().decideBox({ orderId, boxRef: null, approve })).toMatchObject({
      error: 'result-not-known',
    });
  });

  test('is settled as not paid, and the box that comes back takes the next sale', async () => {
    const { checkout, orderId, box, wire, pass, payBox, screen } = await boxGone();
    expect(checkout().decideBox({ orderId, boxRef: null, approve })).toMatchObject({ ok: true });
    expect(rows(bench!)).toMatchObject([{ state: 'failed', reason: 'box-slip-unpaid' }]);
    box.powerCycle();
    box.setHabit({ type: 'approve' });
    await wire.far.plug();
    await pass(60_000);
    expect(await payBox(500)).toBeUndefined();
    await pass(1_000);
    expect(screen()).toMatchObject({ type: 'box-paid', amountFen: 500 });
    expect(box.books()).toHaveLength(1);
  });

  test('an order that is not at the box is not decided here', async () => {
    const { checkout } = await open();
    const orderId = 'ord_01JADFX2A0000000000000000A';
    expect(checkout().decideBox({ orderId, boxRef: null, approve })).toMatchObject({
      error: 'order-not-found',
    });
  });
});

describe('a till that dies', () => {
  test('between pos.sent and the first byte: the box never heard of it, so not paid', async () => {
    const { box, journal, wire, payBox, kill, start, screen, facts, pass } = await open();
    journal().onAppended((entries) => {
      if (entries.some(({ type }) => type === 'pos.sent')) kill();
    });
    await payBox(amountFen);
    expect(facts()).toEqual(['order.opened', 'pos.sent']);
    await wire.far.pull();
    await start();
    expect(screen()).toMatchObject({ type: 'box-waiting', phase: 'unknown', sent: null });
    expect(codes(bench!)).toHaveLength(1);
    await wire.far.plug();
    await pass(2 * minuteMs);
    expect(screen()).toMatchObject({ type: 'not-paid', code: 'box-not-found' });
    expect(box.books()).toEqual([]);
    expect(codes(bench!)).toEqual([]);
  });

  test('after the box took it: the first screen shows it, and a query finds it paid', async () => {
    const { box, payBox, pass, kill, start, screen, facts } = await open();
    box.setHabit({ type: 'ask-customer' });
    await payBox(amountFen);
    await pass(1_000);
    kill();
    box.customerPays();
    await pass(5_000);
    await start();
    await pass(2 * minuteMs);
    expect(screen()).toMatchObject({ type: 'box-paid', amountFen });
    expect(facts().filter((type) => type === 'pos.paid')).toHaveLength(1);
    expect(box.books()).toHaveLength(1);
  });
});
