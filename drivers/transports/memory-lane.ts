import type { Timers } from '#drivers/core/timers.ts';

/** One direction of a wire. Offsets are absolute: the first byte ever pushed is 0. */
export interface LaneFaults {
  /** Chunks of at most this many bytes. */
  readonly splitBytes?: number;
  /** Everything pushed within one delay arrives as one chunk. */
  readonly coalesce?: boolean;
  readonly delayMs?: number;
  /** These bytes never arrive. */
  readonly dropBytes?: ReadonlySet<number>;
  /** These bytes arrive twice. */
  readonly duplicateBytes?: ReadonlySet<number>;
  /** Nothing arrives. */
  readonly silent?: boolean;
}

export interface Lane {
  push(bytes: Uint8Array): void;
  /** Forgets what is under way. */
  discard(): void;
}

/** Carries bytes in order, with the faults that hold at the moment of the push. */
export function createLane(deps: {
  readonly timers: Timers;
  readonly faults: () => LaneFaults;
  readonly deliver: (chunk: Uint8Array) => void;
}): Lane {
  let offset = 0;
  let life = 0;
  let gathered: number[] = [];
  let gathering = false;

  const later = (delayMs: number, run: () => void): void => {
    const born = life;
    const guarded = (): void => {
      if (born === life) run();
    };
    if (delayMs === 0) queueMicrotask(guarded);
    else deps.timers.after(delayMs, guarded);
  };

  const spoil = (bytes: Uint8Array, faults: LaneFaults): number[] => {
    const arriving: number[] = [];
    for (const byte of bytes) {
      if (faults.dropBytes?.has(offset) !== true) arriving.push(byte);
      if (faults.duplicateBytes?.has(offset) === true) arriving.push(byte);
      offset += 1;
    }
    return arriving;
  };

  const flush = (): void => {
    const chunk = Uint8Array.from(gathered);
    gathered = [];
    gathering = false;
    deps.deliver(chunk);
  };

  return {
    push: (bytes) => {
      const faults = deps.faults();
      const arriving = spoil(bytes, faults);
      if (faults.silent === true || arriving.length === 0) return;
      const delayMs = faults.delayMs ?? 0;
      if (faults.coalesce === true) {
        gathered.push(...arriving);
        if (!gathering) later(delayMs, flush);
        gathering = true;
        return;
      }
      const step = faults.splitBytes ?? arriving.length;
      for (let start = 0; start < arriving.length; start += step) {
        const chunk = Uint8Array.from(arriving.slice(start, start + step));
        later(delayMs, () => deps.deliver(chunk));
      }
    },
    discard: () => {
      life += 1;
      gathered = [];
      gathering = false;
    },
  };
}
