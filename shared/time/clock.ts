/** The one source of time. Passed in everywhere, so that tests and the simulator own it. */
export interface Clock {
  /** Wall time: milliseconds since 1970-01-01T00:00:00Z; may jump. */
  nowMs(): number;
  /** Monotonic time in milliseconds from an arbitrary start; never jumps. Use it for durations and deadlines. */
  monotonicMs(): number;
}
