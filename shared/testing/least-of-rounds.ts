/** More rounds than these are no bad luck any more. */
const roundsMax = 3;

/**
 * The shortest of up to {@link roundsMax} measured rounds, milliseconds; the first within `limitMs`
 * ends it. Other work on the machine may hold up one round; what is slow by itself is slow in every
 * one.
 */
export async function leastOfRounds(deps: {
  readonly limitMs: number;
  /** Does it once, and answers how long it took. */
  readonly measure: () => Promise<number>;
  /** Puts everything back to where a round begins. */
  readonly restore: () => Promise<void>;
}): Promise<number> {
  let leastMs = await deps.measure();
  for (let round = 1; round < roundsMax && leastMs >= deps.limitMs; round += 1) {
    await deps.restore();
    leastMs = Math.min(leastMs, await deps.measure());
  }
  return leastMs;
}
