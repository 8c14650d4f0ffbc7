import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attemptMax } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { isOrderFact, type OrderFactType } from '#shared/order/order-fact.ts';
import {
  applyFact,
  mayStartAttempt,
  mayTakeOtherTender,
  nextAttempt,
  orderMachine,
  tallyBucket,
  type OrderPlace,
} from '#shared/order/order-machine.ts';
import type { Order, OrderStateName } from '#shared/order/order.ts';
import { at, facts, factTypes, fold } from '#shared/testing/order-facts.ts';
import { entryBodies, type EntryFact } from '#shared/wire/v1/entries.ts';

describe('the table', () => {
  const definite: readonly OrderStateName[] = ['paid', 'failed', 'reversed', 'paid-then-refunded'];
  const definiteFacts = ['charge.paid', 'charge.failed', 'charge.reversed', 'charge.refunded-late'];

  test.each(['submitting', 'unknown', 'cancel-wanted'] as const)(
    '%s is left only by a definite answer of the channel',
    (state) => {
      const pending = new Set<OrderPlace>(['submitting', 'unknown', 'cancel-wanted']);
      for (const fact of orderMachine.accepts(state)) {
        const next = orderMachine.propose(state, fact)!;
        if (definiteFacts.includes(fact)) expect(definite).toContain(next);
        else expect(pending).toContain(next);
      }
    },
  );

  test('a second attempt or another tender starts only where nothing can have been charged', () => {
    const open: OrderPlace[] = ['draft', 'held', 'failed', 'reversed'];
    for (const tender of [
      'charge.submitted',
      'pos.sent',
      'cash.recorded',
      'offline.accepted',
      'offline.promised',
    ] as const) {
      expect(orderMachine.states.filter((state) => orderMachine.propose(state, tender))).toEqual(
        open,
      );
    }
  });

  test('nothing opens an order twice, and nothing leads back to before it', () => {
    for (const state of orderMachine.states) {
      if (state !== 'none') expect(orderMachine.propose(state, 'order.opened')).toBeUndefined();
      expect(
        orderMachine.accepts(state).map((fact) => orderMachine.propose(state, fact)),
      ).not.toContain('none');
    }
  });

  test('every declared state is reachable', () => {
    const reachable = orderMachine.reachable('none');
    expect(orderMachine.states.filter((state) => !reachable.has(state))).toEqual([]);
  });

  test('every fact of the wire either moves an order or is known not to', () => {
    for (const type of Object.keys(entryBodies)) {
      const isOne = isOrderFact({ type, body: {} } as EntryFact);
      expect(isOne).toBe(factTypes.includes(type as OrderFactType));
    }
  });
});

describe('the ways of a sale', () => {
  test.each<[string, OrderFactType[], OrderStateName]>([
    ['scan, paid', ['charge.submitted', 'charge.paid'], 'paid'],
    ['silence, query, paid', ['charge.submitted', 'charge.unknown', 'charge.paid'], 'paid'],
    [
      'silence twice, then not charged',
      ['charge.submitted', 'charge.unknown', 'charge.unknown', 'charge.failed'],
      'failed',
    ],
    [
      'cancel wins',
      ['charge.submitted', 'charge.unknown', 'charge.cancel-wanted', 'charge.reversed'],
      'reversed',
    ],
    [
      'cancel loses the race: it was paid already',
      ['charge.submitted', 'charge.cancel-wanted', 'charge.paid'],
      'paid',
    ],
    [
      'cancel finds it paid and gives it back',
      ['charge.submitted', 'charge.cancel-wanted', 'charge.unknown', 'charge.refunded-late'],
      'paid-then-refunded',
    ],
    [
      'the cloud gives back what it first called paid',
      ['charge.submitted', 'charge.cancel-wanted', 'charge.paid', 'charge.refunded-late'],
      'paid-then-refunded',
    ],
    ['held through a blip, then paid', ['charge.held', 'charge.submitted', 'charge.paid'], 'paid'],
    ['held until the code ran out', ['charge.held', 'charge.expired'], 'failed'],
    ['held, then cash', ['charge.held', 'cash.recorded'], 'cash-recorded'],
    [
      'failed, scanned again, paid',
      ['charge.submitted', 'charge.failed', 'charge.submitted', 'charge.paid'],
      'paid',
    ],
    ['failed, then cash', ['charge.submitted', 'charge.failed', 'cash.recorded'], 'cash-recorded'],
    ['cash', ['cash.recorded'], 'cash-recorded'],
    ['member code, settled', ['offline.accepted', 'offline.settled'], 'settled'],
    [
      'member code, debit failed, tried again',
      ['offline.accepted', 'offline.debit-failed', 'offline.settled'],
      'settled',
    ],
    ['member code used twice', ['offline.accepted', 'offline.duplicate'], 'duplicate'],
    ['promised, kept', ['offline.promised', 'offline.promise-kept'], 'promise-kept'],
    ['promised, broken', ['offline.promised', 'offline.promise-broken'], 'promise-broken'],
    [
      'failed, then promised, and the first scan turns out to be paid: people decide',
      ['charge.submitted', 'charge.failed', 'offline.promised', 'charge.paid'],
      'manual',
    ],
    [
      'a broken promise whose box sale turns out to be paid: people decide',
      ['pos.sent', 'pos.failed', 'offline.promised', 'offline.promise-broken', 'pos.paid'],
      'manual',
    ],
    ['given up', ['order.voided'], 'voided'],
    ['at the box, paid', ['pos.sent', 'pos.paid'], 'pos-paid'],
    ['at the box, silence, query, paid', ['pos.sent', 'pos.unknown', 'pos.paid'], 'pos-paid'],
    [
      'at the box, given up there, then cash',
      ['pos.sent', 'pos.cancel-wanted', 'pos.failed', 'cash.recorded'],
      'cash-recorded',
    ],
    [
      'asking the box to cancel decides nothing',
      ['pos.sent', 'pos.unknown', 'pos.cancel-wanted'],
      'pos-unknown',
    ],
    [
      'declined at the box, then a wallet',
      ['pos.sent', 'pos.failed', 'charge.submitted', 'charge.paid'],
      'paid',
    ],
    [
      'the box said no and later yes: people decide',
      ['pos.sent', 'pos.failed', 'pos.paid'],
      'manual',
    ],
    [
      'given up after a no of the box that turns into a yes: people decide',
      ['pos.sent', 'pos.failed', 'order.voided', 'pos.paid'],
      'manual',
    ],
    [
      'called reversed, then reported paid: people decide',
      ['charge.submitted', 'charge.reversed', 'charge.paid'],
      'manual',
    ],
  ])('%s', (_, types, state) => {
    expect(fold('order.opened', ...types).state).toBe(state);
  });

  test.each<[string, OrderFactType[], OrderFactType]>([
    ['cash while the outcome is unknown', ['charge.submitted', 'charge.unknown'], 'cash.recorded'],
    [
      'a rescan while the outcome is unknown',
      ['charge.submitted', 'charge.unknown'],
      'charge.submitted',
    ],
    [
      'a rescan while a cancel is under way',
      ['charge.submitted', 'charge.cancel-wanted'],
      'charge.submitted',
    ],
    ['a member code during a charge', ['charge.submitted'], 'offline.accepted'],
    ['giving up during a charge', ['charge.submitted'], 'order.voided'],
    ['a second payment of a paid order', ['charge.submitted', 'charge.paid'], 'cash.recorded'],
    ['the same answer twice', ['charge.submitted', 'charge.paid'], 'charge.paid'],
    ['failed after paid', ['charge.submitted', 'charge.paid'], 'charge.failed'],
    ['unknown after paid', ['charge.submitted', 'charge.paid'], 'charge.unknown'],
    ['cash while the box has it', ['pos.sent'], 'cash.recorded'],
    ['a wallet while the box does not answer', ['pos.sent', 'pos.unknown'], 'charge.submitted'],
    ['the box a second time while it has it', ['pos.sent'], 'pos.sent'],
    ['the box paying twice', ['pos.sent', 'pos.paid'], 'pos.paid'],
    ['the box saying no after yes', ['pos.sent', 'pos.paid'], 'pos.failed'],
    ['a promise while the outcome is unknown', ['charge.submitted'], 'offline.promised'],
    ['a promise while the box has it', ['pos.sent', 'pos.unknown'], 'offline.promised'],
    ['cash on top of a promise', ['offline.promised'], 'cash.recorded'],
    ['a charge on top of a promise', ['offline.promised'], 'charge.submitted'],
    ['giving up a promise without a word about it', ['offline.promised'], 'order.voided'],
    ['keeping a promise that nobody made', [], 'offline.promise-kept'],
    ['keeping it twice', ['offline.promised', 'offline.promise-kept'], 'offline.promise-kept'],
    [
      'breaking what was kept',
      ['offline.promised', 'offline.promise-kept'],
      'offline.promise-broken',
    ],
    [
      'keeping what was broken',
      ['offline.promised', 'offline.promise-broken'],
      'offline.promise-kept',
    ],
    ['settling twice', ['offline.accepted', 'offline.settled'], 'offline.settled'],
    [
      'a refunded order tried again',
      ['charge.submitted', 'charge.refunded-late'],
      'charge.submitted',
    ],
  ])('%s is refused', (_, types, refused) => {
    const order = fold('order.opened', ...types);
    expect(applyFact(order, facts(order.attempt)[refused], at(9))).toMatchObject({
      ok: false,
      error: { type: 'order-transition-refused', from: order.state, fact: refused, why: 'state' },
    });
  });
});
test.each<[string | undefined, OrderStateName[]]>([
  ['settled', ['paid', 'settled', 'pos-paid']],
  ['cash', ['cash-recorded']],
  ['offline', ['offline-accepted', 'debit-failed', 'duplicate']],
  ['pending', ['submitting', 'unknown', 'cancel-wanted', 'pos-sent', 'pos-unknown', 'manual']],
  [
    undefined,
    [
      'draft',
      'held',
      'failed',
      'reversed',
      'paid-then-refunded',
      'voided',
      'promised',
      'promise-kept',
      'promise-broken',
    ],
  ],
])('the sum %s of the day takes %j and nothing else', (bucket, states) => {
  const inBucket = orderMachine.states.filter(
    (state) => state !== 'none' && tallyBucket(state) === bucket,
  );
  expect(inBucket.toSorted()).toEqual(states.toSorted());
});

describe('the rescan guard', () => {
  const draft = fold('order.opened');
  const inState = (state: OrderStateName): Order => ({ ...draft, state, attempt: 1 });

  test.each([
    'submitting',
    'unknown',
    'cancel-wanted',
    'manual',
    'pos-sent',
    'pos-unknown',
  ] as const)('%s: query the last attempt first', (state) => {
    expect(nextAttempt(inState(state))).toEqual({
      ok: false,
      error: { type: 'attempt-in-flight' },
    });
    expect(mayTakeOtherTender(inState(state))).toBe(false);
  });

  test.each([
    'paid',
    'cash-recorded',
    'settled',
    'paid-then-refunded',
    'voided',
    'debit-failed',
    'promised',
    'promise-kept',
    'promise-broken',
  ] as const)('%s: the order is closed', (state) => {
    expect(nextAttempt(inState(state))).toEqual({
      ok: false,
      error: { type: 'order-already-paid' },
    });
  });

  test('a new number follows a definite end, up to the limit', () => {
    expect(nextAttempt(draft)).toEqual({ ok: true, value: 1 });
    expect(nextAttempt(inState('failed'))).toEqual({ ok: true, value: 2 });
    expect(mayStartAttempt(inState('reversed'))).toBe(true);
    const exhausted = { ...inState('failed'), attempt: attemptMax };
    expect(nextAttempt(exhausted)).toEqual({ ok: false, error: { type: 'attempts-exhausted' } });
    expect(mayTakeOtherTender(exhausted)).toBe(true);
  });
});

const tenderStarts: readonly OrderFactType[] = [
  'charge.submitted',
  'pos.sent',
  'cash.recorded',
  'offline.accepted',
  'offline.promised',
];

test('whatever facts arrive in whatever order, money is never counted twice and never forgotten', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...factTypes), { maxLength: 30 }), (types) => {
      let order: Order | undefined = fold('order.opened');
      let tookMoney = 0;
      for (const [index, type] of types.entries()) {
        const before: Order = order;
        const result = applyFact(before, facts(before.attempt)[type], at(index + 2));
        if (!result.ok) continue;
        order = result.value;
        expect(order.lastSeq).toBe(index + 2);
        const wasOpen = tallyBucket(before.state) === undefined;
        if (!wasOpen && tenderStarts.includes(type)) {
          throw new Error(`a tender started from ${before.state}`);
        }
        if (['charge.paid', 'pos.paid', 'cash.recorded'].includes(type)) tookMoney += 1;
        if (type === 'charge.refunded-late' || type === 'charge.reversed') tookMoney = 0;
        // Money that was taken and not given back is always in one of the four sums.
        if (tookMoney > 0) expect(tallyBucket(order.state)).toBeDefined();
        expect(order.voucherFen).toBeLessThanOrEqual(order.amountFen);
        expect(order.amountFen).toBe(fen(1000));
      }
    }),
    { numRuns: 1000 },
  );
});

test('whatever facts arrive, a promise is never a payment: it counts in no sum until people decide about real money', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...factTypes), { maxLength: 30 }), (types) => {
      let order: Order = fold('order.opened');
      let promises = 0;
      for (const [index, type] of types.entries()) {
        const before = order;
        const result = applyFact(before, facts(before.attempt)[type], at(index + 2));
        if (!result.ok) continue;
        order = result.value;
        if (type === 'offline.promised') promises += 1;
        if (before.state === 'promised') {
          expect(['promise-kept', 'promise-broken', 'manual']).toContain(order.state);
          expect(tenderStarts).not.toContain(type);
        }
        if (order.state.startsWith('promise')) {
          expect(tallyBucket(order.state)).toBeUndefined();
          expect(order.tender?.type).toBe('promise');
        }
        if (order.state === 'promise-kept')
          expect(order.tender).toMatchObject({ kept: { how: 'cash', businessDate: '2026-11-23' } });
      }
      // Only a reversal of what people looked at lets the same order be promised again.
      if (!types.includes('charge.reversed')) expect(promises).toBeLessThanOrEqual(1);
    }),
    { numRuns: 1000 },
  );
});
