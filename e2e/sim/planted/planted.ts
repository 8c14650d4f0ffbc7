import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { FaultPlan } from '../faults.ts';
import type { SimTillDeps } from '../till.ts';
import type { World } from '../virtual-world.ts';

/** A bug put between the parts, never into them, to prove that the oracles see it. */
export interface Planted {
  readonly name: string;
  readonly bendCloud?: (deps: CloudDeps, world: World) => CloudDeps;
  readonly bendTill?: (deps: SimTillDeps) => SimTillDeps;
  /** Of faults that have nothing to do with this bug there may be fewer, so that the first find is this bug. */
  readonly bendFaults?: (plan: FaultPlan) => FaultPlan;
  readonly bendChannel?: (fetch: typeof globalThis.fetch, world: World) => typeof globalThis.fetch;
}
