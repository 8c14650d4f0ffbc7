/**
 * The one file that decides what may be sent to a box again. A customer is charged twice when a sale is repeated that
 * the box already has: so nothing that moves money is repeated after the box may have taken it; it is asked about.
 */

/** What a till can ask of a box. */
export type BoxAskKind = 'sale' | 'void' | 'refund' | 'close' | 'query' | 'greeting' | 'chore';

/** The first writing of a frame and its repetitions on the link together. */
export const linkTriesMax = 4;

/**
 * The same bytes under the same id may go out again only while nothing at all proves that they arrived: the box knows
 * such a repetition by its id and does not act twice. Never on another connection: ids start over there. Where frames
 * have no id, silence is not enough: the box must have said that the frame arrived broken (see frame-sender.ts).
 */
export function mayResendFrame(frame: {
  readonly acknowledged: boolean;
  readonly answered: boolean;
  readonly sameConnection: boolean;
  readonly triesMade: number;
}): boolean {
  const proved = frame.acknowledged || frame.answered;
  return !proved && frame.sameConnection && frame.triesMade < linkTriesMax;
}

/** May a question that got no answer be asked again? Only when asking moves no money. */
export function mayAskAgain(kind: BoxAskKind): boolean {
  return kind === 'query' || kind === 'greeting';
}

/** Pauses between the queries of one call, in ms. */
export const queryPausesMs: readonly number[] = [1_000, 2_000, 5_000, 10_000, 30_000];

/** The pause after so many queries without a final answer; null: give up until somebody asks again. */
export function nextQueryPauseMs(queriesMade: number): number | null {
  return queryPausesMs[queriesMade - 1] ?? null;
}

/** A box must deny a sale so often, a pause apart: the first answer may be older than its books. */
export const notFoundAnswersMin = 2;

/** "Not found" frees the till to charge again, so it must be sure. */
export function notFoundMeansNotCharged(evidence: {
  /** The box shook hands, or acknowledged a poll, after the sale came in doubt. */
  readonly greetedSince: boolean;
  /** No customer stands before it: it answers queries only then, or said so. */
  readonly idle: boolean;
  readonly answers: number;
}): boolean {
  return evidence.greetedSince && evidence.idle && evidence.answers >= notFoundAnswersMin;
}

/** Clocks of a box and a till differ by up to this, in ms. */
export const boxClockSkewMsMax = 120_000;

/**
 * The last sale of the box is not ours. It lay there before ours began, then ours never happened; else ours may be
 * buried under it. `unsure` is for people.
 */
export function otherLastSaleMeans(sale: {
  readonly isBaseline: boolean;
  readonly paidAtMs: number | null;
  readonly ourStartMs: number | null;
}): 'not-charged' | 'unsure' {
  if (sale.isBaseline) return 'not-charged';
  if (sale.paidAtMs === null || sale.ourStartMs === null) return 'unsure';
  return sale.paidAtMs < sale.ourStartMs - boxClockSkewMsMax ? 'not-charged' : 'unsure';
}
