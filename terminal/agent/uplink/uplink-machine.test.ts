import { describe, expect, test } from 'vitest';
import { err, ok } from '#shared/result/result.ts';
import { backOffMs } from '#terminal/agent/uplink/back-off.ts';
import type { CloudFailure } from '#terminal/agent/uplink/cloud-client.ts';
import { judgeRound, planAfter, type SentBatch } from '#terminal/agent/uplink/uplink-machine.ts';

/** Batches of 500 entries and one of the rest, of an epoch whose entry N stands at position N. */
const cutAll = (entriesCount: number): readonly SentBatch[] =>
  Array.from({ length: Math.ceil(entriesCount / 500) }, (_, index) => ({
    epoch: 'e'.repeat(16),
    firstSeq: index * 500 + 1,
    firstPosition: index * 500 + 1,
    lastPosition: Math.min((index + 1) * 500, entriesCount),
  }));
const refused = (code: CloudFailure['code'], more: Partial<CloudFailure> = {}) =>
  err({
    code,
    sent: 'yes',
    status: 409,
    retryAfterMs: undefined,
    expectedSeq: undefined,
    ...more,
  } as const);
const acked = (through: number) =>
  ok({ ackedThrough: through, headHash: '0'.repeat(64), verdicts: [] });

describe('uplink machine', () => {
  test('acknowledgements move in order; a failure keeps what came before it and nothing after', () => {
    const [one, two] = cutAll(1_000);
    const answers = (
      a: ReturnType<typeof acked>,
      b: Parameters<typeof judgeRound>[1][number]['answer'],
    ) => [
      { batch: one!, answer: a },
      { batch: two!, answer: b },
    ];
    expect(judgeRound(0, answers(acked(500), acked(1_000)))).toMatchObject({
      ackedPosition: 1_000,
      next: { type: 'go-on' },
    });
    expect(
      judgeRound(0, answers(acked(500), refused('cloud-busy', { retryAfterMs: 7_000 }))),
    ).toMatchObject({
      ackedPosition: 500,
      next: { type: 'wait', atLeastMs: 7_000 },
    });
  });

  test('an answer that acknowledges nothing, and a gap that leads nowhere, wait instead of spinning', () => {
    const [batch] = cutAll(10);
    expect(judgeRound(0, [{ batch: batch!, answer: acked(0) }]).next.type).toBe('wait');
    const gap = refused('journal-gap', { expectedSeq: 1 });
    expect(judgeRound(0, [{ batch: batch!, answer: gap }])).toMatchObject({
      ackedPosition: 0,
      next: { type: 'wait' },
    });
  });

  test('an acknowledgement beyond what was sent moves only over what was sent', () => {
    const [batch] = cutAll(10);
    expect(judgeRound(0, [{ batch: batch!, answer: acked(99) }]).ackedPosition).toBe(10);
  });

  test('a broken chain took nothing, a fork is kept: what counts as not taken begins there', () => {
    const [one, two] = cutAll(1_000);
    const round = (code: CloudFailure['code']) =>
      judgeRound(0, [
        { batch: one!, answer: acked(500) },
        { batch: two!, answer: refused(code) },
      ]);
    expect(round('journal-chain-broken')).toMatchObject({
      ackedPosition: 500,
      next: { type: 'epoch-refused', fromPosition: 501 },
    });
    expect(round('journal-epoch-closed')).toMatchObject({
      ackedPosition: 500,
      next: { type: 'epoch-refused', fromPosition: 501 },
    });
    expect(round('journal-fork')).toMatchObject({
      ackedPosition: 1_000,
      next: { type: 'epoch-refused', fromPosition: 1_001 },
    });
  });

  test.each([
    ['signature-invalid', 'yes', 60_000, true],
    ['terminal-unknown', 'yes', 60_000, true],
    ['request-invalid', 'yes', 0, true],
    ['journal-epochs-exceeded', 'yes', 0, true],
    ['journal-quarantine-full', 'yes', 0, true],
    ['digest-mismatch', 'yes', 0, false],
    ['cloud-unreachable', 'no', 0, false],
    ['cloud-error', 'maybe', 0, false],
  ] as const)(
    '%s waits; people hear of it only when repeating cannot help',
    (code, sent, atLeastMs, isRefusal) => {
      const [batch] = cutAll(10);
      expect(judgeRound(0, [{ batch: batch!, answer: refused(code, { sent }) }])).toMatchObject({
        ackedPosition: 0,
        next: { type: 'wait', atLeastMs, isRefusal },
      });
    },
  );

  test('too large: batches are halved down to one entry; one that is too large by itself is said', () => {
    const tooLarge = { ackedPosition: 0, parked: [], next: { type: 'smaller' as const } };
    expect(planAfter(tooLarge, 500)).toEqual({
      pauseMs: undefined,
      entriesMax: 250,
      trouble: undefined,
    });
    expect(planAfter(tooLarge, 1)).toEqual({
      pauseMs: 0,
      entriesMax: 1,
      trouble: { code: 'batch-too-large' },
    });
  });

  test('entries that are taken end the trouble', () => {
    const taken = { ackedPosition: 9, parked: [], next: { type: 'go-on' as const } };
    expect(planAfter(taken, 500).trouble).toEqual({ code: undefined });
  });

  test('the pause doubles from 1 s to 60 s and is spread over its whole length', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 50].map((failures) =>
      Math.ceil(backOffMs(failures, 0.999_999)),
    );
    expect(ceilings.map((ms) => Math.round(ms / 1_000))).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(backOffMs(9, 0)).toBe(0);
  });
});
