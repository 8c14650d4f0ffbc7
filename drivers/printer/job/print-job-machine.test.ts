import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobEffect, JobEvent, JobPlan, JobState } from '#drivers/printer/job/job-states.ts';
import { heldMsMax } from '#drivers/printer/job/job-steps.ts';
import { jobStart, stepJob } from '#drivers/printer/job/print-job-machine.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';

const capable: PrinterCapabilities = {
  realTimeStatus: true,
  processId: true,
  fence: true,
  cutCounter: true,
  autoStatus: true,
};
const planWith = (change: Partial<JobPlan> = {}): JobPlan => ({
  processId: 7,
  printMsMax: 5_000,
  cuts: true,
  flushFirst: false,
  capabilities: capable,
  ...change,
});

function run(plan: JobPlan, events: readonly JobEvent[]) {
  let state: JobState = jobStart;
  const effects: JobEffect[] = [];
  let timer: number | 'stop' | 'keep' = 'stop';
  for (const event of events) {
    const step = stepJob(state, event, plan);
    state = step.state;
    effects.push(...step.effects);
    timer = step.timer;
  }
  return { state, effects, timer };
}

const ready: JobEvent = { type: 'condition', condition: 'ready' };
const recorded: JobEvent = { type: 'recorded', kept: true };
const begun: readonly JobEvent[] = [
  { type: 'start' },
  ready,
  { type: 'cut-count', count: 4 },
  recorded,
];
const nothing: PrinterCapabilities = {
  realTimeStatus: false,
  processId: false,
  fence: false,
  cutCounter: false,
  autoStatus: false,
};
const sent: readonly JobEvent[] = [
  ...begun,
  { type: 'tail-started' },
  { type: 'all-sent', drained: true },
];
const id: JobEvent = { type: 'process-id', processId: 7 };

describe('print job machine', () => {
  it.each<readonly [string, readonly JobEvent[], Partial<JobPlan>, object]>([
    [
      'printed and cut',
      [...sent, id, { type: 'cut-count', count: 5 }],
      {},
      { type: 'confirmed', level: 4 },
    ],
    [
      'printed, cutter did not count',
      [...sent, id, { type: 'cut-count', count: 4 }],
      {},
      { type: 'confirmed', level: 3 },
    ],
    [
      'printed, then silent',
      [...sent, id, { type: 'cut-count', count: null }],
      {},
      { type: 'confirmed', level: 3 },
    ],
    [
      'no id, but the cutter counted',
      [...sent, { type: 'timeout' }, { type: 'cut-count', count: 5 }],
      {},
      { type: 'confirmed', level: 4 },
    ],
    [
      'no id, no cut',
      [...sent, { type: 'timeout' }, { type: 'cut-count', count: 4 }],
      {},
      { type: 'unknown', code: 'receipt-unconfirmed' },
    ],
    [
      'no paper before the start',
      [{ type: 'start' }, { type: 'condition', condition: 'paper-out' }],
      {},
      { type: 'not-sent', code: 'printer-paper-out' },
    ],
    [
      'gone before the first byte',
      [...begun, { type: 'send-refused' }],
      {},
      { type: 'not-sent', code: 'device-missing' },
    ],
    [
      'the attempt could not be written down',
      [...begun.slice(0, -1), { type: 'recorded', kept: false }],
      {},
      { type: 'not-sent', code: 'print-not-recorded' },
    ],
    [
      'gone while the attempt was being written down',
      [...begun.slice(0, -1), { type: 'link-down' }],
      {},
      { type: 'not-sent', code: 'device-missing' },
    ],
    [
      'gone for good before the tail',
      [...begun, { type: 'link-down' }, { type: 'timeout' }],
      {},
      { type: 'unknown', code: 'receipt-interrupted' },
    ],
    [
      'gone for good after the tail',
      [...sent, { type: 'link-down' }, { type: 'timeout' }],
      {},
      { type: 'unknown', code: 'receipt-unconfirmed' },
    ],
    [
      'cleared, and the counter proves it unfinished',
      [
        ...begun,
        { type: 'link-down' },
        { type: 'link-up' },
        { type: 'timeout' },
        { type: 'buffers-cleared' },
        { type: 'cut-count', count: 4 },
      ],
      {},
      { type: 'unknown', code: 'receipt-interrupted' },
    ],
    [
      'late id after a reconnect',
      [...sent, { type: 'link-down' }, { type: 'link-up' }, id, { type: 'cut-count', count: 5 }],
      {},
      { type: 'confirmed', level: 4 },
    ],
    [
      'a printer that proves nothing',
      [{ type: 'start' }, recorded, { type: 'all-sent', drained: true }],
      { capabilities: nothing },
      { type: 'confirmed', level: 1 },
    ],
    [
      'nothing, and not even drained',
      [{ type: 'start' }, recorded, { type: 'all-sent', drained: false }],
      { capabilities: nothing },
      { type: 'confirmed', level: 0 },
    ],
  ])('%s', (_, events, change, outcome) =>
    expect(run(planWith(change), events).state).toEqual({ type: 'done', outcome }),
  );

  it('an id that is not ours proves nothing', () => {
    const other: JobEvent = { type: 'process-id', processId: 8 };
    expect(run(planWith(), [...sent, other]).state.type).toBe('awaiting');
  });

  it('stops the clock while paper is out and gives the whole time again afterwards', () => {
    const out: JobEvent = { type: 'condition', condition: 'paper-out' };
    expect(run(planWith(), [...sent, out]).timer).toBe(heldMsMax);
    expect(run(planWith(), [...sent, out, ready]).timer).toBe(5_000);
  });

  it('after a job in doubt the next one flushes before its first byte', () => {
    const { effects } = run(planWith({ flushFirst: true }), [
      { type: 'start' },
      ready,
      { type: 'flushed' },
      { type: 'cut-count', count: 0 },
      recorded,
    ]);
    expect(effects).toEqual([
      'ask-condition',
      'flush',
      'ask-cut-count',
      'record-attempt',
      'send-job',
    ]);
  });

  it('clears nothing before it has listened', () => {
    const { effects } = run(planWith(), [...sent, { type: 'link-down' }, { type: 'link-up' }]);
    expect(effects).not.toContain('clear-buffers');
  });

  it('any events in any order: sent at most once, done once and for ever, and never more claimed than proved', () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 80 }),
        anyCapabilities,
        (events, capabilities) => {
          const plan = planWith({ capabilities });
          let state: JobState = jobStart;
          let sendCount = 0;
          let proofs = { id: false, fence: false, counts: new Set<number>() };
          for (const event of events) {
            if (event.type === 'process-id' && event.processId === 7)
              proofs = { ...proofs, id: true };
            if (event.type === 'fence') proofs = { ...proofs, fence: true };
            if (event.type === 'cut-count' && event.count !== null) proofs.counts.add(event.count);
            const before = state;
            const step = stepJob(state, event, plan);
            state = step.state;
            if (before.type === 'done') expect(state).toBe(before);
            if (step.effects.includes('send-job')) {
              sendCount += 1;
              expect(event).toEqual(recorded);
            }
          }
          expect(sendCount).toBeLessThanOrEqual(1);
          if (state.type !== 'done') return;
          const { outcome } = state;
          if (outcome.type === 'not-sent') return;
          expect(sendCount).toBe(1);
          if (outcome.type !== 'confirmed') return;
          if (outcome.level === 4) expect(proofs.counts.size).toBeGreaterThan(1);
          if (outcome.level === 3) expect(proofs.id).toBe(true);
          if (outcome.level === 2) expect(proofs.fence).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

const anyCapabilities = fc.record({
  realTimeStatus: fc.boolean(),
  processId: fc.boolean(),
  fence: fc.boolean(),
  cutCounter: fc.boolean(),
  autoStatus: fc.boolean(),
});
const anyEvent: fc.Arbitrary<JobEvent> = fc.oneof(
  fc.constantFrom<JobEvent>(
    { type: 'start' },
    { type: 'tail-started' },
    recorded,
    { type: 'recorded', kept: false },
    { type: 'all-sent', drained: true },
    { type: 'link-down' },
    { type: 'link-up' },
    { type: 'fence' },
    { type: 'buffers-cleared' },
    { type: 'flushed' },
    { type: 'timeout' },
    { type: 'process-id', processId: 7 },
    { type: 'process-id', processId: 6 },
    ready,
    { type: 'condition', condition: 'paper-out' },
    { type: 'condition', condition: 'silent' },
  ),
  fc.record({
    type: fc.constant('cut-count' as const),
    count: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
  }),
);
