import type { Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { BoxFailure } from '#drivers/ecr/box-pos.ts';
import type { BoxDialect } from '#drivers/ecr/session/box-dialect.ts';
import type { BoxAsk } from '#drivers/ecr/session/box-report.ts';

/** Puts asks into the bytes of one dialect, each under a number of its own. */
export interface AskWriter {
  /** Could the dialect say this? Errors as in {@link BoxDialect.encode}. */
  probe(ask: BoxAsk): Result<unknown, BoxFailure>;
  write(ask: BoxAsk): WrittenAsk;
}

export interface WrittenAsk {
  /** Unique among the asks of this till. */
  readonly requestId: string;
  readonly encoded: Result<Uint8Array, BoxFailure>;
}

export function createAskWriter(deps: {
  readonly clock: Clock;
  readonly dialect: Pick<BoxDialect, 'encode'>;
}): AskWriter {
  let askCount = 0;
  return {
    probe: (ask) => deps.dialect.encode(ask, { nowMs: deps.clock.nowMs(), requestId: '' }),
    write: (ask) => {
      askCount += 1;
      const nowMs = deps.clock.nowMs();
      const requestId = `${nowMs.toString(36)}-${askCount}`;
      return { requestId, encoded: deps.dialect.encode(ask, { nowMs, requestId }) };
    },
  };
}
