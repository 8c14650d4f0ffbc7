/** So many failures of the line in a row close a channel for {@link pauseMs}. */
export const failuresMax = 5;
export const pauseMs = 30_000;
/** A merchant whom a channel refuses by code is closed there so long, or until the process restarts. */
export const refusedPauseMs = 600_000;
const entriesMax = 100_000;

/**
 * Which channels answer, from what this process saw: a first version of the breaker. After a pause one charge may
 * try again; the first answer opens the channel, the first failure closes it for another pause.
 */
export interface ChannelHealth {
  isHealthy(
    where: { readonly channel: string; readonly merchantId: string },
    nowMs: number,
  ): boolean;
  /** An answer came, or none did. */
  saw(channel: string, didAnswer: boolean, nowMs: number): void;
  /** The channel refuses this merchant, or our credentials for him. */
  refused(where: { readonly channel: string; readonly merchantId: string }, nowMs: number): void;
}

export function createChannelHealth(): ChannelHealth {
  const failures = new Map<string, { count: number; closedUntilMs: number }>();
  const refusals = new Map<string, number>();
  return {
    isHealthy: (where, nowMs) =>
      (failures.get(where.channel)?.closedUntilMs ?? 0) <= nowMs &&
      (refusals.get(keyOf(where)) ?? 0) <= nowMs,
    saw: (channel, didAnswer, nowMs) => {
      if (didAnswer) {
        failures.delete(channel);
        return;
      }
      const count = (failures.get(channel)?.count ?? 0) + 1;
      failures.set(channel, { count, closedUntilMs: count >= failuresMax ? nowMs + pauseMs : 0 });
    },
    refused: (where, nowMs) => {
      if (refusals.size >= entriesMax) refusals.clear();
      refusals.set(keyOf(where), nowMs + refusedPauseMs);
    },
  };
}

const keyOf = (where: { readonly channel: string; readonly merchantId: string }): string =>
  `${where.channel}/${where.merchantId}`;
