import type { RawPort } from '#drivers/transports/guarded-connection.ts';
import type { Lane } from '#drivers/transports/memory-lane.ts';

/** What can go wrong where the cable ends at the device. */
export interface IntakeFaults {
  /** The cable comes out before the byte with this offset (to the device) arrives. Once. */
  readonly pullAtByte?: number;
  /** The device takes no bytes: writes stay pending. */
  readonly stalled?: boolean;
}

export interface Intake {
  readonly write: RawPort['write'];
  /** Forgets the writes that wait. */
  readonly discard: () => void;
  /** Arms the pull anew and lets waiting writes go on, unless the device is still stalled. */
  readonly faultsChanged: () => void;
  /** Bytes that reached the device so far. */
  readonly deliveredByteCount: () => number;
}

type Done = (failure: string | null) => void;

/** The device's end of the cable: takes bytes, holds them back when stalled, and loses the rest when pulled. */
export function createIntake(deps: {
  readonly toDevice: Lane;
  readonly faults: () => IntakeFaults;
  readonly pull: () => void;
}): Intake {
  let deliveredCount = 0;
  let pullArmed = true;
  let waiting: { readonly bytes: Uint8Array; readonly done: Done }[] = [];

  const deliver = (bytes: Uint8Array): void => {
    deliveredCount += bytes.length;
    deps.toDevice.push(bytes);
  };

  const push = (bytes: Uint8Array, done: Done): void => {
    const limit = deps.faults().pullAtByte;
    if (!pullArmed || limit === undefined || deliveredCount + bytes.length <= limit) {
      deliver(bytes);
      return done(null);
    }
    pullArmed = false;
    deliver(bytes.subarray(0, Math.max(0, limit - deliveredCount)));
    deps.pull();
    done('cable pulled');
  };

  return {
    write: (bytes, done) => {
      const copy = Uint8Array.from(bytes);
      if (deps.faults().stalled === true) waiting.push({ bytes: copy, done });
      else queueMicrotask(() => push(copy, done));
    },
    discard: () => {
      waiting = [];
    },
    faultsChanged: () => {
      pullArmed = true;
      if (deps.faults().stalled === true) return;
      const resumed = waiting;
      waiting = [];
      for (const each of resumed) push(each.bytes, each.done);
    },
    deliveredByteCount: () => deliveredCount,
  };
}
