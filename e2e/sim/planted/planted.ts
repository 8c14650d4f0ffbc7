import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { SimTillDeps } from '../till/till.ts';
import type { World } from '../world/virtual-world.ts';

/** A bug put between the parts, never into them, to prove that the oracles see it. */
export interface Planted {
  readonly name: string;
  readonly bendCloud?: (deps: CloudDeps, world: World) => CloudDeps;
  readonly bendTill?: (deps: SimTillDeps) => SimTillDeps;
  readonly bendChannel?: (fetch: typeof globalThis.fetch, world: World) => typeof globalThis.fetch;
}
