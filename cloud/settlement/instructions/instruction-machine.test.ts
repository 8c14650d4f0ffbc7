import { expect, it } from 'vitest';
import {
  askAgainMs,
  learnInstruction,
  type InstructionHeard,
  type InstructionProgress,
} from '#cloud/settlement/instructions/instruction-machine.ts';
import { planFinalShares, type FrozenLine } from '#cloud/settlement/instructions/final-plan.ts';
import type { MerchantId, OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';

const sentOnce: InstructionProgress = { state: 'open', sends: 1, fruitlessTries: 0 };
const hear = (change: Partial<InstructionHeard>): InstructionHeard => ({
  from: 'query',
  outcome: { type: 'unknown', code: 'no-answer' },
  nowMs: 1_000,
  hasQuery: true,
  mayRepeat: true,
  ...change,
});
const refused = { type: 'refused', code: 'NOT_ENOUGH' } as const;
const notKnown = { type: 'not-known', code: 'NOT_FOUND' } as const;

it('nothing but the word of the channel ends an instruction, however often it is unknown', () => {
  let progress = sentOnce;
  for (let tries = 0; tries < 50; tries += 1) {
    progress = learnInstruction(progress, hear({}));
    expect(progress).toMatchObject({ state: 'open', next: { step: 'query' } });
  }
  expect(progress.next?.atMs).toBe(1_000 + (askAgainMs.at(-1) ?? 0));
});

it('the only request was refused by whitelist: failed', () => {
  const after = learnInstruction(sentOnce, hear({ from: 'send', outcome: refused }));
  expect(after).toMatchObject({ state: 'failed', code: 'NOT_ENOUGH' });
  expect(after.next).toBeUndefined();
});

it('a repeated request was refused: open until the number is unknown as well', () => {
  const twice = { ...sentOnce, sends: 2 };
  const waiting = learnInstruction(twice, hear({ from: 'send', outcome: refused }));
  expect(waiting).toMatchObject({ state: 'open', next: { step: 'query' } });
  const ended = learnInstruction(waiting, hear({ outcome: notKnown }));
  expect(ended).toMatchObject({ state: 'failed', code: 'NOT_ENOUGH' });
  const moved = learnInstruction(waiting, hear({ outcome: { type: 'moved', ref: '1' } }));
  expect(moved).toMatchObject({ state: 'done', ref: '1' });
});

it('an unknown number is sent again where the channel allows it, and never for a payout', () => {
  const split = learnInstruction(sentOnce, hear({ outcome: notKnown }));
  expect(split.next?.step).toBe('send');
  const payout = learnInstruction(sentOnce, hear({ outcome: notKnown, mayRepeat: false }));
  expect(payout).toMatchObject({ state: 'open', next: { step: 'query' } });
});

const line = (index: number, frozenFen: number, concessionFen: number): FrozenLine => ({
  merchantId: 'mch_1' as MerchantId,
  orderId: `ord_${index}` as OrderId,
  frozenFen,
  orderFen: fen(10_000),
  othersMaxBp: basisPoints(3_000),
  concessionFen: fen(concessionFen),
});

it('the platform never gets more than is due, is frozen, or the channel allows to others', () => {
  const lines = [line(1, 500, 1_000), line(2, 5_000, 1_000), line(3, -200, 100)];
  const { shares, leftDueFen } = planFinalShares(lines, fen(9_000));
  expect(shares.map((one) => [one.concessionFen, one.releaseFen])).toEqual([
    [500, 0],
    [3_000, 2_000],
    [0, 0],
  ]);
  expect(leftDueFen).toBe(5_500);
  const plenty = planFinalShares([line(1, 2_000, 1_000)], fen(1_000));
  expect(plenty.shares).toMatchObject([{ concessionFen: 1_000, releaseFen: 1_000 }]);
});
