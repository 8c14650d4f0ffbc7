/** Milliseconds of a clock that only goes forward; for showing how long a calculation took. */
export const nowMs = (): number => performance.now();
