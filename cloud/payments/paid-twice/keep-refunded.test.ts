import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SaleSource } from '#cloud/orders/paid-order.ts';
import {
  openPaidTwiceDesk,
  type PaidTwiceDesk,
} from '#cloud/payments/paid-twice/testing/paid-twice-desk.ts';
import { resolutionAfterMs } from '#cloud/payments/payment-machine.ts';
import { runPaymentsOnce } from '#cloud/payments/payment-worker.ts';
import { plantVoucher } from '#cloud/payments/testing/plant-voucher.ts';
import { bookRefund } from '#cloud/refunds/book-refund.ts';
import { insertRefund, type KeptRefund } from '#cloud/refunds/refund-store.ts';
import { reserveVouchers } from '#cloud/vouchers/reservations.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { fen, zeroFen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/** The till gives one of two payments back by itself; what the channel took is then what was paid. */
let desk: PaidTwiceDesk;
beforeAll(async () => {
  desk = await openPaidTwiceDesk();
});
afterAll(() => desk.close());

const grossFen = 1_234;
const accounts = [
  'merchant_payable',
  'channel_clearing',
  'concession_pending',
  'concession_receivable',
  'payer_due',
  'instruction_pending',
] as const;
/** The shop's book, account by account. */
const books = async (): Promise<readonly number[]> =>
  await Promise.all(accounts.map((account) => desk.balance(account)));
/** What `work` changed in the shop's book; nothing stands for what did not change. */
async function changedBy(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const before = await books();
  await work();
  const after = await books();
  return Object.fromEntries(
    accounts.flatMap((account, at) => {
      const changedFen = after[at]! - before[at]!;
      return changedFen === 0 ? [] : [[account, changedFen]];
    }),
  );
}

interface Back {
  readonly refundNo?: number;
  readonly amountFen?: number;
  readonly source?: SaleSource;
  readonly askedAtMs?: number;
}
/** A refund as the till's journal told it: the cash is out of the drawer. */
function refundOf(orderId: string, back: Back = {}): KeptRefund {
  const { bench } = desk;
  const nowMs = bench.clock.nowMs();
  const amountFen = fen(back.amountFen ?? grossFen);
  return {
    ...bench.till,
    orderId: orderId as OrderId,
    refundNo: back.refundNo ?? 1,
    how: back.source === 'box' ? 'box-slip' : 'cash',
    amountFen,
    cashFen: amountFen,
    voucherFen: zeroFen,
    cashier: '小王',
    reason: '重复收款',
    businessDate: accountingDate(nowMs),
    askedAtMs: back.askedAtMs ?? nowMs,
    charge: undefined,
    progress: { status: 'booking', fruitlessTries: 0, nextAtMs: nowMs, code: undefined },
    concessionFen: undefined,
    points: undefined,
  };
}
/** The cloud hears of it; the books have not yet. */
const told = (refund: KeptRefund) =>
  desk.bench.deps.db.transaction((tx) => insertRefund(tx, refund));
const booked = (refund: KeptRefund) =>
  desk.bench.deps.db.transaction(async (tx) => {
    getOrThrow(await bookRefund(tx, refund, desk.bench.clock.nowMs()));
  });
async function refundAtTill(orderId: string, back: Back = {}): Promise<void> {
  const refund = refundOf(orderId, back);
  await told(refund);
  await booked(refund);
}
const calmed = async () => {
  await desk.bench.runUntilQuiet({ withinMs: 400 * 86_400_000 });
  expect(await desk.balance('payer_due')).toBe(0);
  expect(await desk.broken()).toEqual([]);
};
/** Paid twice, refunded and decided in the order of `steps`; what it all did to the shop's book. */
const wholeStory = (...steps: readonly ((orderId: string) => Promise<unknown>)[]) =>
  changedBy(async () => {
    const orderId = await desk.paidTwice();
    for (const step of steps) await step(orderId);
    await calmed();
    expect(desk.leftAtChannel(orderId)).toBe(grossFen);
    expect(await desk.standing(orderId)).toMatchObject({ book_state: 'kept', back_calls: 0 });
    expect(await desk.itemsOf(orderId)).toEqual([]);
  });

describe('the other money went back at the till', () => {
  it.each(['cash', 'box', 'promise'] as const)(
    'all of it (%s): two people keep the channel’s, the customer paid exactly once, and the books have that and nothing else',
    async (source) => {
      const orderId = await desk.paidTwice({}, { source });
      const [waiting] = await desk.itemsOf(orderId);
      expect(waiting).toMatchObject({ kind: 'paid-twice' });
      await refundAtTill(orderId, { source });
      const [item] = await desk.itemsOf(orderId);
      const resolvedBy = `/admin/v1/charges/${orderId}/1/paid-twice`;
      expect(item).toMatchObject({ kind: 'paid-twice-refunded', resolvedBy });
      expect(await desk.propose(orderId, 'keep')).toMatchObject({
        body: { code: 'paid-twice-not-keepable' },
      });
      const changed = await changedBy(async () => {
        const agreed = await desk.decide(orderId, 'keep-refunded');
        expect(agreed.body).toMatchObject({ state: 'done', outcome: { amountFen: grossFen } });
      });
      expect(changed).toEqual({ merchant_payable: grossFen, channel_clearing: -grossFen });
      expect(await desk.standing(orderId)).toMatchObject({
        verdict: 'keep-refunded',
        ended_as: 'paid',
        book_state: 'kept',
        back_fen: grossFen,
        back_calls: 0,
      });
      expect(await desk.itemsOf(orderId)).toEqual([]);
      const { body } = await desk.call(
        'GET',
        `merchants/${desk.bench.till.merchantId}/payment-exceptions`,
      );
      const listed = body['paidTwice'] as readonly object[];
      expect(listed).toContainEqual(expect.objectContaining({ orderId, backFen: grossFen }));
      await calmed();
      expect(desk.leftAtChannel(orderId)).toBe(grossFen);
    },
  );

  it('not a part of it, and not where the charge spent vouchers: then it may only go back', async () => {
    const parted = await desk.paidTwice();
    const part = { amountFen: 234 };
    const refused = { status: 409, body: { code: 'paid-twice-not-refunded' } };
    expect(await desk.propose(parted, 'keep-refunded')).toMatchObject(refused);
    await refundAtTill(parted, part);
    expect(await desk.propose(parted, 'keep-refunded')).toMatchObject(refused);
    expect(await desk.itemsOf(parted)).toMatchObject([{ kind: 'paid-twice' }]);
    await refundAtTill(parted, { refundNo: 2, amountFen: 1_000 });
    expect((await desk.decide(parted, 'keep-refunded')).status).toBe(200);

    const { bench } = desk;
    const [memberId, orderId] = [bench.newMemberId(), bench.newOrderId()];
    await plantVoucher(bench, { memberId, amountFen: 300 });
    const nowMs = bench.clock.nowMs();
    const { operatorId } = bench.till;
    const order = { operatorId, memberId, orderId, amountFen: fen(grossFen), nowMs };
    const { reservationId, voucherFen } = getOrThrow(
      await bench.deps.db.transaction((tx) =>
        reserveVouchers(tx, { ...order, today: accountingDate(nowMs) }),
      ),
    );
    const spent = await desk.paidTwice({ orderId, memberId, reservationId, voucherFen });
    await refundAtTill(spent, { amountFen: grossFen - 300 });
    expect(await desk.propose(spent, 'keep-refunded')).toMatchObject(refused);
    expect((await desk.decide(spent, 'give-back')).status).toBe(200);
    await calmed();
    expect(desk.leftAtChannel(spent)).toBe(0);
  });
});

const decide = (verdict: 'keep' | 'keep-refunded') => (id: string) => desk.decide(id, verdict);

describe('the till’s refund and the verdict cross each other', () => {
  it('in whatever order they come, the books end with the channel’s money and nothing of the cash sale', async () => {
    const inTurn = await wholeStory((id) => refundAtTill(id), decide('keep-refunded'));
    const beforeBooks = await wholeStory(
      (id) => told(refundOf(id)),
      decide('keep-refunded'),
      (id) => booked(refundOf(id)),
    );
    const heardLate = await wholeStory(decide('keep'), (id) => refundAtTill(id));
    const once = { merchant_payable: grossFen, channel_clearing: -grossFen };
    expect([inTurn, beforeBooks, heardLate]).toEqual([once, once, once]);
  });

  it.each(['keep', 'give-back'] as const)(
    'a refund between the proposal and the agreement: what was proposed (%s) is not done, and another one may be',
    async (verdict) => {
      const orderId = await desk.paidTwice();
      const { body } = await desk.propose(orderId, verdict);
      await told(refundOf(orderId));
      const agreed = await desk.agree(body['actNo']);
      expect(agreed).toMatchObject({ status: 409, body: { code: 'paid-twice-changed' } });
      expect(await desk.standing(orderId)).toMatchObject({ book_state: 'parked', verdict: null });
      const { keys } = desk;
      await desk.call('POST', `acts/${String(body['actNo'])}/withdraw`, {
        key: keys[0],
        body: { note: '收银台已退现金' },
      });
      await booked(refundOf(orderId));
      expect((await desk.decide(orderId, 'keep-refunded')).status).toBe(200);
      await calmed();
      expect(desk.leftAtChannel(orderId)).toBe(grossFen);
    },
  );

  it('both at the same moment: whoever is first, nothing is lost and nothing is booked twice', async () => {
    for (let round = 0; round < 6; round += 1) {
      const orderId = await desk.paidTwice();
      const { body } = await desk.propose(orderId, 'keep');
      const changed = await changedBy(async () => {
        const [agreed] = await Promise.all([
          desk.agree(body['actNo']),
          round % 2 === 0 ? refundAtTill(orderId) : told(refundOf(orderId)),
        ]);
        if (round % 2 === 1) await booked(refundOf(orderId));
        expect([200, 409]).toContain(agreed.status);
        if (agreed.status === 409) {
          await desk.call('POST', `acts/${String(body['actNo'])}/withdraw`, {
            key: desk.keys[0],
            body: { note: '收银台已退现金' },
          });
          expect((await desk.decide(orderId, 'keep-refunded')).status).toBe(200);
        }
      });
      // What the cash sale owed of its concession went with the refund; 10% of 12.34.
      expect(changed).toEqual({
        merchant_payable: grossFen,
        channel_clearing: -grossFen,
        concession_pending: -123,
        concession_receivable: 123,
      });
    }
    await calmed();
  });

  it('nothing can be done twice: of two agreements one does it, and afterwards no verdict fits', async () => {
    const orderId = await desk.paidTwice();
    await refundAtTill(orderId);
    const both = await Promise.all([
      desk.propose(orderId, 'keep-refunded', desk.keys[0]),
      desk.propose(orderId, 'give-back', desk.keys[2]),
    ]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409]);
    const { actNo, what } = both.find(({ status }) => status === 202)!.body;
    const agreed = await Promise.all([
      desk.agree(actNo, desk.keys[1]),
      desk.agree(actNo, desk.keys[3]),
    ]);
    expect(agreed.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    for (const verdict of ['keep', 'keep-refunded', 'give-back'] as const)
      expect(await desk.propose(orderId, verdict, desk.keys[2])).toMatchObject({
        body: { code: 'paid-twice-not-found' },
      });
    await calmed();
    const { verdict } = what as { verdict: string };
    expect(desk.leftAtChannel(orderId)).toBe(verdict === 'give-back' ? 0 : grossFen);
  });

  it('cash that had left the drawer before people gave the other back: the list says that both are gone, for a month', async () => {
    const orderId = await desk.paidTwice();
    const askedAtMs = desk.bench.clock.nowMs();
    desk.bench.clock.advance(3_600_000);
    await desk.decide(orderId, 'give-back');
    await refundAtTill(orderId, { askedAtMs });
    const kinds = async () => (await desk.itemsOf(orderId)).map(({ kind }) => kind);
    expect(await kinds()).toContain('paid-twice-both-back');
    await desk.bench.runUntilQuiet();
    expect(await kinds()).toEqual(['paid-twice-both-back']);
    expect(await desk.broken()).toEqual([]);
    desk.bench.clock.advance(31 * 86_400_000);
    expect(await kinds()).toEqual([]);
    // Goods that came back afterwards are a refund like any other.
    const later = await desk.paidTwice();
    await desk.decide(later, 'give-back');
    desk.bench.clock.advance(1);
    await refundAtTill(later);
    await calmed();
    expect(await desk.itemsOf(later)).toEqual([]);
  });
});

it('the channel refuses, people pay the customer by hand, and the cash had gone back too: the list says that both are gone', async () => {
  const orderId = await desk.paidTwice();
  const askedAtMs = desk.bench.clock.nowMs();
  // WeChat Pay refunds nothing that is older than a year.
  desk.bench.clock.advance(370 * 86_400_000);
  await desk.decide(orderId, 'give-back');
  await refundAtTill(orderId, { askedAtMs });
  desk.bench.clock.advance(resolutionAfterMs);
  await runPaymentsOnce(desk.bench.deps);
  const body = {
    verdict: 'paid',
    evidence: '渠道答复超过退款期限，已转账退给顾客，流水 20271001',
    channelRef: '4200001234',
    paidAtMs: desk.bench.clock.nowMs(),
  };
  const path = `charges/${orderId}/1/resolution`;
  expect((await desk.call('POST', path, { key: desk.keys[0], body })).status).toBe(201);
  const agreed = { key: desk.keys[1], body: { note: '已复核' } };
  expect((await desk.call('POST', `${path}/confirm`, agreed)).status).toBe(200);
  expect(await desk.standing(orderId)).toMatchObject({ book_state: 'kept', ended_as: 'paid' });
  expect(await desk.itemsOf(orderId)).toMatchObject([{ kind: 'paid-twice-both-back' }]);
});

it('planted violation: a charge kept for cash that was not given back breaks the law', async () => {
  const orderId = await desk.paidTwice();
  await refundAtTill(orderId);
  await desk.decide(orderId, 'keep-refunded');
  const { db } = desk.bench.deps;
  await db.execute(sql`update paid_twice set back_fen = 1 where order_id = ${orderId}`);
  expect(await desk.broken()).toEqual(['kept-charges-were-paid-alone']);
  await db.execute(sql`update paid_twice set back_fen = ${grossFen} where order_id = ${orderId}`);
  expect(await desk.broken()).toEqual([]);
});
