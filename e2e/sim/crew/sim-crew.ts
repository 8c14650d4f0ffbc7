import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SimTask } from './sim-bench.ts';
import type { SeedVerdict } from './sim-worker.ts';

const workerFile = fileURLToPath(new URL('sim-worker.ts', import.meta.url));
/** Most objects of a world live shorter than a world: a wide nursery halves the collector's work. */
const workerFlags = ['--max-semi-space-size=64'];
/** What dead worlds leave behind goes with their process. */
const tasksPerWorkerMax = 500;
/** A world that never comes to an end. A seed takes about a second, on a busy machine some. */
const taskMsMax = 600_000;

interface Crew {
  readonly workers: number;
  readonly next: () => SimTask | undefined;
  readonly told: (verdict: SeedVerdict) => void;
}

/**
 * Runs tasks on so many processes. `next` gives the next task or undefined when there is none; `told` hears each
 * verdict. A worker whose world fell over is replaced, because what it left behind may disturb the next seed; one that
 * ends in the middle of a seed, or never ends it, has failed that seed.
 */
export async function runCrew(crew: Crew): Promise<void> {
  const member = async (): Promise<void> => {
    while (await workUntilReplaced(crew));
  };
  await Promise.all(Array.from({ length: crew.workers }, member));
}

/** One worker from its start to its end. True: another one is to take its place. */
function workUntilReplaced(crew: Crew): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = fork(workerFile, [], { execArgv: workerFlags });
    let task: SimTask | undefined;
    let patience: NodeJS.Timeout | undefined;
    let tasksCount = 0;
    let isOver = false;
    let isReady = false;
    const goOn = (): void => {
      task = tasksCount < tasksPerWorkerMax ? crew.next() : undefined;
      if (task === undefined) {
        isOver = tasksCount < tasksPerWorkerMax;
        return end(child);
      }
      tasksCount += 1;
      patience = setTimeout(() => child.kill('SIGKILL'), taskMsMax);
      child.send(task);
    };
    child.on('message', (message: SeedVerdict | 'ready') => {
      clearTimeout(patience);
      if (message === 'ready') {
        isReady = true;
        return goOn();
      }
      task = undefined;
      crew.told(message);
      if (message.broken === undefined) goOn();
      else end(child);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(patience);
      if (task) crew.told(fallenOver(task, `the worker ended by itself (${code ?? signal})`));
      if (isReady) resolve(!isOver);
      else reject(new Error(`a worker could not start (${code ?? signal})`));
    });
  });
}

const fallenOver = (task: SimTask, broken: string): SeedVerdict => ({
  task,
  violations: [],
  traceHash: '',
  salesCount: 0,
  broken,
});

const end = (child: ChildProcess): void => {
  if (child.connected) child.disconnect();
};
