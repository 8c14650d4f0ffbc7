import { createHash } from 'node:crypto';

/** A number in [0, 1) for a name: draws do not depend on the order in which they are made. */
export type Draw = (name: string) => number;

export const createDraw =
  (seed: string): Draw =>
  (name) =>
    createHash('sha256').update(`${seed}/${name}`).digest().readUInt32BE() / 2 ** 32;
