import type { CloudDeps } from '#cloud/platform/deps.ts';
import { openSorts, type Metrics, type OpenSort } from '#cloud/platform/metrics.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import { isRaised, openAlarms, type OpenAlarm } from '#cloud/reconciliation/watch/open-alarms.ts';
import { readOpenFacts, type OpenFact } from '#cloud/reconciliation/watch/open-facts.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId' | 'metrics'>;

/** What is shown is so old at most, as long as the database answers. */
const measureEveryMs = 15_000;
const msPerSecond = 1_000;

/** Counts what waits; every node for itself, so that any of them can be asked. */
export const startOpenWatch = (deps: Deps & Pick<CloudDeps, 'logger'>): WorkerLoop =>
  startWorkerLoop({
    name: 'open-watch',
    idleMs: measureEveryMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: async () => {
      await measureOpen(deps);
      return 0;
    },
  });

/**
 * Shows what waits: greentill_undecided_charges and the other gauges of `openSorts`,
 * greentill_open_alarm. When the database does not answer, everything stays as it was with the time
 * of its count.
 */
export async function measureOpen({ db, clock, operatorId, metrics }: Deps): Promise<void> {
  const nowMs = clock.nowMs();
  const facts = await readOpenFacts(db, { operatorId, nowMs });
  for (const sort of Object.keys(openSorts) as readonly OpenSort[])
    showSort(metrics, sort, { facts: facts.filter((fact) => fact.sort === sort), nowMs });
  for (const [name, alarm] of Object.entries<OpenAlarm>(openAlarms))
    metrics.openAlarms.set({ name }, isRaised(alarm, facts, nowMs) ? 1 : 0);
  metrics.openMeasuredAt.set(nowMs / msPerSecond);
}

/** A series that is not there any more goes, in the same breath in which the others come. */
function showSort(
  metrics: Metrics,
  sort: OpenSort,
  { facts, nowMs }: { readonly facts: readonly OpenFact[]; readonly nowMs: number },
): void {
  const { count, ageSeconds } = metrics.open[sort];
  count.reset();
  ageSeconds.reset();
  for (const fact of facts) {
    const labels = labelsOf(fact);
    count.set(labels, fact.count);
    ageSeconds.set(labels, Math.max(0, nowMs - fact.oldestMs) / msPerSecond);
  }
}

function labelsOf({ sort, of, why }: OpenFact): Record<string, string> {
  const names: readonly string[] = openSorts[sort].labels;
  return Object.fromEntries(names.map((name) => [name, name === 'why' ? why : of]));
}
