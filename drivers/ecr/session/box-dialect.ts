import type { Result } from '#shared/result/result.ts';
import type { BoxFailure } from '#drivers/ecr/box-pos.ts';
import type { BoxLine, BoxLineDeps } from '#drivers/ecr/session/box-line.ts';
import type { BoxAsk, BoxReport } from '#drivers/ecr/session/box-report.ts';
import type { SessionRules } from '#drivers/ecr/session/session-state.ts';

/** What tells one kind of box from another: its words, its link, its patience. Pure but for the line. */
export interface BoxDialect extends SessionRules {
  /** "ecr-hub", "transbank", "bcd2". */
  readonly name: string;
  /** How long a customer may take after the acknowledgement, in ms; a sign of progress begins it anew. */
  readonly answerTimeoutMs: number;
  /** How long a query may take, in ms. */
  readonly lookUpTimeoutMs: number;
  /** An idle box is greeted so often, in ms; null when its own heartbeat shows that it lives. */
  readonly keepAliveMs: number | null;
  /** Errors: `box-cannot` when the dialect has no such ask, `box-refused` when the ask does not fit its fields. */
  encode(ask: BoxAsk, context: AskContext): Result<Uint8Array, BoxFailure>;
  /** null: no message of this dialect. Never throws. */
  decode(payload: Uint8Array): BoxReport | null;
  createLine(deps: BoxLineDeps): BoxLine;
}

export interface AskContext {
  readonly nowMs: number;
  /** Unique among the asks of this till; comes back in the answer where the dialect has room for it. */
  readonly requestId: string;
}
