import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accountingDate } from '#shared/time/calendar-day.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { ExceptionAction } from '#terminal/ipc/views.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import type { Store } from '#terminal/agent/journal/open-store.ts';
import { setMeta } from '#terminal/agent/journal/meta.ts';
import { dumpProjections } from '#terminal/agent/journal/projections.ts';
import { rebuildProjections } from '#terminal/agent/journal/rebuild.ts';
import { findJob } from '#terminal/agent/printing/spool-view.ts';
import { keepMs, pruneOnce } from '#terminal/agent/store/prune.ts';
import { exceptionRows } from '#terminal/agent/tally/exception-rows.ts';
import { resolveException } from '#terminal/agent/tally/resolve-exception.ts';
import { handledRows } from '#terminal/agent/tally/resolved-rows.ts';
import { createTroubles } from '#terminal/agent/troubles.ts';
import { addSetAside } from '#terminal/agent/uplink/set-aside.ts';
import { cashFact, openedFact, orderIdOf, submittedFact } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { systemRandom as random } from '#drivers/core/system-ports.ts';

const startMs = 1_795_000_000_000;
let wallMs = startMs;
const clock = { nowMs: () => wallMs, monotonicMs: () => 0 };
let folder = tempFolder();
let journal: Journal;
let store: Store;
let troubles = createTroubles({ clock });
beforeEach(() => {
  wallMs = startMs;
  folder = tempFolder();
  ({ journal, store } = openTestJournal(folder.path, clock));
  troubles = createTroubles({ clock });
});
afterEach(() => {
  journal.close();
  folder.remove();
});

const append = (...facts: readonly EntryFact[]): void =>
  expect(journal.append(facts)).toMatchObject({ ok: true });
const rows = () => exceptionRows(journal.read, troubles.list());
const handled = () => handledRows(journal.read, startMs);
const deskDeps = (hasPrinter = true, businessClock: Clock = clock) => ({
  journal,
  troubles,
  clock,
  businessClock,
  random,
  cashier: '小李',
  hasPrinter: () => hasPrinter,
});
const resolve = (action: ExceptionAction, note = '', key = rows()[0]?.key ?? '') =>
  resolveException(deskDeps(), { key, action, note });
const attempt = { orderId: orderIdOf(1), attempt: 1 };
const jobId = 'prt_01KAN7D5Q00000000000000000';
type Kind = 'receipt' | 'drawer' | 'day-slip' | 'refund-slip' | 'coupon';
const printInDoubt = (kind: Kind, orderId?: string, rest: { reason?: string } = {}): void => {
  append(
    {
      type: 'print.queued',
      body: { jobId, kind, copy: 1, ...(orderId ? { orderId } : {}), ...rest },
    },
    { type: 'print.attempted', body: { jobId, attempt: 1, processId: 'A001' } },
    { type: 'print.unknown', body: { jobId, code: 'print-interrupted' } },
  );
};
const brings = (validUntil: string): void => {
  const paper = { issuerName: '老李面馆', text: '进店即用', offFen: 500, minimumFen: 2_000 };
  const given = { orderId: orderIdOf(1), ...paper, validUntil, tokenHash: 'a'.repeat(64) };
  append(openedFact(1), cashFact(1), { type: 'coupon.given', body: given });
};
const park = (): void => {
  const parked = { orderId: orderIdOf(1), code: 'proofs-contradict', sinceMs: wallMs };
  journal.append([], (tx) => addSetAside(tx, [parked]));
};
const refundLate = (): void => {
  append(openedFact(1), submittedFact(1), { type: 'charge.refunded-late', body: attempt });
};

describe('a row that a person deals with', () => {
  test('money that came late and went back is told until somebody took note of it, and says who', () => {
    refundLate();
    expect(rows()).toMatchObject([{ code: 'paid-then-refunded', amountFen: 1_234 }]);
    expect(resolve('acknowledged', '  ')).toEqual({ ok: false, error: 'exception-note-missing' });
    expect(resolve('seen')).toEqual({ ok: false, error: 'exception-action-unfit' });
    const { key } = rows()[0]!;
    wallMs += 5_000;
    expect(resolve('acknowledged', '已告诉顾客')).toMatchObject({ ok: true });
    expect(rows()).toEqual([]);
    expect(resolve('acknowledged', '又一次', key)).toEqual({ ok: false, error: 'exception-gone' });
    expect(handled()).toEqual([
      {
        key,
        orderId: orderIdOf(1),
        code: 'paid-then-refunded',
        amountFen: 1_234,
        sinceMs: startMs,
        action: 'acknowledged',
        cashier: '小李',
        note: '已告诉顾客',
        atMs: wallMs,
      },
    ]);
    expect(handledRows(journal.read, wallMs + 1)).toEqual([]);
  });

  test('it moves no order, and survives a restart and a rebuild', () => {
    refundLate();
    const before = dumpProjections(journal.read);
    resolve('acknowledged', '已告诉顾客');
    const after = dumpProjections(journal.read);
    expect(after.orders).toEqual(before.orders);
    journal.close();
    ({ journal, store } = openTestJournal(folder.path, clock));
    expect([rows(), handled()]).toMatchObject([[], [{ note: '已告诉顾客' }]]);
    rebuildProjections(store);
    expect(dumpProjections(journal.read)).toEqual(after);
  });

  test('an open outcome has no way out but an answer', () => {
    append(openedFact(1), submittedFact(1));
    append({ type: 'charge.unknown', body: { ...attempt, code: 'cloud-timeout' } });
    expect(rows()).toMatchObject([{ actions: [] }]);
    expect(resolve('acknowledged', '算了')).toEqual({
      ok: false,
      error: 'exception-action-unfit',
    });
    expect(rows()).toHaveLength(1);
  });

  test('an order that comes to stand otherwise is another row', () => {
    append(openedFact(1), submittedFact(1));
    append({ type: 'charge.failed', body: { ...attempt, code: 'payment-code-expired' } });
    const paid = { ...attempt, channel: 'c', channelRef: 'r', paidAtMs: wallMs };
    append({ type: 'charge.paid', body: paid });
    expect(rows()).toMatchObject([{ code: 'proofs-contradict', actions: ['acknowledged'] }]);
    resolve('acknowledged', '等平台');
    expect(rows()).toEqual([]);
    append({ type: 'charge.refunded-late', body: attempt });
    expect(rows()).toMatchObject([{ code: 'paid-then-refunded' }]);
  });
});

describe('paper in doubt', () => {
  test('looked at and fine: the row goes, nothing is printed', () => {
    append(openedFact(1));
    printInDoubt('receipt', orderIdOf(1));
    expect(rows()).toMatchObject([{ paper: 'receipt', actions: ['seen', 'reprinted'] }]);
    expect(resolve('seen')).toMatchObject({ ok: true });
    expect(rows()).toEqual([]);
    expect(findJob(journal.read, jobId)?.state).toBe('unknown');
  });

  test.each(['receipt', 'day-slip'] as const)(
    'printed again: a %s, asked for and noted as one thing',
    (kind) => {
      append(openedFact(1));
      const orderId = kind === 'receipt' ? orderIdOf(1) : undefined;
      printInDoubt(kind, orderId);
      expect(resolve('reprinted')).toMatchObject({ ok: true });
      expect(rows()).toEqual([]);
      const jobs = journal.read.all('SELECT kind, order_id, copy, state FROM print_jobs');
      const copy = kind === 'receipt' ? 2 : 1;
      expect(jobs).toContainEqual({ kind, order_id: orderId ?? null, copy, state: 'queued' });
    },
  );

  test('a coupon and the slip of a refund are printed again as copies, like a receipt', () => {
    brings('2099-12-31');
    printInDoubt('coupon', orderIdOf(1));
    expect(rows()).toMatchObject([{ paper: 'coupon', actions: ['seen', 'reprinted'] }]);
    expect(resolve('reprinted')).toMatchObject({ ok: true });
    expect(rows()).toEqual([]);
    const jobs = journal.read.all('SELECT kind, copy, reason, state FROM print_jobs');
    expect(jobs).toContainEqual({ kind: 'coupon', copy: 2, reason: null, state: 'queued' });
  });

  test('the slip of the second refund is not taken for one of the first', () => {
    append(openedFact(1), cashFact(1));
    printInDoubt('refund-slip', orderIdOf(1), { reason: '2' });
    expect(rows()).toMatchObject([{ paper: 'refund-slip', actions: ['seen', 'reprinted'] }]);
    expect(resolve('reprinted')).toMatchObject({ ok: true });
    const jobs = journal.read.all('SELECT kind, copy, reason, state FROM print_jobs');
    expect(jobs).toContainEqual({ kind: 'refund-slip', copy: 2, reason: '2', state: 'queued' });
  });

  test('a coupon whose last day is over is printed no more; it can be said to have come out', () => {
    brings('2020-01-01');
    printInDoubt('coupon', orderIdOf(1));
    expect(resolve('reprinted')).toEqual({ ok: false, error: 'coupon-expired' });
    expect(resolve('seen')).toMatchObject({ ok: true });
    expect(rows()).toEqual([]);
  });

  test('whether it is over goes by the day of the business, not by the computer', () => {
    const dayMs = 86_400_000;
    brings(accountingDate(startMs));
    printInDoubt('coupon', orderIdOf(1));
    const { key } = rows()[0]!;
    const reprint = (businessMs: number) =>
      resolveException(deskDeps(true, { ...clock, nowMs: () => businessMs }), {
        key,
        action: 'reprinted',
        note: '',
      });
    expect(reprint(startMs + dayMs)).toEqual({ ok: false, error: 'coupon-expired' });
    wallMs = startMs + 10 * dayMs;
    expect(reprint(startMs)).toMatchObject({ ok: true });
  });

  test('a drawer is never kicked again from here', () => {
    printInDoubt('drawer');
    expect(rows()).toMatchObject([{ actions: ['seen'] }]);
    expect(resolve('reprinted')).toEqual({ ok: false, error: 'exception-action-unfit' });
  });

  test('without a printer nothing is asked for, and the row stays', () => {
    printInDoubt('day-slip');
    const { key } = rows()[0]!;
    const outcome = resolveException(deskDeps(false), { key, action: 'reprinted', note: '' });
    expect(outcome).toEqual({ ok: false, error: 'printer-missing' });
    expect(rows()).toHaveLength(1);
  });
});

describe('what the cloud set aside, and the till as a whole', () => {
  test('the same thing that happens again after it was dealt with is told again', () => {
    append(openedFact(1));
    park();
    park();
    expect(rows()).toMatchObject([{ amountFen: 1_234, actions: ['acknowledged'] }]);
    resolve('acknowledged', '打过电话');
    expect(rows()).toEqual([]);
    wallMs += 1_000;
    park();
    expect(rows()).toMatchObject([{ sinceMs: wallMs }]);
  });

  test('a trouble that goes by itself is not waved away; one that is over is', () => {
    troubles.note('clock', 'clock-skewed');
    expect(rows()).toMatchObject([{ code: 'clock-skewed', actions: [] }]);
    troubles.note('clock', undefined);
    troubles.note('store', 'store-disk-faulty');
    expect(resolve('acknowledged', '换了硬盘')).toMatchObject({ ok: true });
    expect(rows()).toEqual([]);
  });
});

test('pruning keeps what somebody said as long as the row would come back without it', () => {
  append(openedFact(1));
  printInDoubt('receipt', orderIdOf(1));
  resolve('seen');
  append(openedFact(2), submittedFact(2));
  append({
    type: 'charge.failed',
    body: { ...attempt, orderId: orderIdOf(2), code: 'no-channel' },
  });
  const paid = { channel: 'c', channelRef: 'r', paidAtMs: wallMs };
  append({ type: 'charge.paid', body: { ...attempt, ...paid, orderId: orderIdOf(2) } });
  resolve('acknowledged', '等平台');
  journal.append([], (tx) => setMeta(tx, 'acked-position', String(journal.head().position)));
  wallMs += keepMs + 1;
  while (pruneOnce(journal, { nowMs: wallMs, keepEntriesMin: 0 }) > 0);
  expect(rows()).toEqual([]);
  const live = dumpProjections(journal.read);
  expect(live.resolved).toMatchObject([{ row_key: `order:${orderIdOf(2)}:manual` }, {}]);
  expect(rebuildProjections(store)).toBeUndefined();
  expect(dumpProjections(journal.read)).toEqual(live);
});
