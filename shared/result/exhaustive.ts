/** Closes a switch over a union: a new member fails to compile here, and a bad value at run time throws. */
export function exhaustive(value: never): never {
  throw new Error(`unexpected union member ${JSON.stringify(value)}`);
}
