import type { CloudDeps } from '#cloud/platform/deps.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import { noteTopPayers } from '#cloud/review/velocity-store.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

const idleMs = 600_000;

/** Looks once a day at whose money the takings of shops are; any number of nodes may try. */
export const startVelocityWorker = ({
  db,
  clock,
  operatorId,
  logger,
}: Pick<CloudDeps, 'db' | 'clock' | 'operatorId' | 'logger'>): WorkerLoop =>
  startWorkerLoop({
    name: 'velocity',
    idleMs,
    logger,
    scope: { type: 'operator', operatorId },
    step: async () => {
      const day = accountingDate(clock.nowMs());
      return (await db.transaction((tx) => noteTopPayers(tx, { operatorId, day }))) ? 1 : 0;
    },
  });
