import { fen } from '#shared/money/fen.ts';
import type { BoxOutcome } from '#drivers/ecr/box-pos.ts';
import type { BoxReport } from '#drivers/ecr/session/box-report.ts';
import { findClosed, rememberClosed } from '#drivers/ecr/session/closed-intents.ts';
import { doubt, judge, settle } from '#drivers/ecr/session/session-ends.ts';
import type {
  SessionRules,
  SessionState,
  SessionStep,
} from '#drivers/ecr/session/session-state.ts';

/** So many signs of progress are believed for one sale. */
export const progressCountMax = 60;

/** A message that was not asked for by a query. */
export function reported(state: SessionState, report: BoxReport, rules: SessionRules): SessionStep {
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

/** The customer is at it: the patience starts over, but not for ever. */
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
