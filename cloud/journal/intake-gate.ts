/**
 * Who may bring a batch now. A fixed number of batches is taken in at once; the others wait, and the next to enter
 * comes from the terminal whose turn it is, not from the one that shouts loudest: a till that storms waits behind
 * itself. What does not even find room to wait is sent away with 429.
 */
export interface IntakeGate {
  /** Resolves with the way out, which must be called once; undefined: there is no room to wait. */
  enter(terminalId: string): Promise<(() => void) | undefined>;
  waiting(): number;
}

export interface GateLimits {
  /** Batches that are taken in at once. Below the connections of the pool: other requests need some too. */
  readonly insideMax: number;
  /** Of one terminal: as many as it may have on their way. */
  readonly insidePerTerminalMax: number;
  readonly waitingMax: number;
  readonly waitingPerTerminalMax: number;
}

export const gateLimits: GateLimits = {
  insideMax: 12,
  insidePerTerminalMax: 2,
  waitingMax: 256,
  waitingPerTerminalMax: 8,
};

export function createIntakeGate(limits: GateLimits = gateLimits): IntakeGate {
  const inside = new Map<string, number>();
  /** In the order of turns: whoever was let in goes to the end. */
  const queues = new Map<string, (() => void)[]>();
  let insideCount = 0;
  let waitingCount = 0;

  const hasRoomFor = (terminalId: string): boolean =>
    insideCount < limits.insideMax && (inside.get(terminalId) ?? 0) < limits.insidePerTerminalMax;

  const admit = (terminalId: string): (() => void) => {
    insideCount += 1;
    inside.set(terminalId, (inside.get(terminalId) ?? 0) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      insideCount -= 1;
      const others = (inside.get(terminalId) ?? 1) - 1;
      if (others === 0) inside.delete(terminalId);
      else inside.set(terminalId, others);
      letIn();
    };
  };

  const letIn = (): void => {
    for (;;) {
      const turn = [...queues.keys()].find(hasRoomFor);
      if (turn === undefined) return;
      const queue = queues.get(turn) ?? [];
      queues.delete(turn);
      const next = queue.shift();
      if (queue.length > 0) queues.set(turn, queue);
      waitingCount -= 1;
      next?.();
    }
  };

  return {
    enter(terminalId) {
      const queue = queues.get(terminalId);
      if (queue === undefined && hasRoomFor(terminalId)) return Promise.resolve(admit(terminalId));
      const isFull =
        waitingCount >= limits.waitingMax || (queue?.length ?? 0) >= limits.waitingPerTerminalMax;
      if (isFull) return Promise.resolve(undefined);
      waitingCount += 1;
      return new Promise((resolve) => {
        const enter = (): void => resolve(admit(terminalId));
        if (queue) queue.push(enter);
        else queues.set(terminalId, [enter]);
      });
    },
    waiting: () => waitingCount,
  };
}
