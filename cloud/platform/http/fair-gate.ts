import type { Clock } from '#shared/time/clock.ts';

/**
 * Who may work now. A fixed number is inside at once; the others wait, and the next to enter is the
 * one whose turn it is, not the one that shouts loudest: a till that storms waits behind itself.
 * Who finds no room to wait, or would wait longer than his caller has patience, is sent away at
 * once.
 */
export interface FairGate {
  /** Resolves with the way out, which must be called once; undefined: there is no room to wait. */
  enter(who: string): Promise<(() => void) | undefined>;
  waiting(): number;
  /**
   * How long the gate takes per visitor while it is busy, milliseconds: measured between two that
   * leave.
   */
  stepMs(): number;
}

export interface GateLimits {
  readonly insideMax: number;
  /** Of one visitor. */
  readonly insideEachMax: number;
  readonly waitingMax: number;
  readonly waitingEachMax: number;
  /** Nobody is let wait who would have to wait longer than this. */
  readonly waitMsMax: number;
}

/** What a step is thought to take before one was measured. */
const stepMsAtFirst = 5;
/**
 * A step so many times longer than those before says something about the machine and nothing about
 * the work.
 */
const stepGrowthMax = 4;
/** The measured step follows the last few dozen. */
const smoothing = 1 / 32;

export function createFairGate({
  limits,
  clock,
}: {
  readonly limits: GateLimits;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}): FairGate {
  const inside = new Map<string, number>();
  /** In the order of turns: whoever was let in goes to the end. */
  const queues = new Map<string, (() => void)[]>();
  let insideCount = 0;
  let waitingCount = 0;
  const pace = createPace(clock);

  const hasRoomFor = (who: string): boolean =>
    insideCount < limits.insideMax && (inside.get(who) ?? 0) < limits.insideEachMax;

  const admit = (who: string): (() => void) => {
    insideCount += 1;
    inside.set(who, (inside.get(who) ?? 0) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      insideCount -= 1;
      const others = (inside.get(who) ?? 1) - 1;
      if (others === 0) inside.delete(who);
      else inside.set(who, others);
      pace.left({ othersWait: waitingCount > 0 });
      letIn();
    };
  };

  const nextTurn = (): string | undefined => {
    if (insideCount >= limits.insideMax) return undefined;
    for (const who of queues.keys()) if (hasRoomFor(who)) return who;
    return undefined;
  };

  const letIn = (): void => {
    for (let turn = nextTurn(); turn !== undefined; turn = nextTurn()) {
      const queue = queues.get(turn) ?? [];
      queues.delete(turn);
      const next = queue.shift();
      if (queue.length > 0) queues.set(turn, queue);
      waitingCount -= 1;
      next?.();
    }
  };

  return {
    enter(who) {
      const queue = queues.get(who);
      if (queue === undefined && hasRoomFor(who)) return Promise.resolve(admit(who));
      const isFull =
        waitingCount >= limits.waitingMax ||
        (waitingCount + 1) * pace.stepMs() > limits.waitMsMax ||
        (queue?.length ?? 0) >= limits.waitingEachMax;
      if (isFull) return Promise.resolve(undefined);
      waitingCount += 1;
      return new Promise((resolve) => {
        // Admitted in the turn that lets it in: a step later somebody else could have taken the
        // room.
        const enter = (): void => resolve(admit(who));
        if (queue) queue.push(enter);
        else queues.set(who, [enter]);
      });
    },
    waiting: () => waitingCount,
    stepMs: pace.stepMs,
  };
}

/** How fast a gate works while it is busy. */
function createPace(clock: Pick<Clock, 'monotonicMs'>) {
  let stepMs = stepMsAtFirst;
  /** When the last one left and others waited: from then on the gate works without a pause. */
  let busySinceMs: number | undefined;
  return {
    stepMs: (): number => stepMs,
    left: ({ othersWait }: { readonly othersWait: boolean }): void => {
      const nowMs = clock.monotonicMs();
      if (busySinceMs !== undefined) {
        stepMs += (Math.min(nowMs - busySinceMs, stepMs * stepGrowthMax) - stepMs) * smoothing;
      }
      busySinceMs = othersWait ? nowMs : undefined;
    },
  };
}
