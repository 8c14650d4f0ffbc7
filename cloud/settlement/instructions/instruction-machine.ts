import { exhaustive } from '#shared/result/exhaustive.ts';

/** Whatever a channel said about an instruction, in one word for all kinds. */
export type InstructionOutcome =
  | { readonly type: 'moved'; readonly ref: string }
  /** By whitelist: nothing moved under this number, and nothing will. */
  | { readonly type: 'refused'; readonly code: string }
  | { readonly type: 'processing' }
  /** Only a query says so; the request may still be on its way. */
  | { readonly type: 'not-known'; readonly code: string }
  | { readonly type: 'unknown'; readonly code: string };

export interface InstructionProgress {
  readonly state: 'open' | 'done' | 'failed';
  /** Requests that may have left, 0.. */
  readonly sends: number;
  readonly fruitlessTries: number;
  /** A repeated sending was refused: final as soon as the number is unknown to the channel as well. */
  readonly refusedCode?: string;
  readonly code?: string;
  readonly ref?: string;
  readonly next?: { readonly step: 'send' | 'query'; readonly atMs: number };
}

export interface InstructionHeard {
  readonly from: 'send' | 'query';
  readonly outcome: InstructionOutcome;
  readonly nowMs: number;
  /** Without a query the same number with the same content is sent again: the channel defines that as asking. */
  readonly hasQuery: boolean;
  /** The channel takes a repeated number for the same instruction. Never so for payouts. */
  readonly mayRepeat: boolean;
}

/** Milliseconds before the next look, by the tries that brought nothing; the last goes on for good. */
export const askAgainMs: readonly number[] = [
  1_000, 2_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000,
];

const waitMs = (fruitlessTries: number): number =>
  askAgainMs[Math.min(fruitlessTries, askAgainMs.length - 1)] ?? 3_600_000;

/**
 * What follows from an answer. Only the channel's own words end an instruction: moved, or a
 * whitelisted refusal of the one request that ever left. A refusal of a repeated request says
 * nothing about the first one, which may still be on its way: then the number must be unknown to a
 * later query as well (or, without queries, be refused again). Pure.
 */
export function learnInstruction(
  before: InstructionProgress,
  heard: InstructionHeard,
): InstructionProgress {
  const { outcome, nowMs, hasQuery, mayRepeat } = heard;
  const { next: _done, ...rest } = before;
  const ask = hasQuery ? 'query' : 'send';
  const again = (step: 'send' | 'query', change: Partial<InstructionProgress>) => ({
    ...rest,
    ...change,
    fruitlessTries: before.fruitlessTries + 1,
    next: { step, atMs: nowMs + waitMs(before.fruitlessTries) },
  });
  switch (outcome.type) {
    case 'moved':
      return { ...rest, state: 'done', ref: outcome.ref };
    case 'refused': {
      const { code } = outcome;
      const isFinal = heard.from === 'query' || before.sends <= 1;
      const isTwice = !hasQuery && before.refusedCode !== undefined;
      if (isFinal || isTwice) return { ...rest, state: 'failed', code };
      return again(ask, { code, refusedCode: code });
    }
    case 'processing':
      return again(ask, { code: 'processing' });
    case 'not-known':
      if (before.refusedCode !== undefined)
        return { ...rest, state: 'failed', code: before.refusedCode };
      return again(mayRepeat ? 'send' : ask, { code: outcome.code });
    case 'unknown':
      return again(ask, { code: outcome.code });
    default:
      return exhaustive(outcome);
  }
}
