import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SimTask } from './sim-bench.ts';
import type { SeedVerdict } from './sim-worker.ts';

const workerFile = fileURLToPath(new URL('sim-worker.ts', import.meta.url));
/** Most objects of a world live shorter than a world: a wide nursery halves the collector's work. */
const workerFlags = ['--max-semi-space-size=64'];

/**
 * Runs tasks on so many processes. `next` gives the next task or undefined when there is none; `told` hears each
 * verdict. A worker whose world fell over is replaced, because what it left behind may disturb the next seed.
 */
export function runCrew(options: {
  readonly workers: number;
  readonly next: () => SimTask | undefined;
  readonly told: (verdict: SeedVerdict) => void;
}): Promise<void> {
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(workerFile, [], { execArgv: workerFlags });
      let isEnding = false;
      child.on('message', (message: SeedVerdict | 'ready') => {
        if (message !== 'ready') options.told(message);
        if (message !== 'ready' && message.broken !== undefined) {
          isEnding = true;
          end(child);
          one().then(resolve, reject);
          return;
        }
        const task = options.next();
        if (task !== undefined) return void child.send(task);
        isEnding = true;
        end(child);
        child.once('exit', () => resolve());
      });
      child.once('exit', (code) => {
        if (!isEnding) reject(new Error(`a worker ended by itself (${code})`));
      });
    });
  return Promise.all(Array.from({ length: options.workers }, one)).then(() => undefined);
}

const end = (child: ChildProcess): void => {
  if (child.connected) child.disconnect();
};
