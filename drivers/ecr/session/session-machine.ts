import { exhaustive } from '#shared/result/exhaustive.ts';
import type { BoxOutcome } from '#drivers/ecr/box-pos.ts';
import { isIntentOf, type BoxIntent } from '#drivers/ecr/session/box-report.ts';
import { rememberClosed } from '#drivers/ecr/session/closed-intents.ts';
import { doubt } from '#drivers/ecr/session/session-ends.ts';
import { giveUpAsking, look, lookedUp, query } from '#drivers/ecr/session/session-query.ts';
import { reported } from '#drivers/ecr/session/session-news.ts';
import {
  untouched,
  whyBlocked,
  type Delivery,
  type SessionEvent,
  type SessionPhase,
  type SessionRules,
  type SessionState,
  type SessionStep,
} from '#drivers/ecr/session/session-state.ts';

/**
 * What becomes of the session by an event. Sending stands here, unasked words of the box in session-news.ts, queries in
 * session-query.ts, and how an intent ends in session-ends.ts. Events that do not fit the phase (a late timer, an
 * acknowledgement after the answer) change nothing.
 */
export function stepSession(
  state: SessionState,
  event: SessionEvent,
  rules: SessionRules,
): SessionStep {
  const same: SessionStep = { state, effects: [] };
  const { phase } = state;
  switch (event.type) {
    case 'begin':
      return begin(state, event.intent);
    case 'delivered':
      return phase.type === 'sending' ? delivered(state, phase, event.delivery) : same;
    case 'report':
      return reported(state, event.report, rules);
    case 'unreadable':
      return phase.type === 'sending' || phase.type === 'waiting'
        ? doubt(state, phase, 'box-answer-invalid')
        : same;
    case 'answer-timeout':
      return phase.type === 'waiting' ? doubt(state, phase, 'box-timeout') : same;
    case 'link-lost':
      return phase.type === 'sending' || phase.type === 'waiting'
        ? doubt(state, phase, event.code)
        : same;
    case 'query':
      return query(state, event.intent);
    case 'looked-up':
      return lookedUp(state, event.reply, rules);
    case 'pause-over':
      return phase.type === 'asking' && !phase.looking ? look(state, phase) : same;
    case 'release':
      return release(state, event.merchantOrderNo);
    case 'stopped':
      return stopped(state);
    default:
      return exhaustive(event);
  }
}

function begin(state: SessionState, intent: BoxIntent): SessionStep {
  const code = whyBlocked(state);
  if (code !== null)
    return { state, effects: [{ type: 'tell', outcome: { type: 'not-sent', code } }] };
  const phase: SessionPhase = { type: 'sending', intent, baselineRef: state.lastRef };
  return {
    state: { ...state, phase, progress: { ...untouched, sent: true } },
    effects: [{ type: 'send', intent }],
  };
}

function delivered(
  state: SessionState,
  phase: Extract<SessionPhase, { type: 'sending' }>,
  delivery: Delivery,
): SessionStep {
  switch (delivery) {
    case 'acknowledged':
      return {
        state: {
          ...state,
          phase: { ...phase, type: 'waiting', progressCount: 0 },
          progress: { ...state.progress, acknowledged: true },
        },
        effects: [{ type: 'await-answer' }],
      };
    case 'unacknowledged':
      return doubt(state, phase, 'box-silent');
    case 'not-written':
      return {
        state: { ...state, phase: { type: 'free' }, progress: untouched },
        effects: [{ type: 'tell', outcome: { type: 'not-sent', code: 'device-missing' } }],
      };
  }
}

/** A person decided. Who still asks hears that the box never said. */
function release(state: SessionState, merchantOrderNo: string): SessionStep {
  const { phase } = state;
  const inDoubt = phase.type === 'in-doubt' || phase.type === 'asking';
  if (!inDoubt || !isIntentOf(phase.intent, { merchantOrderNo })) {
    return { state, effects: [] };
  }
  const told: BoxOutcome = { type: 'unknown', code: phase.code };
  const closed = rememberClosed(state.closed, { intent: phase.intent, told });
  return {
    state: { ...state, phase: { type: 'free' }, closed },
    effects: phase.type === 'asking' ? [{ type: 'tell-query', outcome: told }] : [],
  };
}

/** The program ends: every promise is kept, and what is in doubt says so. */
function stopped(state: SessionState): SessionStep {
  const { phase } = state;
  if (phase.type === 'sending' || phase.type === 'waiting') {
    return doubt(state, phase, 'device-missing');
  }
  return phase.type === 'asking' ? giveUpAsking(state, phase) : { state, effects: [] };
}
