import { watch, type FSWatcher } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { Aim, StrikerWord } from './striker.ts';

/**
 * Kills on a thread of its own, so that nothing else in the process delays the blow: it hears each
 * write to a file from the kernel, and strikes so many microseconds after the one it waits for.
 */
const port = parentPort;
if (port === null) throw new Error('it runs as a worker');
const tell = (word: StrikerWord): void => port.postMessage(word);

port.on('message', ({ id, aim }: { readonly id: number; readonly aim: Aim }) => {
  let writes = 0;
  let watcher: FSWatcher | undefined;
  const strike = (atWrite: boolean): void => {
    clearTimeout(timer);
    watcher?.close();
    const untilMs = performance.now() + (atWrite ? aim.thenMicros / 1_000 : 0);
    while (performance.now() < untilMs);
    for (const pid of aim.pids) kill(pid);
    tell({ id, type: 'struck', atWrite });
  };
  const timer = setTimeout(() => strike(false), aim.latestMs);
  if (aim.atWrite !== undefined) {
    const { file, number } = aim.atWrite;
    watcher = watch(file, () => {
      writes += 1;
      if (writes === number) strike(true);
    });
    // Without the file there is no write to wait for: the clock strikes.
    watcher.on('error', () => watcher?.close());
  }
  tell({ id, type: 'aimed' });
});

/** A process may have ended by itself. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
