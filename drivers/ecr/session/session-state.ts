import type { BoxFailure, BoxOutcome } from '#drivers/ecr/box-pos.ts';
import type { BoxIntent, BoxReport } from '#drivers/ecr/session/box-report.ts';
import type { ClosedIntent } from '#drivers/ecr/session/closed-intents.ts';

/**
 * What one box and one till are in the middle of; session-machine.ts moves it, session-runner.ts carries out its
 * effects. The law: a sale is handed to the link once; whatever is not a clear answer leaves it in doubt; doubt blocks
 * the box and is left by a query, by a late answer, or by a person.
 */
export interface SessionState {
  readonly phase: SessionPhase;
  readonly progress: SessionProgress;
  /** The last sale of the box that was heard of. */
  readonly lastRef: string | null;
  /** An intent was never answered: its answer may still come. */
  readonly strayPossible: boolean;
  /** What was told of the latest intents, for late answers. */
  readonly closed: readonly ClosedIntent[];
}

export type SessionPhase =
  | { readonly type: 'free' }
  /** Handed to the link; not acknowledged. */
  | (Current & { readonly type: 'sending' })
  | (Current & { readonly type: 'waiting'; readonly progressCount: number })
  | (Current & { readonly type: 'in-doubt'; readonly code: BoxFailure })
  /** A query runs: `looking`, or pausing before the next. `round` counts the queries of this call. */
  | (Current & {
      readonly type: 'asking';
      readonly code: BoxFailure;
      readonly looking: boolean;
      readonly round: number;
      readonly notFoundCount: number;
    });

export interface Current {
  readonly intent: BoxIntent;
  readonly baselineRef: string | null;
}

export interface SessionProgress {
  readonly sent: boolean;
  readonly acknowledged: boolean;
  readonly answered: boolean;
  readonly queryCount: number;
}

export type SessionEvent =
  | { readonly type: 'begin'; readonly intent: BoxIntent }
  | { readonly type: 'delivered'; readonly delivery: Delivery }
  | { readonly type: 'report'; readonly report: BoxReport }
  /** A whole frame that is no message of the dialect. */
  | { readonly type: 'unreadable' }
  | { readonly type: 'answer-timeout' }
  | { readonly type: 'link-lost'; readonly code: BoxFailure }
  | { readonly type: 'query'; readonly intent: BoxIntent }
  | { readonly type: 'looked-up'; readonly reply: LookUpReply }
  | { readonly type: 'pause-over' }
  | { readonly type: 'release'; readonly merchantOrderNo: string }
  | { readonly type: 'stopped' };

/** `not-written`: not one byte left. `unacknowledged`: some may have arrived. */
export type Delivery = 'acknowledged' | 'unacknowledged' | 'not-written';

export type LookUpReply =
  | { readonly type: 'report'; readonly report: BoxReport; readonly greeted: boolean }
  | { readonly type: 'no-answer'; readonly code: BoxFailure };

export type SessionEffect =
  | { readonly type: 'send'; readonly intent: BoxIntent }
  /** Arms the answer timer anew. */
  | { readonly type: 'await-answer' }
  | { readonly type: 'tell'; readonly outcome: BoxOutcome }
  | { readonly type: 'look-up'; readonly intent: BoxIntent }
  | { readonly type: 'pause'; readonly pauseMs: number }
  | { readonly type: 'tell-query'; readonly outcome: BoxOutcome }
  | {
      readonly type: 'late';
      readonly merchantOrderNo: string | null;
      readonly outcome: BoxOutcome;
    };

export interface SessionStep {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

/** What the machine must know of the dialect. */
export interface SessionRules {
  readonly lookup: 'order-no' | 'last-sale';
  readonly markOf: (merchantOrderNo: string) => string;
}

export const untouched: SessionProgress = {
  sent: false,
  acknowledged: false,
  answered: false,
  queryCount: 0,
};

export const sessionStart: SessionState = {
  phase: { type: 'free' },
  progress: untouched,
  lastRef: null,
  strayPossible: false,
  closed: [],
};

/** May a new intent begin? The caller refuses it with this code. */
export function whyBlocked(state: SessionState): BoxFailure | null {
  switch (state.phase.type) {
    case 'free':
      return null;
    case 'sending':
    case 'waiting':
      return 'box-busy';
    case 'in-doubt':
    case 'asking':
      return 'box-blocked';
  }
}
