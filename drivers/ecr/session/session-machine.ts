import { fen } from '#shared/money/fen.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { BoxFailure, BoxOutcome } from '#drivers/ecr/box-pos.ts';
import { nextQueryPauseMs, notFoundMeansNotCharged } from '#drivers/ecr/retry-policy.ts';
import type { BoxIntent, BoxReport } from '#drivers/ecr/session/box-report.ts';
import { findClosed, rememberClosed } from '#drivers/ecr/session/closed-intents.ts';
import { judgeReport, type Judgement, type Settled } from '#drivers/ecr/session/judge-report.ts';
import {
  untouched,
  whyBlocked,
  type Current,
  type Delivery,
  type LookUpReply,
  type SessionEffect,
  type SessionEvent,
  type SessionPhase,
  type SessionRules,
  type SessionState,
  type SessionStep,
} from '#drivers/ecr/session/session-state.ts';

/** Events that do not fit the phase (a late timer, an acknowledgement after the answer) change nothing. */
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

/** So many signs of progress are believed for one sale. */
export const progressCountMax = 60;

const isSame = (a: BoxIntent, b: BoxIntent): boolean =>
  a.order.merchantOrderNo === b.order.merchantOrderNo;

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

function doubt(
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
function settle(
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

function judge(
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

/** A message that was not asked for by a query. */
function reported(state: SessionState, report: BoxReport, rules: SessionRules): SessionStep {
  const { phase } = state;
  if (phase.type === 'free') return lateNews(state, report, rules);
  const judgement = judge(state, phase, report, rules);
  if (judgement.type === 'not-ours') return lateNews(state, report, rules);
  const live = phase.type === 'sending' || phase.type === 'waiting';
  if (judgement.type === 'progress') return progressed(state);
  if (judgement.type === 'settled') {
    // In doubt, an answer that does not name the intent proves nothing about it.
    if (!live && report.mark === null) return { state, effects: [] };
    const answered = {
      ...state,
      // The box answers in order: after an answer that names its intent no older one comes.
      strayPossible: report.mark === null ? state.strayPossible : false,
      progress: { ...state.progress, acknowledged: true, answered: true },
    };
    const how = live ? 'tell' : phase.type === 'asking' ? 'tell-query' : 'late';
    return settle(answered, phase.intent, judgement.outcome, how);
  }
  if (!live) return { state, effects: [] };
  const code = judgement.type === 'unsettled' ? judgement.code : 'box-refused';
  const progress = { ...state.progress, acknowledged: true, answered: true };
  const strayBefore = state.strayPossible;
  const step = doubt({ ...state, progress }, phase, code);
  return { ...step, state: { ...step.state, strayPossible: strayBefore } };
}

/** The customer is at it: the patience begins anew, but not for ever. */
function progressed(state: SessionState): SessionStep {
  const { phase } = state;
  if (phase.type !== 'waiting' || phase.progressCount >= progressCountMax) {
    return { state, effects: [] };
  }
  const next = { ...phase, progressCount: phase.progressCount + 1 };
  return { state: { ...state, phase: next }, effects: [{ type: 'await-answer' }] };
}

/** News of an intent that was over. The same answer once more is no news. */
function lateNews(state: SessionState, report: BoxReport, rules: SessionRules): SessionStep {
  const same: SessionStep = { state, effects: [] };
  if (report.mark === null || report.about === 'query') return same;
  const known = findClosed(state.closed, report.mark, rules.markOf);
  if (known === undefined) {
    return report.verdict === 'done' ? strangerPaid(state, report, rules) : same;
  }
  const current = { intent: known.intent, baselineRef: null };
  const judgement = judge(state, current, report, rules);
  if (judgement.type !== 'settled' || sameOutcome(judgement.outcome, known.told)) return same;
  const { outcome } = judgement;
  return {
    state: {
      ...state,
      strayPossible: false,
      closed: rememberClosed(state.closed, { intent: known.intent, told: outcome }),
    },
    effects: [{ type: 'late', merchantOrderNo: known.intent.order.merchantOrderNo, outcome }],
  };
}

/** The box took money for a number of an earlier run of the program, or of another till. Never kept quiet. */
function strangerPaid(state: SessionState, report: BoxReport, rules: SessionRules): SessionStep {
  const { boxRef, method, amountFen, paidAtMs, payerMask, mark } = report;
  // Where the box says our whole number, its owner can find the order; a reversal has no order of its own.
  const isWhole = mark !== null && rules.markOf(mark) === mark && report.about !== 'reversal';
  const merchantOrderNo = isWhole ? mark : null;
  const outcome: BoxOutcome =
    amountFen === null || boxRef === ''
      ? { type: 'unknown', code: 'box-other-sale' }
      : {
          type: 'approved',
          evidence: { boxRef, method, amountFen: fen(amountFen), paidAtMs, payerMask },
        };
  return { state, effects: [{ type: 'late', merchantOrderNo, outcome }] };
}

const sameOutcome = (a: BoxOutcome, b: BoxOutcome): boolean =>
  a.type === b.type &&
  (a.type !== 'approved' || b.type !== 'approved' || a.evidence.boxRef === b.evidence.boxRef);

function query(state: SessionState, intent: BoxIntent): SessionStep {
  const { phase } = state;
  const tell = (outcome: BoxOutcome): SessionStep => ({
    state,
    effects: [{ type: 'tell-query', outcome }],
  });
  if (phase.type === 'sending' || phase.type === 'waiting') {
    return tell({ type: 'unknown', code: 'box-busy' });
  }
  if (phase.type === 'free') {
    const known = state.closed.find((each) => isSame(each.intent, intent));
    if (known !== undefined && known.told.type !== 'unknown') return tell(known.told);
    // An intent of an earlier run, or one that a person released: everything may have happened to it.
    const progress = { ...untouched, sent: true };
    const asked = { ...state, progress, strayPossible: true };
    return look(asked, { intent, baselineRef: null, code: 'box-silent' });
  }
  if (phase.type === 'asking' || !isSame(phase.intent, intent)) {
    return tell({ type: 'unknown', code: 'box-blocked' });
  }
  return look(state, phase);
}

interface Asking extends Current {
  readonly code: BoxFailure;
  readonly round?: number;
  readonly notFoundCount?: number;
}

function look(state: SessionState, asking: Asking): SessionStep {
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

function lookedUp(before: SessionState, reply: LookUpReply, rules: SessionRules): SessionStep {
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

function askLater(
  state: SessionState,
  phase: Extract<SessionPhase, { type: 'asking' }>,
): SessionStep {
  const pauseMs = nextQueryPauseMs(phase.round);
  if (pauseMs !== null && phase.code !== 'box-cannot') {
    return {
      state: { ...state, phase: { ...phase, looking: false } },
      effects: [{ type: 'pause', pauseMs }],
    };
  }
  return giveUpAsking(state, phase);
}

function giveUpAsking(
  state: SessionState,
  phase: Extract<SessionPhase, { type: 'asking' }>,
): SessionStep {
  const { intent, baselineRef, code } = phase;
  return {
    state: { ...state, phase: { type: 'in-doubt', intent, baselineRef, code } },
    effects: [{ type: 'tell-query', outcome: { type: 'unknown', code } }],
  };
}

/** A person decided. Who still asks hears that the box never said. */
function release(state: SessionState, merchantOrderNo: string): SessionStep {
  const { phase } = state;
  const inDoubt = phase.type === 'in-doubt' || phase.type === 'asking';
  if (!inDoubt || phase.intent.order.merchantOrderNo !== merchantOrderNo) {
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
