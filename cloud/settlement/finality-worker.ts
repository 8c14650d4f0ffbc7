import type { CloudDeps } from '#cloud/platform/deps.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import { runFinality, type FinalityOutcome } from '#cloud/settlement/finality.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId' | 'logger'>;

/** Holds end at any minute of the day; nobody waits for one to the minute. */
const idleMs = 60_000;

/** One request or step works through this many batches at most, each in a transaction of its own. */
export const finalityBatchesMax = 20;

export interface FinalityWork {
  /** Runs that did something, in their order. */
  readonly runs: readonly (FinalityOutcome & { readonly run: number })[];
  /** The limit was reached before all that was due was done. */
  readonly more: boolean;
}

/** Ends the hold of everything that is due as of a moment, batch by batch. */
export async function runFinalityBatches(
  deps: Pick<Deps, 'db' | 'operatorId'>,
  asOfMs: number,
): Promise<FinalityWork> {
  const { operatorId } = deps;
  const runs: FinalityWork['runs'][number][] = [];
  let more = true;
  for (let batch = 0; batch < finalityBatchesMax && more; batch += 1) {
    const outcome = await deps.db.transaction((tx) => runFinality(tx, { operatorId, asOfMs }));
    if (outcome.run !== undefined) runs.push({ ...outcome, run: outcome.run });
    more = outcome.more;
  }
  return { runs, more };
}

/** Ends holds without anybody asking; any number of nodes may run it. */
export const startFinalityWorker = (deps: Deps): WorkerLoop =>
  startWorkerLoop({
    name: 'finality',
    idleMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: async () => {
      const { runs, more } = await runFinalityBatches(deps, deps.clock.nowMs());
      const orderCount = runs.reduce((sum, run) => sum + run.orderCount, 0);
      if (orderCount > 0) deps.logger.info({ runs: runs.length, orderCount, more }, 'finality');
      return more ? orderCount : 0;
    },
  });
