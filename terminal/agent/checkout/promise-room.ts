import {
  judgePromise,
  promiseRoom,
  type OpenPromises,
  type PromiseRefused,
  type PromiseRoom,
} from '#shared/promise/judge-promise.ts';
import type { Result } from '#shared/result/result.ts';
import { sinceContactMs, type RoomDeps } from '#terminal/agent/checkout/offline-room.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import type { Status } from '#terminal/ipc/state.ts';

/** Promises of this till that nobody has called kept or broken: the cloud knowing of them frees no room. */
export const openPromises = (read: ReadHandle): OpenPromises =>
  read.one<OpenPromises>(
    `SELECT count(*) AS count, coalesce(sum(amount_fen - voucher_fen), 0) AS sumFen
     FROM orders WHERE state = 'promised'`,
  ) ?? { count: 0, sumFen: 0 };

const limitsOf = ({ config }: RoomDeps) => config()?.caps.promises;

/** What may still be promised here. */
export const promiseRoomOf = (deps: RoomDeps): PromiseRoom =>
  promiseRoom(limitsOf(deps), openPromises(deps.read), sinceContactMs(deps));

/** For the status; null: the signed limits allow none, or know nothing of them. */
export function promiseStatus(deps: RoomDeps): Status['promises'] {
  const limits = limitsOf(deps);
  const isAllowed =
    limits && limits.perPromiseFen > 0 && limits.openFen > 0 && limits.openCount > 0;
  return isAllowed ? { ...promiseRoomOf(deps), totalFen: limits.openFen } : null;
}

export const judgeOnTill = (deps: RoomDeps, amountFen: number): Result<void, PromiseRefused> =>
  judgePromise({
    amountFen,
    limits: limitsOf(deps),
    open: openPromises(deps.read),
    sinceContactMs: sinceContactMs(deps),
  });
