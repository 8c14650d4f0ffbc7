import { Worker } from 'node:worker_threads';

/** Whom to kill -9, and when. */
export interface Aim {
  /** All at once, within microseconds. */
  readonly pids: readonly number[];
  /** At the `number`th write to `file` from now on; undefined: at `latestMs`. */
  readonly atWrite: { readonly file: string; readonly number: number } | undefined;
  /** So long after that write. */
  readonly thenMicros: number;
  /** When the write has not come by then, the blow falls all the same. */
  readonly latestMs: number;
}

export type StrikerWord =
  | { readonly id: number; readonly type: 'aimed' }
  | { readonly id: number; readonly type: 'struck'; readonly atWrite: boolean };

/** A blow that will fall. */
export interface Blow {
  /** Whether it fell at the write that it waited for. */
  readonly struck: Promise<{ readonly atWrite: boolean }>;
}

export interface Striker {
  /** Resolves when the file is watched: from then on writes count. */
  aim(aim: Aim): Promise<Blow>;
  close(): Promise<void>;
}

/** One thread strikes for any number of shops. */
export function openStriker(): Striker {
  const worker = new Worker(new URL('./striker-worker.ts', import.meta.url));
  const waiting = new Map<number, (word: StrikerWord) => void>();
  let ids = 0;
  worker.on('message', (word: StrikerWord) => waiting.get(word.id)?.(word));
  return {
    aim: (aim) =>
      new Promise((aimed, fail) => {
        const id = (ids += 1);
        worker.once('error', fail);
        const struck = new Promise<{ atWrite: boolean }>((resolve, reject) => {
          worker.once('error', reject);
          waiting.set(id, (word) => {
            if (word.type === 'aimed') return aimed({ struck });
            worker.off('error', fail).off('error', reject);
            waiting.delete(id);
            resolve({ atWrite: word.atWrite });
          });
        });
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
        worker.postMessage({ id, aim });
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}
