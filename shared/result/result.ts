/**
 * An expected outcome that may be a failure. Failures are values, so a caller cannot forget them;
 * throwing is left to broken invariants (see assert.ts).
 */
export type Result<T, E> = Ok<T> | Err<E>;

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Err<E> {
  readonly ok: false;
  readonly error: E;
}

export const ok = <T>(value: T): Ok<T> => ({ ok: true, value });

export const err = <E>(error: E): Err<E> => ({ ok: false, error });

/** Unwraps a result where a failure would be a broken invariant (start-up, fixtures). Throws otherwise. */
export function getOrThrow<T, E>(result: Result<T, E>): T {
  if (result.ok) return result.value;
  throw new Error(`expected a value, got the failure ${JSON.stringify(result.error)}`);
}
