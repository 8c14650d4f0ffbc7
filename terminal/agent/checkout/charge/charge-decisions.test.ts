import { describe, expect, test } from 'vitest';
import { getOrThrow, err, ok } from '#shared/result/result.ts';
import { applyFact } from '#shared/order/order-machine.ts';
import type { Order } from '#shared/order/order.ts';
import type { Charge } from '#shared/wire/v1/charges.ts';
import { decideOnAnswer } from '#terminal/agent/checkout/charge/charge-decisions.ts';
import { openedFact, orderIdOf, submittedFact } from '#terminal/agent/testing/facts.ts';
import type { CloudFailure } from '#terminal/agent/uplink/cloud-client.ts';

const at = { seq: 1, wallMs: 1 };
const draft = getOrThrow(applyFact(undefined, openedFact(1), at));
const submitting = getOrThrow(applyFact(draft, submittedFact(1), at));
const inState = (state: Order['state']): Order => ({ ...submitting, state });
const charge = (status: Charge['status']): Charge => ({
  orderId: orderIdOf(1),
  attempt: 1,
  status,
  amountFen: 1_234,
  voucherFen: 0,
  channel: 'simulator',
  deadlineMs: 1,
});
const failure = (code: CloudFailure['code'], sent: CloudFailure['sent']): CloudFailure => ({
  code,
  sent,
  status: undefined,
  retryAfterMs: undefined,
  expectedSeq: undefined,
});
const submit = { kind: 'submit', codeAlive: true } as const;
const query = { kind: 'query', codeAlive: false } as const;
const typesOf = (facts: readonly { type: string }[]) => facts.map((fact) => fact.type);

describe('what an answer means', () => {
  test.each([
    ['paid', 'charge.paid'],
    ['failed', 'charge.failed'],
    ['reversed', 'charge.reversed'],
    ['refunded-late', 'charge.refunded-late'],
  ] as const)('%s is definite', (status, fact) => {
    const decision = decideOnAnswer(submitting, submit, ok(charge(status)));
    expect([typesOf(decision.facts), decision.next]).toEqual([[fact], 'done']);
  });

  test.each(['submitting', 'waiting-payer', 'reversing'] as const)(
    '%s is asked again',
    (status) => {
      expect(decideOnAnswer(submitting, submit, ok(charge(status)))).toEqual({
        facts: [],
        next: 'ask',
      });
    },
  );

  test('only a connection that never was proves that nothing left', () => {
    const refused = decideOnAnswer(submitting, submit, err(failure('cloud-unreachable', 'no')));
    expect([typesOf(refused.facts), refused.next]).toEqual([['charge.failed'], 'hold']);
    for (const code of ['cloud-timeout', 'cloud-error', 'cloud-answer-invalid'] as const) {
      const open = decideOnAnswer(submitting, submit, err(failure(code, 'maybe')));
      expect([typesOf(open.facts), open.next]).toEqual([['charge.unknown'], 'ask']);
    }
  });

  test('a door that is closed for the moment proves nothing about the number: it is asked about', () => {
    const busy = decideOnAnswer(submitting, submit, err(failure('cloud-busy', 'yes')));
    expect([typesOf(busy.facts), busy.next]).toEqual([['charge.unknown'], 'ask']);
  });

  test('an attempt that was unknown stays unknown when its repetition is refused', () => {
    const refused = decideOnAnswer(
      inState('unknown'),
      submit,
      err(failure('cloud-unreachable', 'no')),
    );
    expect(refused).toEqual({ facts: [], next: 'ask' });
  });

  test('a query that fails, in whatever way, leaves unknown unknown', () => {
    for (const sent of ['no', 'maybe', 'yes'] as const)
      expect(decideOnAnswer(inState('unknown'), query, err(failure('cloud-error', sent)))).toEqual({
        facts: [],
        next: 'ask',
      });
  });

  test('never received: sent again while the code lives, failed only when the cloud has closed the number', () => {
    const missing = err(failure('charge-not-found', 'yes'));
    const alive = { ...query, codeAlive: true };
    expect(decideOnAnswer(inState('unknown'), alive, missing).next).toBe('send-again');
    expect(decideOnAnswer(inState('unknown'), query, missing)).toEqual({
      facts: [],
      next: 'close',
    });
    expect(decideOnAnswer(inState('cancel-wanted'), alive, missing).next).toBe('close');
    const closed = decideOnAnswer(inState('unknown'), { ...query, kind: 'cancel' }, missing);
    expect([typesOf(closed.facts), closed.next]).toEqual([['charge.failed'], 'done']);
  });
});
