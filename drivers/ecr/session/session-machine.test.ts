import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { emptyReport, type BoxIntent, type BoxReport } from '#drivers/ecr/session/box-report.ts';
import { stepSession } from '#drivers/ecr/session/session-machine.ts';
import { progressCountMax } from '#drivers/ecr/session/session-news.ts';
import {
  sessionStart,
  type SessionEffect,
  type SessionEvent,
  type SessionRules,
  type SessionState,
} from '#drivers/ecr/session/session-state.ts';

const rules: SessionRules = { lookup: 'order-no', markOf: (orderNo) => orderNo };
const saleOf = (merchantOrderNo: string, amount = 100): BoxIntent => ({
  kind: 'sale',
  order: { merchantOrderNo, amountFen: fen(amount), startedAtMs: 1_000 },
});
const report = (change: Partial<BoxReport>): BoxReport => ({
  ...emptyReport,
  verdict: 'done',
  mark: 'A',
  amountFen: 100,
  boxRef: '000007',
  ...change,
});
const done = (change: Partial<BoxReport> = {}): SessionEvent => ({
  type: 'report',
  report: report(change),
});
const found = (change: Partial<BoxReport> = {}): SessionEvent => ({
  type: 'looked-up',
  reply: { type: 'report', greeted: true, report: report({ about: 'query', ...change }) },
});
const begin: SessionEvent = { type: 'begin', intent: saleOf('A') };
const ask: SessionEvent = { type: 'query', intent: saleOf('A') };
const acked: SessionEvent = { type: 'delivered', delivery: 'acknowledged' };
const lost: SessionEvent = { type: 'link-lost', code: 'device-missing' };
const pauseOver: SessionEvent = { type: 'pause-over' };
const notFound = found({ verdict: 'not-found', mark: null });

function run(
  events: readonly SessionEvent[],
  withRules = rules,
): { readonly state: SessionState; readonly effects: readonly SessionEffect[] } {
  let state = sessionStart;
  const effects = events.flatMap((event) => {
    const step = stepSession(state, event, withRules);
    state = step.state;
    return step.effects;
  });
  return { state, effects };
}
const told = (events: readonly SessionEvent[], withRules = rules): readonly unknown[] =>
  run(events, withRules).effects.flatMap((effect) => {
    if (effect.type === 'tell' || effect.type === 'tell-query') {
      const { outcome } = effect;
      return [`${effect.type} ${outcome.type}${'code' in outcome ? ` ${outcome.code}` : ''}`];
    }
    return effect.type === 'late' ? [`late ${effect.merchantOrderNo} ${effect.outcome.type}`] : [];
  });

describe('the session of a box', () => {
  it.each<readonly [string, readonly SessionEvent[], readonly string[]]>([
    ['acknowledged and paid', [begin, acked, done()], ['tell approved']],
    ['paid before the acknowledgement came', [begin, done(), acked], ['tell approved']],
    [
      'not one byte left',
      [begin, { type: 'delivered', delivery: 'not-written' }],
      ['tell not-sent device-missing'],
    ],
    [
      'never acknowledged',
      [begin, { type: 'delivered', delivery: 'unacknowledged' }],
      ['tell unknown box-silent'],
    ],
    ['cable out while it waits', [begin, acked, lost], ['tell unknown device-missing']],
    [
      'an answer that nobody can read',
      [begin, acked, { type: 'unreadable' }],
      ['tell unknown box-answer-invalid'],
    ],
    [
      'another amount',
      [begin, acked, done({ amountFen: 99 })],
      ['tell unknown box-amount-mismatch'],
    ],
    [
      'no number in the yes',
      [begin, acked, done({ mark: null })],
      ['tell unknown box-answer-invalid'],
    ],
    [
      'the yes to somebody else',
      [begin, acked, done({ mark: 'B' }), done()],
      ['late B approved', 'tell approved'],
    ],
    ['a reversal that answers late', [begin, acked, done({ about: 'reversal', mark: null })], []],
    [
      'a second sale meanwhile',
      [begin, acked, { type: 'begin', intent: saleOf('B') }],
      ['tell not-sent box-busy'],
    ],
    [
      'a second sale in doubt',
      [begin, lost, { type: 'begin', intent: saleOf('B') }],
      ['tell unknown device-missing', 'tell not-sent box-blocked'],
    ],
    [
      'in doubt, then found paid',
      [begin, lost, ask, found()],
      ['tell unknown device-missing', 'tell-query approved'],
    ],
    ['denied once', [begin, lost, ask, notFound], ['tell unknown device-missing']],
    [
      'denied twice',
      [begin, lost, ask, notFound, pauseOver, notFound],
      ['tell unknown device-missing', 'tell-query declined box-not-found'],
    ],
    [
      'denied, pending, denied: begins to count anew',
      [begin, lost, ask, notFound, pauseOver, found({ verdict: 'pending' }), pauseOver, notFound],
      ['tell unknown device-missing'],
    ],
    [
      'an answer while it is asked',
      [begin, lost, ask, done()],
      ['tell unknown device-missing', 'tell-query approved'],
    ],
    [
      'an answer when nobody asks',
      [begin, lost, done()],
      ['tell unknown device-missing', 'late A approved'],
    ],
    [
      'a no without a number proves nothing later',
      [begin, lost, done({ verdict: 'not-done', mark: null })],
      ['tell unknown device-missing'],
    ],
    [
      'a yes after a no',
      [begin, acked, done({ verdict: 'not-done' }), done()],
      ['tell declined box-answer-invalid', 'late A approved'],
    ],
    ['the same yes again', [begin, acked, done(), done()], ['tell approved']],
    [
      'asked again after it was settled',
      [begin, acked, done(), ask],
      ['tell approved', 'tell-query approved'],
    ],
    [
      'a query about another intent',
      [begin, lost, { type: 'query', intent: saleOf('B') }],
      ['tell unknown device-missing', 'tell-query unknown box-blocked'],
    ],
    ['a query while it is at the box', [begin, acked, ask], ['tell-query unknown box-busy']],
    [
      'a person decides while it is asked',
      [begin, lost, ask, { type: 'release', merchantOrderNo: 'A' }, found(), begin],
      ['tell unknown device-missing', 'tell-query unknown device-missing'],
    ],
    ['the program ends', [begin, acked, { type: 'stopped' }], ['tell unknown device-missing']],
  ])('%s', (_, events, words) => {
    expect(told(events)).toEqual(words);
  });

  it('asks six times in one call, with growing pauses, then waits blocked', () => {
    const none: SessionEvent = {
      type: 'looked-up',
      reply: { type: 'no-answer', code: 'box-silent' },
    };
    const rounds = Array.from({ length: 6 }, () => [none, pauseOver]).flat();
    const { effects, state } = run([begin, lost, ask, ...rounds]);
    expect(effects.flatMap((effect) => (effect.type === 'pause' ? [effect.pauseMs] : []))).toEqual([
      1_000, 2_000, 5_000, 10_000, 30_000,
    ]);
    expect(effects.filter(({ type }) => type === 'look-up')).toHaveLength(6);
    expect(effects.at(-1)).toEqual({
      type: 'tell-query',
      outcome: { type: 'unknown', code: 'box-silent' },
    });
    expect(state.phase.type).toBe('in-doubt');
    expect(state.progress.queryCount).toBe(6);
  });

  it('"not found" without a handshake since the doubt never frees the till', () => {
    const ungreeted: SessionEvent = {
      type: 'looked-up',
      reply: {
        type: 'report',
        greeted: false,
        report: report({ about: 'query', verdict: 'not-found', mark: null }),
      },
    };
    const rounds = Array.from({ length: 6 }, () => [ungreeted, pauseOver]).flat();
    expect(told([begin, lost, ask, ...rounds])).toEqual([
      'tell unknown device-missing',
      'tell-query unknown box-refused',
    ]);
  });

  it('after an answer that never came, a no without a number may be that answer: it decides nothing', () => {
    const second: SessionEvent = { type: 'begin', intent: saleOf('B') };
    const nobody = done({ verdict: 'not-done', mark: null, code: 'box-declined' });
    const before = [begin, acked, lost, { type: 'release', merchantOrderNo: 'A' }] as const;
    expect(told([...before, second, acked, nobody]).at(-1)).toBe('tell unknown box-refused');
    expect(told([second, acked, nobody])).toEqual(['tell declined box-declined']);
  });

  it('an answer that denies another sale says nothing of the one that is asked about', () => {
    const other = found({ verdict: 'not-found', mark: 'B' });
    expect(told([begin, lost, ask, other, pauseOver, other, pauseOver, other])).toEqual([
      'tell unknown device-missing',
    ]);
  });

  it.each(['order-no', 'last-sale'] as const)(
    'a %s query that fails without naming a sale does not fail the sale',
    (lookup) => {
      const failed = found({ verdict: 'not-done', mark: null, code: 'box-no-network' });
      const named = found({ verdict: 'not-done', code: 'box-cancelled' });
      const withLookup = { ...rules, lookup };
      expect(told([begin, lost, ask, failed, pauseOver, failed], withLookup)).toEqual([
        'tell unknown device-missing',
      ]);
      expect(told([begin, lost, ask, named], withLookup).at(-1)).toBe(
        'tell-query declined box-cancelled',
      );
    },
  );

  it('a sale of an earlier run may still be answered: a no without a number is not the next sale’s', () => {
    const earlier: SessionEvent = { type: 'query', intent: saleOf('A') };
    const nobody = done({ verdict: 'not-done', mark: null, code: 'box-declined' });
    const second: SessionEvent = { type: 'begin', intent: saleOf('B') };
    const released: SessionEvent = { type: 'release', merchantOrderNo: 'A' };
    expect(told([earlier, released, second, acked, nobody]).at(-1)).toBe(
      'tell unknown box-refused',
    );
  });

  it('a yes of an earlier run comes with its number, where the box says the whole of it', () => {
    expect(told([done({ mark: 'C' })])).toEqual(['late C approved']);
    const tickets = { ...rules, markOf: (orderNo: string) => `${orderNo}!` };
    expect(told([done({ mark: 'C' })], tickets)).toEqual(['late null approved']);
  });

  it('believes in progress only so often', () => {
    const step: SessionEvent = done({ verdict: 'progress', mark: null });
    const { effects } = run([
      begin,
      acked,
      ...Array.from({ length: progressCountMax + 50 }, () => step),
    ]);
    expect(effects.filter(({ type }) => type === 'await-answer')).toHaveLength(
      progressCountMax + 1,
    );
  });

  it('holds its laws whatever happens in whatever order', () => {
    const orderNo = fc.constantFrom('A', 'B', 'C');
    const code = 'box-declined' as const;
    const anyReport = fc.record({
      about: fc.constantFrom('sale', 'query', 'order', 'reversal'),
      verdict: fc.constantFrom('done', 'not-done', 'progress', 'pending', 'not-found', 'unclear'),
      mark: fc.option(orderNo),
      amountFen: fc.constantFrom(100, 101, null),
      boxRef: fc.constantFrom('', '000007', '000008'),
    });
    const event: fc.Arbitrary<SessionEvent> = fc.oneof(
      orderNo.map((number): SessionEvent => ({ type: 'begin', intent: saleOf(number) })),
      orderNo.map((number): SessionEvent => ({ type: 'query', intent: saleOf(number) })),
      orderNo.map((merchantOrderNo): SessionEvent => ({ type: 'release', merchantOrderNo })),
      fc
        .constantFrom('acknowledged', 'unacknowledged', 'not-written')
        .map((delivery): SessionEvent => ({ type: 'delivered', delivery })),
      anyReport.map((each): SessionEvent => ({
        type: 'report',
        report: report({ ...each, code }),
      })),
      anyReport.map((each): SessionEvent => found({ ...each, about: 'query', code })),
      fc.constantFrom<SessionEvent>(
        { type: 'unreadable' },
        { type: 'answer-timeout' },
        lost,
        pauseOver,
        { type: 'stopped' },
      ),
    );
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 60 }),
        fc.constantFrom('order-no', 'last-sale'),
        (events, lookup) => {
          let state = sessionStart;
          let openCount = 0;
          for (const each of events) {
            const { phase } = state;
            const step = stepSession(state, each, { ...rules, lookup });
            const sends = step.effects.filter(({ type }) => type === 'send');
            if (sends.length > 0)
              expect([each.type, phase.type, sends.length]).toEqual(['begin', 'free', 1]);
            if (each.type === 'begin') openCount += 1;
            openCount -= step.effects.filter(({ type }) => type === 'tell').length;
            const live = step.state.phase.type === 'sending' || step.state.phase.type === 'waiting';
            expect(openCount).toBe(live ? 1 : 0);
            for (const effect of step.effects) {
              if (
                !('outcome' in effect) ||
                effect.outcome.type !== 'approved' ||
                effect.type === 'late'
              )
                continue;
              expect(effect.outcome.evidence.amountFen).toBe(100);
            }
            // Doubt ends only by a query, by an answer, by a person, and never by time or by a lost line.
            if (phase.type === 'in-doubt' && step.state.phase.type === 'free') {
              expect(['report', 'release']).toContain(each.type);
            }
            expect(step.state.closed.length).toBeLessThanOrEqual(64);
            state = step.state;
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
