import { fen, subtractFen, type Fen } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { PromiseLimits } from '#shared/wire/v1/terminals.ts';

/** Promises that nobody has called kept or broken yet, the one that is judged not included. */
export interface OpenPromises {
  readonly count: number;
  readonly sumFen: number;
}

export type PromiseRefused = {
  readonly type:
    | 'promise-not-allowed'
    | 'promise-window-closed'
    | 'promise-too-large'
    | 'promise-count-used'
    | 'promise-sum-used';
};

/** What may still be promised. */
export interface PromiseRoom {
  readonly perPromiseFen: Fen;
  readonly remainingFen: Fen;
  readonly remainingCount: number;
}

const noRoom: PromiseRoom = { perPromiseFen: fen(0), remainingFen: fen(0), remainingCount: 0 };

/** `sinceContactMs`: since the last contact with the cloud; undefined when there never was one. */
export function promiseRoom(
  limits: PromiseLimits | undefined,
  open: OpenPromises,
  sinceContactMs: number | undefined,
): PromiseRoom {
  if (!limits || sinceContactMs === undefined || sinceContactMs > limits.windowMs) return noRoom;
  const isFull = open.sumFen >= limits.openFen || open.count >= limits.openCount;
  return {
    perPromiseFen: fen(limits.perPromiseFen),
    remainingFen: isFull ? fen(0) : subtractFen(fen(limits.openFen), fen(open.sumFen)),
    remainingCount: isFull ? 0 : limits.openCount - open.count,
  };
}

/** May this sum be promised too? Pure; the till asks before it takes the promise, the cloud when it hears of it. */
export function judgePromise(promise: {
  readonly amountFen: number;
  readonly limits: PromiseLimits | undefined;
  readonly open: OpenPromises;
  readonly sinceContactMs: number | undefined;
}): Result<void, PromiseRefused> {
  const { amountFen, limits, open, sinceContactMs } = promise;
  if (!limits || limits.perPromiseFen === 0 || limits.openFen === 0 || limits.openCount === 0)
    return err({ type: 'promise-not-allowed' });
  if (sinceContactMs === undefined || sinceContactMs > limits.windowMs)
    return err({ type: 'promise-window-closed' });
  if (amountFen > limits.perPromiseFen) return err({ type: 'promise-too-large' });
  if (open.count >= limits.openCount) return err({ type: 'promise-count-used' });
  return open.sumFen + amountFen > limits.openFen
    ? err({ type: 'promise-sum-used' })
    : ok(undefined);
}
