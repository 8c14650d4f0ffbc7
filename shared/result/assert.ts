/** Throws when an invariant is broken; `describe` is only called then and must name the offending value. */
export function assert(condition: boolean, describe: () => string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${describe()}`);
}
