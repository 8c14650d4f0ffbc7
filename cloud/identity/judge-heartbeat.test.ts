import { expect, test } from 'vitest';
import {
  judgeHeartbeat,
  overtakenMsMax,
  type HeardBefore,
  type StoredJournal,
} from '#cloud/identity/judge-heartbeat.ts';

interface Beat {
  readonly epoch?: string;
  readonly runId?: string;
  readonly headSeq?: number;
  readonly headHash?: string;
  readonly atMs?: number;
}
const nothingStored: StoredJournal = { heads: [], entries: [] };
const unheard: HeardBefore = { lanes: [], returns: 0, returnedAtMs: 0 };

/** Plays heartbeats, 30 s apart, and says what each proved. */
function play(beats: readonly Beat[], stored: StoredJournal = nothingStored): string[][] {
  let before = unheard;
  return beats.map((beat, index) => {
    const { headSeq = 1 } = beat;
    const heartbeat = { epoch: 'e1', headHash: `hash of ${headSeq}`, headSeq, ...beat };
    const nowMs = beat.atMs ?? 1_000_000 + index * 30_000;
    const judged = judgeHeartbeat(heartbeat, before, { stored, nowMs });
    before = judged.after;
    return judged.findings.map(({ kind, subject }) => `${kind} ${subject}`);
  });
}
const runs = (...names: string[]): Beat[] => names.map((runId) => ({ runId }));

test('two programs that take turns under one identity are a clone, even when neither sells', () => {
  expect(play(runs('a', 'b', 'a', 'b', 'a')).at(-1)).toEqual(['clone e1']);
});

test('two copies that take turns with epochs are a clone without any run id', () => {
  const beats = ['e1', 'e2', 'e1', 'e2', 'e1'].map((epoch) => ({ epoch }));
  expect(play(beats).flat()).toEqual(['clone e1']);
});

test('restarts, new epochs and one heartbeat that lost its way are no clone', () => {
  expect(play(runs('a', 'b', 'c', 'd', 'e', 'f')).flat()).toEqual([]);
  expect(play(runs('a', 'b', 'a', 'b', 'c', 'd')).flat()).toEqual([]);
  expect(play([{ epoch: 'e1' }, { epoch: 'e2' }, { epoch: 'e3' }]).flat()).toEqual([]);
});

test('returns that lie hours apart are not added up', () => {
  const beats = ['a', 'b', 'a', 'b', 'a', 'b', 'a'].map((runId, index) => ({
    runId,
    atMs: 7 * 3_600_000 * (index + 1),
  }));
  expect(play(beats).flat()).toEqual([]);
});

test('a till that had more entries than it has now lost its tail, though none of them ever arrived', () => {
  expect(play([{ headSeq: 90 }, { headSeq: 100 }, { headSeq: 95 }])[2]).toEqual(['tail-lost e1']);
});

test('a tail that was lost and grown over is found by its hash', () => {
  const beats = [{ headSeq: 100 }, { headSeq: 100, headHash: 'another' }];
  expect(play(beats)[1]).toEqual(['tail-lost e1']);
  const stored = { heads: [], entries: [{ epoch: 'e1', seq: 100, hash: 'another' }] };
  expect(play([{ headSeq: 100 }, { headSeq: 120 }], stored)[1]).toEqual(['tail-lost e1']);
});

test('a heartbeat that a later one overtook proves nothing', () => {
  const late = { headSeq: 95, atMs: 1_000_000 + overtakenMsMax - 1 };
  expect(play([{ headSeq: 100, atMs: 1_000_000 }, late]).flat()).toEqual([]);
});

test('entries of an epoch that was left behind and never arrived are lost, once the next epoch arrives', () => {
  const head = { headHash: 'hash of 3', movedAtMs: 0, beganAtMs: 0 };
  const arrived = (headSeq: number): StoredJournal => ({
    heads: [
      { ...head, epoch: 'e1', headSeq },
      { ...head, epoch: 'e2', headSeq: 3 },
    ],
    entries: [],
  });
  const beats = [
    { epoch: 'e1', headSeq: 9 },
    { epoch: 'e2', headSeq: 3 },
  ];
  expect(play(beats, { ...arrived(9), heads: arrived(9).heads }).at(-1)).toEqual([]);
  expect(play(beats, arrived(7)).at(-1)).toEqual(['tail-lost e1']);
});

test('memory stays bounded however many lanes come', () => {
  let before = unheard;
  for (let index = 0; index < 100; index += 1) {
    const heartbeat = { epoch: `e${index}`, headSeq: 1, headHash: 'h', runId: 'r' };
    ({ after: before } = judgeHeartbeat(heartbeat, before, {
      stored: nothingStored,
      nowMs: index,
    }));
  }
  expect(before.lanes.length).toBeLessThan(20);
});
