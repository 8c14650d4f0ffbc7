import type { BatchAnswer } from '#shared/wire/v1/journal.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { Result } from '#shared/result/result.ts';
import type { CloudFailure } from '#terminal/agent/uplink/cloud-client.ts';
import { isIdentityRefusal } from '#terminal/agent/uplink/identity-refusal.ts';

/** What of the journal was sent together, and what the answers mean. Pure. */
export interface SentBatch {
  readonly epoch: string;
  readonly firstSeq: number;
  readonly firstPosition: number;
  readonly lastPosition: number;
}

export const batchesInFlightMax = 2;

/** What the answers lead to. */
export interface RoundOutcome {
  /** The new acknowledged position; may go back when the cloud asks for entries again. */
  readonly ackedPosition: number;
  /** The cloud judges these by hand; they are delivered all the same. */
  readonly parked: readonly {
    readonly epoch: string;
    readonly seq: number;
    readonly code: string;
  }[];
  readonly next:
    | { readonly type: 'go-on' }
    | {
        readonly type: 'wait';
        readonly atLeastMs: number;
        readonly code: ErrorCode;
        /** The cloud said no to these entries and will again: people must know. */
        readonly isRefusal: boolean;
      }
    /**
     * The cloud takes nothing more under this epoch: it has another history under its name, a restore ended it, or its
     * chain is broken.
     * A new epoch must begin; everything from `fromPosition` to the end of this one was not taken.
     */
    | {
        readonly type: 'epoch-refused';
        readonly epoch: string;
        readonly fromPosition: number;
        readonly code: ErrorCode;
      }
    /** 413: the next batches must be smaller. */
    | { readonly type: 'smaller' };
}

/** Walks the answers in sending order; the first that is no acknowledgement decides what comes next. */
export function judgeRound(
  ackedPosition: number,
  answers: readonly {
    readonly batch: SentBatch;
    readonly answer: Result<BatchAnswer, CloudFailure>;
  }[],
): RoundOutcome {
  let acked = ackedPosition;
  const parked: { epoch: string; seq: number; code: string }[] = [];
  for (const { batch, answer } of answers) {
    const { epoch, firstSeq } = batch;
    const positionOf = (seq: number): number => batch.firstPosition + (seq - firstSeq);
    if (answer.ok) {
      const through = Math.min(positionOf(answer.value.ackedThrough), batch.lastPosition);
      for (const { seq, verdict, code } of answer.value.verdicts)
        if (verdict === 'parked') parked.push({ epoch, seq, code: code ?? 'code-not-catalogued' });
      // An acknowledgement below what was sent moves nothing: the cloud wants these entries again.
      if (through <= acked) return { ackedPosition: acked, parked, next: notTaken() };
      acked = through;
      continue;
    }
    const { code, expectedSeq, retryAfterMs } = answer.error;
    if (code === 'journal-gap' && expectedSeq !== undefined) {
      const resume = Math.max(0, Math.min(positionOf(expectedSeq) - 1, batch.lastPosition));
      const moved = resume !== acked;
      return { ackedPosition: resume, parked, next: moved ? { type: 'go-on' } : notTaken() };
    }
    if (epochRefusals.has(code)) {
      // A forked batch is kept by the cloud, whole; of a broken chain and after a closed end it booked nothing.
      const keptThrough = code === 'journal-fork' ? batch.lastPosition : acked;
      return {
        ackedPosition: keptThrough,
        parked,
        next: { type: 'epoch-refused', epoch, fromPosition: keptThrough + 1, code },
      };
    }
    if (code === 'batch-too-large')
      return { ackedPosition: acked, parked, next: { type: 'smaller' } };
    return {
      ackedPosition: acked,
      parked,
      next: {
        type: 'wait',
        atLeastMs: retryAfterMs ?? pauseAfterMs(answer.error),
        code,
        isRefusal: answer.error.sent === 'yes' && !passingRefusals.has(code),
      },
    };
  }
  return { ackedPosition: acked, parked, next: { type: 'go-on' } };
}

/** What the uplink does after a round. */
export interface RoundPlan {
  /** The shortest pause before the next round; undefined: it follows at once. */
  readonly pauseMs: number | undefined;
  /** The most entries of the next batches. */
  readonly entriesMax: number;
  /** News for people: a refusal, or that entries are taken again (no code); undefined: none. */
  readonly trouble: { readonly code: ErrorCode | undefined } | undefined;
}

/** Decides what follows a round that was sent with batches of at most `entriesMax` entries. Pure. */
export function planAfter({ next }: RoundOutcome, entriesMax: number): RoundPlan {
  switch (next.type) {
    case 'wait':
      return {
        pauseMs: next.atLeastMs,
        entriesMax,
        trouble: next.isRefusal ? { code: next.code } : undefined,
      };
    case 'smaller':
      // One entry that is too large by itself: nothing smaller can be sent.
      return entriesMax === 1
        ? { pauseMs: 0, entriesMax, trouble: { code: 'batch-too-large' } }
        : { pauseMs: undefined, entriesMax: entriesMax >> 1, trouble: undefined };
    case 'go-on':
    case 'epoch-refused':
      return { pauseMs: undefined, entriesMax, trouble: { code: undefined } };
  }
}

/** The epoch is over. */
const epochRefusals = new Set<ErrorCode>([
  'journal-chain-broken',
  'journal-epoch-closed',
  'journal-fork',
]);

/** Refusals of one request; the next one, signed anew, may well be taken. */
const passingRefusals = new Set<ErrorCode>([
  'cloud-busy',
  'digest-mismatch',
  'nonce-reused',
  'signature-stale',
]);

/** Nobody gets in by knocking faster: the till keeps what it has and asks once a minute. */
export const identityRetryMs = 60_000;

const pauseAfterMs = ({ code, sent }: CloudFailure): number =>
  sent === 'yes' && isIdentityRefusal(code) ? identityRetryMs : 0;

const notTaken = () => ({
  type: 'wait' as const,
  atLeastMs: 0,
  code: 'cloud-answer-invalid' as const,
  isRefusal: false,
});
