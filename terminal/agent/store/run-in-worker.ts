import { Worker } from 'node:worker_threads';
import type { StoreTask, StoreTaskResult } from '#terminal/agent/store/store-tasks.ts';

/** The thread's program lies beside this one, as source beside source and as bundle beside bundle. */
const workerFile = import.meta.url.endsWith('.ts') ? 'store-worker.ts' : 'store-worker.mjs';

/** Does a task in a thread of its own. A thread that dies without a word is a failed task. */
export function runInWorker(task: StoreTask): Promise<StoreTaskResult> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL(workerFile, import.meta.url), { workerData: task });
    worker.once('message', (result: StoreTaskResult) => resolve(result));
    worker.once('error', (error) => resolve({ type: 'failed', detail: String(error) }));
    worker.once('exit', (code) => resolve({ type: 'failed', detail: `thread ended with ${code}` }));
  });
}
