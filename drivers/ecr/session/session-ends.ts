import type { BoxFailure, BoxOutcome } from '#drivers/ecr/box-pos.ts';
import type { BoxIntent, BoxReport } from '#drivers/ecr/session/box-report.ts';
import { rememberClosed } from '#drivers/ecr/session/closed-intents.ts';
import { judgeReport, type Judgement, type Settled } from '#drivers/ecr/session/judge-report.ts';
import type {
  Current,
  SessionEffect,
  SessionPhase,
  SessionRules,
  SessionState,
  SessionStep,
} from '#drivers/ecr/session/session-state.ts';

/** No clear answer came: the intent is in doubt until a query, a late answer or a person ends that. */
export function doubt(
  state: SessionState,
  phase: Extract<SessionPhase, { type: 'sending' | 'waiting' }>,
  code: BoxFailure,
): SessionStep {
  const { intent, baselineRef } = phase;
  const outcome: BoxOutcome = { type: 'unknown', code };
  return {
    state: {
      ...state,
      phase: { type: 'in-doubt', intent, baselineRef, code },
      strayPossible: true,
    },
    effects: [{ type: 'tell', outcome }],
  };
}

/** The intent is over. How its caller hears of it depends on who waits. */
export function settle(
  state: SessionState,
  intent: BoxIntent,
  outcome: Settled,
  how: 'tell' | 'tell-query' | 'late',
): SessionStep {
  const lastRef =
    outcome.type === 'approved' && intent.kind === 'sale' ? outcome.evidence.boxRef : state.lastRef;
  const effect: SessionEffect =
    how === 'late'
      ? { type: 'late', merchantOrderNo: intent.order.merchantOrderNo, outcome }
      : { type: how, outcome };
  return {
    state: {
      ...state,
      phase: { type: 'free' },
      lastRef,
      closed: rememberClosed(state.closed, { intent, told: outcome }),
    },
    effects: [effect],
  };
}

/** What a report says of an intent, by all that the session knows. */
export function judge(
  state: SessionState,
  current: Current,
  report: BoxReport,
  rules: SessionRules,
): Judgement {
  return judgeReport(report, {
    intent: current.intent,
    baselineRef: current.baselineRef,
    mark: rules.markOf(current.intent.order.merchantOrderNo),
    lookup: rules.lookup,
    strayPossible: state.strayPossible,
  });
}
