import type { BoxFailure, BoxOutcome } from '#drivers/ecr/box-pos.ts';
import { nextQueryPauseMs, notFoundMeansNotCharged } from '#drivers/ecr/retry-policy.ts';
import { isIntentOf, type BoxIntent } from '#drivers/ecr/session/box-report.ts';
import type { Settled } from '#drivers/ecr/session/judge-report.ts';
import { judge, settle } from '#drivers/ecr/session/session-ends.ts';
import {
  untouched,
  type Current,
  type LookUpReply,
  type SessionPhase,
  type SessionRules,
  type SessionState,
  type SessionStep,
} from '#drivers/ecr/session/session-state.ts';

type AskingPhase = Extract<SessionPhase, { type: 'asking' }>;

/** Somebody asks what became of an intent: it is told from memory, or the box is asked. */
export function query(state: SessionState, intent: BoxIntent): SessionStep {
  const { phase } = state;
  const tell = (outcome: BoxOutcome): SessionStep => ({
    state,
    effects: [{ type: 'tell-query', outcome }],
  });
  if (phase.type === 'sending' || phase.type === 'waiting') {
    return tell({ type: 'unknown', code: 'box-busy' });
  }
  if (phase.type === 'free') {
    const known = state.closed.find((each) => isIntentOf(each.intent, intent.order));
    if (known !== undefined && known.told.type !== 'unknown') return tell(known.told);
    // An intent of an earlier run, or one that a person released: everything may have happened to it.
    const progress = { ...untouched, sent: true };
    const asked = { ...state, progress, strayPossible: true };
    return look(asked, { intent, baselineRef: null, code: 'box-silent' });
  }
  if (phase.type === 'asking' || !isIntentOf(phase.intent, intent.order)) {
    return tell({ type: 'unknown', code: 'box-blocked' });
  }
  return look(state, phase);
}

interface Asking extends Current {
  readonly code: BoxFailure;
  readonly round?: number;
  readonly notFoundCount?: number;
}

/** Asks the box once more. */
export function look(state: SessionState, asking: Asking): SessionStep {
  const { intent, baselineRef, code, round = 0, notFoundCount = 0 } = asking;
  const phase: SessionPhase = {
    type: 'asking',
    intent,
    baselineRef,
    code,
    looking: true,
    round: round + 1,
    notFoundCount,
  };
  const progress = { ...state.progress, queryCount: state.progress.queryCount + 1 };
  return { state: { ...state, phase, progress }, effects: [{ type: 'look-up', intent }] };
}

/** The box answered a query, or did not. */
export function lookedUp(
  before: SessionState,
  reply: LookUpReply,
  rules: SessionRules,
): SessionStep {
  const { phase } = before;
  if (phase.type !== 'asking' || !phase.looking) return { state: before, effects: [] };
  if (reply.type === 'no-answer') return askLater(before, { ...phase, code: reply.code });
  const showsSale = rules.lookup === 'last-sale' && reply.report.verdict === 'done';
  const state = showsSale ? { ...before, lastRef: reply.report.boxRef } : before;
  const judgement = judge({ ...state, strayPossible: false }, phase, reply.report, rules);
  switch (judgement.type) {
    case 'settled':
      return settle(state, phase.intent, judgement.outcome, 'tell-query');
    case 'not-found': {
      const answers = phase.notFoundCount + 1;
      const sure = notFoundMeansNotCharged({ greetedSince: reply.greeted, idle: true, answers });
      if (!sure) {
        return askLater(state, { ...phase, notFoundCount: answers, code: 'box-refused' });
      }
      const { detail } = reply.report;
      const outcome: Settled = { type: 'declined', code: 'box-not-found', detail };
      return settle(state, phase.intent, outcome, 'tell-query');
    }
    case 'unsettled':
      return askLater(state, { ...phase, code: judgement.code, notFoundCount: 0 });
    case 'progress':
    case 'not-ours':
      return askLater(state, { ...phase, code: 'box-answer-invalid' });
  }
}

function askLater(state: SessionState, phase: AskingPhase): SessionStep {
  const pauseMs = nextQueryPauseMs(phase.round);
  if (pauseMs !== null && phase.code !== 'box-cannot') {
    return {
      state: { ...state, phase: { ...phase, looking: false } },
      effects: [{ type: 'pause', pauseMs }],
    };
  }
  return giveUpAsking(state, phase);
}

/** Whoever asked hears that nobody can tell yet; the box stays blocked. */
export function giveUpAsking(state: SessionState, phase: AskingPhase): SessionStep {
  const { intent, baselineRef, code } = phase;
  return {
    state: { ...state, phase: { type: 'in-doubt', intent, baselineRef, code } },
    effects: [{ type: 'tell-query', outcome: { type: 'unknown', code } }],
  };
}
