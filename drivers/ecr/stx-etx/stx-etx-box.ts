import { createBox, type BoxDeps, type BoxWithChores } from '#drivers/ecr/session/box-session.ts';
import type { BoxDialect } from '#drivers/ecr/session/box-dialect.ts';

/** A bank terminal on an STX/ETX/LRC line, e.g. with `createTransbankDialect` or `createBcd2Dialect`. */
export function createStxEtxBox(deps: BoxDeps, dialect: BoxDialect): BoxWithChores {
  return createBox(deps, dialect);
}
