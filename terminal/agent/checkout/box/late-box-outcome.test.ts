import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BoxLateOutcome } from '#drivers/ecr/box-pos.ts';
import { systemClock } from '#drivers/core/system-ports.ts';
import { outTradeNo } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { keepLateOutcome } from '#terminal/agent/checkout/box/late-box-outcome.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { exceptionRows } from '#terminal/agent/tally/exception-rows.ts';
import { cashFact, openedFact, orderIdOf } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

let folder: ReturnType<typeof tempFolder>;
let opened: ReturnType<typeof openTestJournal>;
let journal: Journal;
beforeEach(() => {
  folder = tempFolder();
  opened = openTestJournal(folder.path);
  journal = opened.journal;
});
afterEach(() => {
  journal.close();
  opened.store.close();
  folder.remove();
});

const orderId = orderIdOf(1);
const attempt = { orderId, attempt: 1 };
const sent: EntryFact = {
  type: 'pos.sent',
  body: { ...attempt, amountFen: 1_234, protocol: 'ecr-hub' },
};
const failed: EntryFact = { type: 'pos.failed', body: { ...attempt, code: 'box-not-found' } };
const paid: EntryFact = {
  type: 'pos.paid',
  body: { ...attempt, amountFen: 1_234, boxRef: '000123', method: 'scan', paidAtMs: 1 },
};
const late = (change: Partial<BoxLateOutcome> = {}): BoxLateOutcome => ({
  merchantOrderNo: outTradeNo(orderId, 1),
  outcome: {
    type: 'approved',
    evidence: {
      boxRef: '000123',
      method: 'scan',
      amountFen: fen(1_234),
      paidAtMs: 1,
      payerMask: '',
    },
  },
  ...change,
});
const tell = (news: BoxLateOutcome) => keepLateOutcome({ journal, clock: systemClock }, news);
const state = () => findOrder(journal.read, orderId)?.order.state;
const told = () => exceptionRows(journal.read, []).map(({ code, orderId: id }) => [code, id]);

test('a yes after a no waits for people, with the evidence', () => {
  journal.append([openedFact(1), sent, failed]);
  expect(tell(late())).toBe(true);
  expect(state()).toBe('manual');
  expect(findOrder(journal.read, orderId)?.order.tender).toMatchObject({ boxRef: '000123' });
  expect(told()).toEqual([['proofs-contradict', orderId]]);
  expect(tell(late())).toBe(true);
  expect(told()).toHaveLength(1);
});

test('a yes for an order that was paid in cash meanwhile is an exception and changes no sum', () => {
  journal.append([openedFact(1), sent, failed, cashFact(1)]);
  expect(tell(late())).toBe(true);
  expect(state()).toBe('cash-recorded');
  expect(told()).toEqual([['proofs-contradict', orderId]]);
});

test('what is known already says nothing new', () => {
  journal.append([openedFact(1), sent, paid]);
  expect(tell(late())).toBe(true);
  expect(told()).toEqual([]);
});

test('a late no changes nothing', () => {
  journal.append([openedFact(1), sent, paid]);
  const no = { type: 'declined', code: 'box-declined', detail: '' } as const;
  expect(tell(late({ outcome: no }))).toBe(true);
  expect([state(), told()]).toEqual(['pos-paid', []]);
});

test('money for a sale that this till does not know is an exception of the till', () => {
  expect(tell(late({ merchantOrderNo: null }))).toBe(true);
  expect(tell(late({ merchantOrderNo: outTradeNo(orderIdOf(7), 1) }))).toBe(true);
  expect(told()).toEqual([['proofs-contradict', '']]);
});
