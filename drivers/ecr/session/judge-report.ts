import { fen } from '#shared/money/fen.ts';
import type { BoxFailure, BoxOutcome } from '#drivers/ecr/box-pos.ts';
import { otherLastSaleMeans } from '#drivers/ecr/retry-policy.ts';
import type { BoxIntent, BoxReport } from '#drivers/ecr/session/box-report.ts';

/** What a report means for one intent. */
export type Judgement =
  | { readonly type: 'settled'; readonly outcome: Settled }
  | { readonly type: 'progress' }
  /** It is about something else. */
  | { readonly type: 'not-ours' }
  | { readonly type: 'not-found' }
  /** It is about this intent, or must be, and settles nothing. */
  | { readonly type: 'unsettled'; readonly code: BoxFailure };

export type Settled = Extract<BoxOutcome, { readonly type: 'approved' | 'declined' }>;

export interface JudgeContext {
  readonly intent: BoxIntent;
  /** Our order number as the box knows it. */
  readonly mark: string;
  /** How the box finds a sale again. */
  readonly lookup: 'order-no' | 'last-sale';
  /** The last sale that the box was known to hold before this intent began; null when none was known. */
  readonly baselineRef: string | null;
  /** An earlier intent was never answered: an answer without a number may be its answer. */
  readonly strayPossible: boolean;
}

/** Amount and order number of an answer must be the ones that were asked for; whatever else fits is not enough. */
export function judgeReport(report: BoxReport, context: JudgeContext): Judgement {
  if (!fits(report, context.intent)) return { type: 'not-ours' };
  // The last sale of a box says nothing of what was taken back.
  const saysNothing = report.about === 'query' && context.lookup === 'last-sale';
  if (saysNothing && context.intent.kind !== 'sale')
    return { type: 'unsettled', code: 'box-cannot' };
  switch (report.verdict) {
    case 'progress':
      return { type: 'progress' };
    case 'not-found':
      // It denies another intent, e.g. late: that says nothing of this one.
      if (report.mark !== null && report.mark !== context.mark) return { type: 'not-ours' };
      return { type: 'not-found' };
    case 'done':
      return judgeDone(report, context);
    case 'not-done':
      return judgeNotDone(report, context);
    case 'pending':
    case 'unclear':
      if (report.mark !== null && report.mark !== context.mark) return { type: 'not-ours' };
      return { type: 'unsettled', code: report.code };
  }
}

/** Does the kind of the message fit? A reversal that answers late must not decide a sale. */
function fits(report: BoxReport, intent: BoxIntent): boolean {
  if (report.about === 'order' || report.about === 'query') return true;
  return report.about === (intent.kind === 'sale' ? 'sale' : 'reversal');
}

function judgeDone(report: BoxReport, context: JudgeContext): Judgement {
  const { intent, mark } = context;
  if (report.mark !== null && report.mark !== mark) return judgeOther(report, context);
  // Some dialects answer a reversal by the number of the sale it takes back, and a sale never.
  const named =
    report.mark === mark ||
    (intent.kind !== 'sale' && isSameRef(report.boxRef, intent.order.originalBoxRef));
  if (!named || report.boxRef === '') return { type: 'unsettled', code: 'box-answer-invalid' };
  const amountIsOurs = report.amountFen === intent.order.amountFen;
  const amountUnsaid = report.amountFen === null && intent.kind !== 'sale';
  if (!amountIsOurs && !amountUnsaid) return { type: 'unsettled', code: 'box-amount-mismatch' };
  return {
    type: 'settled',
    outcome: {
      type: 'approved',
      evidence: {
        boxRef: report.boxRef,
        method: report.method,
        amountFen: fen(intent.order.amountFen),
        paidAtMs: report.paidAtMs,
        payerMask: report.payerMask,
      },
    },
  };
}

/** Boxes pad their own numbers as they like. */
const isSameRef = (a: string, b: string): boolean =>
  a !== '' && a.replace(/^0+/, '') === b.replace(/^0+/, '');

/** A sale with another number: not ours when it answers a sale; when it is the last sale of the box, it may tell. */
function judgeOther(report: BoxReport, context: JudgeContext): Judgement {
  if (report.about !== 'query' || context.lookup === 'order-no') return { type: 'not-ours' };
  const means = otherLastSaleMeans({
    isBaseline: context.baselineRef !== null && report.boxRef === context.baselineRef,
    paidAtMs: report.paidAtMs,
    ourStartMs: context.intent.order.startedAtMs ?? null,
  });
  if (means === 'not-charged') return { type: 'not-found' };
  return { type: 'unsettled', code: 'box-other-sale' };
}

function judgeNotDone(report: BoxReport, context: JudgeContext): Judgement {
  if (report.mark !== null && report.mark !== context.mark) return { type: 'not-ours' };
  // A query that names nothing may have failed itself, or answer an older question.
  if (report.mark === null && (context.strayPossible || report.about === 'query'))
    return { type: 'unsettled', code: 'box-refused' };
  const { code, detail } = report;
  return { type: 'settled', outcome: { type: 'declined', code, detail } };
}
